"""Which functions a campaign's position allows now, by the names of the routes; from the one table."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from outdial.campaign.positions import Position, cell

T = TypeVar("T")
HTTP_NAMES: Final[Mapping[str, str]] = {
    "StartCampaign": "start",
    "StopCampaign": "stop",
    "ResetCampaign": "reset",
    "DeleteRecords": "delete-records",
    "Download": "download",
    "AddData": "add-data",
    "ForceComplete": "force-complete",
    "ChangeSettings": "change-settings",
    "UndoCommand": "undo",
    "WithdrawUpload": "withdraw-upload",
    "RecordDisposition": "disposition",
}


def allowed_map(position: str, stopped_allows: frozenset[str]) -> dict[str, Any]:
    """Per function whether it is allowed; if not, or if it changes nothing, code and text for people."""
    cells = {name: cell(name, Position(position), stopped_allows) for name in HTTP_NAMES}
    return by_http_name(
        {name: {"allowed": one.allowed, "code": one.code, "text": one.text} for name, one in cells.items()}
    )


def by_http_name(rows: Mapping[str, T]) -> dict[str, T]:
    """Rows of the position table under the names of the routes; facts of the dialler are left out."""
    return {HTTP_NAMES[name]: row for name, row in rows.items() if name in HTTP_NAMES}
