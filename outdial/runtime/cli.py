"""The command `outdial`: finds the verb and hands over to its room; imports no service."""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from outdial.runtime import settings as settings_module
from outdial.runtime.exits import Exit

SERVED: Final = ("command", "dialer", "projection", "api", "simulator")
# verbs that run as modules of rooms this one must not import
MODULES: Final[Mapping[str, str]] = {
    "up": "deploy.local.up",
    "doctor": "deploy.local.doctor",
    "run": "deploy.local.run",
    "views": "services.projection.views",
    "log": "outdial.audit.cli",
}


def main() -> None:
    """Entry point; ends the process with an exit code of the contract."""
    sys.exit(dispatch(sys.argv[1:]))


def dispatch(arguments: Sequence[str]) -> int:
    """Run one verb, return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return Exit.OK if arguments else Exit.USAGE
    verb, rest = arguments[0], list(arguments[1:])
    if verb in MODULES:
        return _become([sys.executable, "-m", MODULES[verb], *rest])
    if verb in OWN:
        return OWN[verb](rest)
    return _client_verb(verb, rest)


def usage() -> str:
    """All verbs."""
    client = importlib.import_module("outdial.client.cli").verbs
    return (
        "outdial VERB …\n"
        f"  on this machine: {', '.join(MODULES)}, serve {'|'.join(SERVED)}, config check|show, topics apply|check\n"
        f"  against a running Outdial: {', '.join(client)}\n"
        "  outdial VERB --help says more\n"
    )


def _client_verb(verb: str, rest: list[str]) -> int:
    verbs: Mapping[str, str] = importlib.import_module("outdial.client.cli").verbs
    if verb not in verbs:
        sys.stderr.write(f"outdial: there is no verb {verb!r}\n{usage()}")
        return Exit.USAGE
    module, _, function = verbs[verb].partition(":")
    run: Callable[[list[str]], int] = getattr(importlib.import_module(module), function)
    return run(rest)


def _serve(rest: list[str]) -> int:
    parser = argparse.ArgumentParser("outdial serve", description="Run one service (containers).")
    parser.add_argument("service", choices=SERVED)
    asked = parser.parse_args(rest)
    try:
        settings = settings_module.load()
        settings_module.require(settings, "kafka", "database", "telephony")
    except settings_module.SettingsInvalid as error:
        sys.stderr.write("outdial serve cannot start:\n  " + "\n  ".join(error.lines) + "\n")
        return Exit.USAGE
    return _become([sys.executable, "-m", f"services.{asked.service}"])


def _config(rest: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "outdial config", description="Check or show the settings; secrets masked."
    )
    parser.add_argument("what", choices=("check", "show"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(rest)
    try:
        settings = settings_module.load()
    except settings_module.SettingsInvalid as error:
        sys.stderr.write("\n".join(error.lines) + "\n")
        return Exit.USAGE
    if asked.what == "show":
        values = settings_module.shown(settings)
        text = (
            json.dumps(values, indent=1) if asked.json else "\n".join(f"{k}={v}" for k, v in values.items())
        )
        sys.stdout.write(text + "\n")
    return Exit.OK


def _topics(rest: list[str]) -> int:
    return _become([sys.executable, "-m", "outdial.client.topics", *rest])


def _become(arguments: list[str]) -> int:
    """Replace this process, so that signals and exit code are the other's own."""
    os.execv(arguments[0], arguments)  # noqa: S606  # a fixed list


OWN: Final[Mapping[str, Callable[[list[str]], int]]] = {"serve": _serve, "config": _config, "topics": _topics}

if __name__ == "__main__":
    main()
