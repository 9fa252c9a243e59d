"""What every verb shares: its options, how it says things, how it asks, how it ends."""

import argparse
import json
import signal
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from outdial.client.cli.failing import Failed, Refused
from outdial.client.cli.remote import Remote
from outdial.client.cli.target import target
from outdial.runtime.exits import Exit

PIPED_WIDTH: Final = 240  # a table that is not read on a terminal is never cut to its width


@dataclass(frozen=True, slots=True)
class Work:
    """One running verb: what was asked, the API, and where to say things."""

    asked: argparse.Namespace
    remote: Remote
    out: Console
    err: Console

    def tell(self, answer: Mapping[str, Any], text: str) -> None:
        """Say the outcome: one JSON document for programs, one line for people."""
        if self.asked.json:
            self.document(answer)
        else:
            self.say(text)

    def say(self, text: str) -> None:
        """Write one text for people."""
        self.out.print(Text(harmless(text)))

    def document(self, value: Any) -> None:
        """Write one JSON document."""
        sys.stdout.write(
            json.dumps(value, ensure_ascii=False, indent=None if self.asked.json_lines else 1) + "\n"
        )

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Write a table; what comes from files is never read as markup."""
        shown = Table(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            shown.add_column(name.removesuffix("#"), justify="right" if name.endswith("#") else "left")
        for row in rows:
            shown.add_row(*(Text("" if cell is None else harmless(str(cell))) for cell in row))
        self.out.print(shown)

    def note(self, text: str) -> None:
        """Say something beside the result, on standard error."""
        self.err.print(Text(harmless(text)))

    def confirm(self, question: str) -> None:
        """Ask before something that people may regret. Raises Failed when nobody agrees or can be asked."""
        if self.asked.yes:
            return
        if not sys.stdin.isatty():
            raise Failed(Exit.USAGE, f"{question}\nWhat to do: without a terminal, --yes says yes")
        self.err.print(Text(f"{question} [y/N] "), end="")
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise Failed(Exit.USAGE, "nothing was done")


def harmless(text: str) -> str:
    """A text without control characters: a name in a file must not be able to steer the terminal."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) != "Cc" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def parser(verb: str, about: str, campaign: bool = True) -> argparse.ArgumentParser:
    """A parser with the options of every verb."""
    made = argparse.ArgumentParser(f"outdial {verb}", description=about)
    if campaign:
        made.add_argument("campaign", metavar="CAMPAIGN", help="the campaign's id")
    common(made)
    return made


def common(made: argparse.ArgumentParser) -> None:
    """The options that every verb takes."""
    made.add_argument("--url", help="address of the API (OUTDIAL_URL; else the running `outdial up`)")
    made.add_argument("--token", help="bearer token (OUTDIAL_TOKEN, OUTDIAL_TOKEN_FILE)")
    made.add_argument("--json", action="store_true", help="write JSON for programs")
    made.set_defaults(yes=True, json_lines=False, key=None)


def command_options(made: argparse.ArgumentParser, asks: bool) -> None:
    """The options of verbs that change something; those that ask take --yes."""
    made.add_argument("--dry-run", action="store_true", help="say what would happen; change nothing")
    made.add_argument("--key", help="idempotency key: the same key is carried out once")
    if asks:
        made.add_argument("--yes", "-y", action="store_true", help="do not ask")
        made.set_defaults(yes=False)


def run(made: argparse.ArgumentParser, argv: list[str], action: Callable[[Work], int]) -> int:
    """Parse, do, and end with an exit code of the contract; what failed is said on standard error."""
    try:
        asked = made.parse_args(argv)
    except SystemExit as usage:
        return int(usage.code or 0)
    return guarded(asked, action)


def guarded(asked: argparse.Namespace, action: Callable[[Work], int]) -> int:
    """Do what was parsed."""
    err = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        with Remote(target(asked.url, asked.token)) as remote:
            return action(Work(asked, remote, _out(), err))
    except Failed as failure:
        if asked.json and isinstance(failure, Refused):
            sys.stdout.write(json.dumps(dict(failure.problem), ensure_ascii=False) + "\n")
        err.print(Text(harmless(f"outdial: {failure}"), style="red"))
        return failure.code
    except KeyboardInterrupt:
        err.print("outdial: interrupted")
        return 128 + signal.SIGINT
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody to tell
        return Exit.OK


def _out() -> Console:
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=PIPED_WIDTH)
