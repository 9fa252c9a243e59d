"""How a verb ends when it cannot do what was asked: an exit code, and a text that says what to do."""

from collections.abc import Mapping
from typing import Any, Final

from outdial.messages import schemas
from outdial.runtime.exits import Exit


class Failed(Exception):
    """Ends the verb with `code`; the text is for people."""

    def __init__(self, code: Exit, text: str) -> None:
        super().__init__(text)
        self.code = code


class Refused(Failed):
    """The API answered with a problem document, which `problem` holds whole."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        super().__init__(_exit(status, self.reason), _text(status, problem))

    @property
    def reason(self) -> str:
        """The code of errors.yaml; empty when something else than the API answered."""
        return str(self.problem.get("code", ""))


_EXITS: Final = {"unauthenticated": Exit.USAGE, "outcome-unknown": Exit.UNKNOWN}


def _exit(status: int, code: str) -> Exit:
    return _EXITS.get(code, Exit.INFRASTRUCTURE if status >= 500 or status < 400 else Exit.REJECTED)


def _text(status: int, problem: Mapping[str, Any]) -> str:
    code = str(problem.get("code", ""))
    entry = schemas.data("errors")["errors"].get(code)
    if entry is None:
        return str(problem.get("detail") or problem.get("title") or f"the server answered {status}")
    detail = str(problem.get("detail") or entry["means"])
    lines = [f"{code}: {detail}"]
    lines += [
        f"  {error.get('pointer', '')} {error.get('detail', '')}".rstrip() for error in _errors(problem)
    ]
    if entry["do"].lower() not in detail.lower():
        lines.append(f"What to do: {_HERE.get(code, entry['do'])}")
    return "\n".join(lines)


def _errors(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = problem.get("errors")
    return [error for error in found if isinstance(error, Mapping)] if isinstance(found, list) else []


# What the catalogue says to programs, said to a person at a terminal.
_HERE: Final = {
    "unauthenticated": "give a token with --token, OUTDIAL_TOKEN or OUTDIAL_TOKEN_FILE",
    "campaign-unknown": "`outdial campaigns list` shows the ids",
    "position-does-not-allow": "`outdial campaigns show CAMPAIGN` says what is allowed now",
    "upload-unknown": "look at the uploads of the campaign in the console",
    "record-unknown": "`outdial records CAMPAIGN` lists the records",
}
