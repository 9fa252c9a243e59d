"""`outdial views rebuild|list|back|drop`: the view versions, for operators."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from typing import Final

import psycopg

from outdial.client.connecting import kafka_config
from outdial.client.replaying import tenths
from outdial.eventlog.ports import IntegrityError, LogUnavailable
from outdial.runtime import logs
from outdial.runtime.exits import Exit
from outdial.runtime.settings import Settings, SettingsInvalid, load, require
from outdial.views import versions
from outdial.views.versions import VersionUnknown
from services.projection.rebuild import EventRefused, rebuild

VERBS: Final = ("rebuild", "list", "back", "drop")


def main(arguments: list[str]) -> int:
    """Exit code: 0 done, 1 the log cannot be folded, 2 arguments or settings, 3 log or database unreachable."""
    parser = argparse.ArgumentParser(
        "outdial views", description="Rebuild the record views from the log, or go back to a kept version."
    )
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("number", nargs="?", type=int, help="of the version, for back and drop")
    asked = parser.parse_args(arguments)
    if asked.verb in ("back", "drop") and asked.number is None:
        parser.error(f"{asked.verb} needs the number of a version")
    try:
        settings = load()
        require(settings, "kafka", "database")
    except SettingsInvalid as error:
        return _say("\n".join(error.lines), Exit.USAGE)
    logs.set_up("views", settings.log_level, settings.log_format)
    return _answer(settings, asked.verb, asked.number)


def _answer(settings: Settings, verb: str, number: int | None) -> int:
    try:
        sys.stdout.write(asyncio.run(_do(settings, verb, number or 0)) + "\n")
    except VersionUnknown as error:
        return _say(str(error), Exit.USAGE)
    except (EventRefused, IntegrityError) as error:
        return _say(f"the views were not changed: {error}", Exit.FINDINGS)
    except (LogUnavailable, psycopg.OperationalError, TimeoutError) as error:
        return _say(f"the views were not changed: {error}", Exit.INFRASTRUCTURE)
    return Exit.OK


async def _do(settings: Settings, verb: str, number: int) -> str:
    dsn = settings.database.get_secret_value()
    match verb:
        case "rebuild":
            version = await rebuild(kafka_config(settings), dsn, tenths(sys.stderr.write))
            return f"view version {version.number} is current"
        case "back":
            await versions.switch(dsn, number, back=True)
            return f"view version {number} is current; the projection brings it up to date"
        case "drop":
            await versions.drop(dsn, number)
            return f"view version {number} is gone"
        case _:
            return "\n".join(map(_shown, await versions.listed(dsn))) or "there is no view version yet"


def _shown(version: versions.Version) -> str:
    made = datetime.fromtimestamp(version.made_us / 1_000_000, UTC)
    return f"{version.number}  {version.state:<8} made {made:%Y-%m-%d %H:%M:%S}Z  layout {version.layout}"


def _say(text: str, code: Exit) -> int:
    sys.stderr.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
