"""Command-line verbs against a running Outdial, by name; a verb's module is imported when it is used."""

from collections.abc import Mapping
from typing import Final

_HERE: Final = "outdial.client.cli"
verbs: Final[Mapping[str, str]] = {
    "campaigns": f"{_HERE}.campaigns:campaigns",
    "start": f"{_HERE}.functions:start",
    "stop": f"{_HERE}.functions:stop",
    "reset": f"{_HERE}.selecting:reset",
    "delete-records": f"{_HERE}.selecting:delete_records",
    "force-complete": f"{_HERE}.functions:force_complete",
    "undo": f"{_HERE}.functions:undo",
    "upload": f"{_HERE}.uploading:upload",
    "download": f"{_HERE}.downloading:download",
    "records": f"{_HERE}.reading:records",
    "history": f"{_HERE}.reading:history",
    "why": f"{_HERE}.reading:why",
    "do-not-call": f"{_HERE}.listing:do_not_call",
    "watch": f"{_HERE}.watching:watch",
}
