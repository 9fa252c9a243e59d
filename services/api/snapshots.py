"""Opens a download: one moment of the views, checked against the position table, as the blocks of a file."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

from outdial.campaign.positions import Position, Verdict, allowed, cell, verdict
from outdial.files.download import FORMATS, DownloadAbout, DownloadOptions, file_name, record_columns
from outdial.views.database import Row
from outdial.views.download import CampaignUnknown, Snapshot, open_snapshot
from services.api.allowance import HTTP_NAMES
from services.api.connections import AWAY
from services.api.ports import DownloadFile, DownloadOrder
from services.api.problems import Problem

Batches = Iterator[list[list[str | int | None]]]


class Snapshots:
    """`stopped_allows` is the deployment's setting of the position table."""

    def __init__(self, dsn: str, stopped_allows: frozenset[str]) -> None:
        self._dsn, self._stopped_allows = dsn, stopped_allows

    async def open(self, order: DownloadOrder) -> DownloadFile:
        """Fix the rows. Problem `campaign-unknown`, `position-does-not-allow`, `database-unavailable`."""
        return await asyncio.to_thread(self._open, order)

    def _open(self, order: DownloadOrder) -> DownloadFile:
        try:
            snapshot = open_snapshot(self._dsn, order.campaign, order.filters)
        except CampaignUnknown as error:
            raise Problem("campaign-unknown", campaign=order.campaign) from error
        except AWAY as error:
            raise Problem("database-unavailable") from error
        try:
            self._check(Position(snapshot.campaign["position"]))
        except Problem:
            _end(snapshot)
            raise
        return _file(order, snapshot)

    def _check(self, position: Position) -> None:
        """The position of the snapshot decides; a Start that comes later does not break the download."""
        if verdict("Download", position, self._stopped_allows) is Verdict.NO:
            names = [HTTP_NAMES[name] for name in allowed(position, self._stopped_allows)]
            text = cell("Download", position, self._stopped_allows).text or ""
            raise Problem("position-does-not-allow", text, position=str(position), allowed=names)


def _file(order: DownloadOrder, snapshot: Snapshot) -> DownloadFile:
    campaign, settings = snapshot.campaign, snapshot.campaign["settings"]
    extra = settings["columns"]
    about = DownloadAbout(
        campaign=order.campaign,
        log_position=f"{order.campaign}@{campaign['sequence']}",
        filters=order.shown_filters,
        generated_at_us=time.time_ns() // 1000,
        time_zone=settings["time_zone"],
        rows=snapshot.rows,
    )
    form = FORMATS[order.format]
    options = DownloadOptions(order.bom, order.exact)
    blocks = form.write(record_columns(extra), about, _batches(snapshot, extra), options)
    return DownloadFile(
        file_name(about, form.extension), form.media_type, about.log_position, about.rows, blocks
    )


def _batches(snapshot: Snapshot, extra: Sequence[str]) -> Batches:
    """The rows as the columns of a download want them; the order is that of `record_columns`."""
    cells = [*_FIRST, *(_extra(name) for name in extra), *_STATE]
    for batch in snapshot.batches:
        yield [[cell_of(row) for cell_of in cells] for row in batch]


def _end(snapshot: Snapshot) -> None:
    """Close a snapshot that nobody reads: its transaction ends with its iteration."""
    for _ in snapshot.batches:
        break
    close = getattr(snapshot.batches, "close", None)
    if close is not None:
        close()


Cell = Callable[[Row], str | int | None]


def _plain(name: str) -> Cell:
    return lambda row: row[name]


def _instant(name: str) -> Cell:
    return lambda row: row[name] or None


def _extra(name: str) -> Cell:
    return lambda row: row["extra"].get(name, "")


_FIRST: tuple[Cell, ...] = (
    _plain("record"),
    _plain("phone"),
    _plain("name"),
    _plain("priority"),
    _instant("expires_us"),
    _plain("agent"),
    _plain("skill"),
)
_STATE: tuple[Cell, ...] = (
    _plain("status"),
    _plain("reason"),
    _plain("disposition"),
    _plain("last_agent"),
    _plain("attempts"),
    _instant("last_attempt_us"),
    _instant("next_attempt_us"),
    _plain("pass_number"),
    _plain("upload_id"),
    _instant("created_us"),
    _instant("updated_us"),
)
