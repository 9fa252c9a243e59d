"""Opens a download: one moment of the views, checked against the position table, as the blocks of a file."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self

from outdial.campaign.positions import Position, Verdict, allowed, cell, verdict
from outdial.files.download import (
    COPY_FORM,
    FORMATS,
    DownloadAbout,
    DownloadOptions,
    csv_select,
    file_name,
    record_columns,
    write_copied,
)
from outdial.views.database import Row
from outdial.views.download import (
    CELLS,
    CampaignUnknown,
    Snapshot,
    ZoneUnknown,
    extra_cell,
    open_copy,
    open_rows,
)
from services.api.allowance import HTTP_NAMES
from services.api.connections import AWAY
from services.api.ports import DownloadFile, DownloadOrder
from services.api.problems import Problem


class Snapshots:
    """`stopped_allows` is the deployment's setting of the position table."""

    def __init__(self, dsn: str, stopped_allows: frozenset[str]) -> None:
        self._dsn, self._stopped_allows = dsn, stopped_allows

    async def open(self, order: DownloadOrder) -> DownloadFile:
        """Fix the rows. Problem `campaign-unknown`, `position-does-not-allow`, `database-unavailable`."""
        return await asyncio.to_thread(self._open, order)

    def _open(self, order: DownloadOrder) -> DownloadFile:
        try:
            snapshot, write = self._snapshot(order)
        except CampaignUnknown as error:
            raise Problem("campaign-unknown", campaign=order.campaign) from error
        except AWAY as error:
            raise Problem("database-unavailable") from error
        try:
            self._check(Position(snapshot.campaign["position"]))
        except Problem:
            snapshot.batches.close()
            raise
        return _file(order, snapshot, write)

    def _snapshot(self, order: DownloadOrder) -> tuple[Snapshot[Any], Callable[..., Iterator[bytes]]]:
        """The rows with what writes them: CSV as the database formats it, where it knows the time zone."""
        if order.format == "csv":
            with suppress(ZoneUnknown):
                text = partial(_csv, _options(order))
                return open_copy(self._dsn, order.campaign, order.filters, text, COPY_FORM), write_copied
        write = FORMATS[order.format].write
        return open_rows(self._dsn, order.campaign, order.filters, _values), write

    def _check(self, position: Position) -> None:
        """The position of the snapshot decides; a Start that comes later does not break the download."""
        if verdict("Download", position, self._stopped_allows) is Verdict.NO:
            names = [HTTP_NAMES[name] for name in allowed(position, self._stopped_allows)]
            text = cell("Download", position, self._stopped_allows).text or ""
            raise Problem("position-does-not-allow", text, position=str(position), allowed=names)


def _file(
    order: DownloadOrder, snapshot: Snapshot[Any], write: Callable[..., Iterator[bytes]]
) -> DownloadFile:
    campaign, settings = snapshot.campaign, snapshot.campaign["settings"]
    about = DownloadAbout(
        campaign=order.campaign,
        log_position=f"{order.campaign}@{campaign['sequence']}",
        filters=order.shown_filters,
        generated_at_us=time.time_ns() // 1000,
        time_zone=settings["time_zone"],
        rows=snapshot.rows,
    )
    form = FORMATS[order.format]
    made = write(record_columns(settings["columns"]), about, snapshot.batches, _options(order))
    return DownloadFile(
        file_name(about, form.extension),
        form.media_type,
        about.log_position,
        about.rows,
        _Blocks(made, snapshot.batches.close),
    )


def _options(order: DownloadOrder) -> DownloadOptions:
    return DownloadOptions(order.bom, order.exact)


def _cells(extra: Sequence[str]) -> dict[str, str]:
    """The SQL of each column; a column of the contract never stands for one of the campaign's own."""
    return {**{name: extra_cell(name) for name in extra}, **CELLS}


def _csv(options: DownloadOptions, campaign: Row) -> str:
    settings = campaign["settings"]
    columns = record_columns(settings["columns"])
    return csv_select(columns, _cells(settings["columns"]), settings["time_zone"], options)


def _values(campaign: Row) -> str:
    """The columns as the writers take them, in the order of `record_columns`."""
    extra = campaign["settings"]["columns"]
    cells = _cells(extra)
    columns = record_columns(extra)
    return ", ".join(
        f"nullif({cells[one.name]}, 0)" if one.kind == "instant" else cells[one.name] for one in columns
    )


class _Blocks:
    """The blocks of a file; the query behind them ends with them, however they end."""

    def __init__(self, blocks: Iterator[bytes], end: Callable[[], None]) -> None:
        self._blocks, self._end = blocks, end

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._blocks)
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """Nobody wants the rest."""
        self._end()
