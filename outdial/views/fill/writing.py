"""Writes what a campaign has in memory to the tables, by COPY of whole columns."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from psycopg import AsyncConnection

from outdial.views.database import Row
from outdial.views.fill.copying import NULL, Column, Numbers, json_field, pieces, same, text_fields
from outdial.views.fill.held import Held
from outdial.views.fill.sets import PREVIOUS
from outdial.views.tallies import Group, add_counts

Db = AsyncConnection[Row]
Columns = Mapping[str, Column | Numbers]
ROWS: Final = 50_000  # of one COPY
_STATE_NUMBERS: Final = (
    *("attempts", "claims", "pass_number", "claim_pass", "last_attempt_us", "next_attempt_us", "updated_us"),
    *("is_open", "is_awaiting"),
)
_STATE_TEXTS: Final = ("status", "reason", "disposition", "last_agent")
_TEXTS_BEFORE: Final = tuple(PREVIOUS[name] for name in ("status", "reason", "disposition"))
_NUMBERS_BEFORE: Final = tuple(previous for previous in PREVIOUS.values() if previous not in _TEXTS_BEFORE)
_ATTEMPT_NUMBERS: Final = (
    *("record", "attempt", "pass_number", "claimed_us", "originate_before_us"),
    *("ring_us", "answer_us", "connect_us", "hangup_us", "cause", "sip_code"),
)
_ATTEMPT_TEXTS: Final = ("outcome", "agent", "caller_id", "zone")


async def write_states(db: Db, held: Held) -> None:
    """All states of the campaign, in the order of the records."""
    there = held.states.there()
    fields = text_fields(held.texts.listed())
    for first in range(0, len(there), ROWS):
        numbers = there[first : first + ROWS]
        columns = _states(held.campaign, numbers, held.states.rows[numbers], fields)
        await _copy(db, "record_states", columns, len(numbers))


async def write_attempts(db: Db, held: Held, count: int) -> None:
    """The oldest attempts that are held, which are let go of."""
    attempts, fields = held.attempts, text_fields(held.texts.listed())
    for first in range(0, count, ROWS):
        rows = attempts.rows[first : min(first + ROWS, count)]
        there = np.flatnonzero(~rows["is_gone"])
        said = (
            [attempts.said.get(place) for place in (attempts.first + first + there).tolist()]
            if attempts.said
            else []
        )
        columns = _attempts(held.campaign, rows[there], fields, said)
        await _copy(db, "attempts", columns, len(there))
    attempts.forget(count)


async def write_counts(db: Db, held: Held) -> None:
    """Visible records and their claims by what people count."""
    rows, is_visible = held.states.rows, await _committed(db, held)
    is_visible &= rows["is_there"] & (rows["deleted_by"] == 0)
    seen = rows[is_visible]
    names = ("status", "reason", "is_open", "is_awaiting")
    width = len(held.texts.listed())
    keys = (
        (seen["status"].astype(np.int64) * width + seen["reason"]) * 4
        + seen["is_open"] * 2
        + seen["is_awaiting"]
    )
    _, firsts, which, totals = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    claims = np.zeros(len(firsts), np.int64)
    np.add.at(claims, which, seen["claims"])
    texts = held.texts.listed()
    groups: dict[Group, tuple[int, int]] = {}
    for first, total, claimed in zip(firsts.tolist(), totals.tolist(), claims.tolist(), strict=True):
        status, reason, is_open, is_awaiting = (seen[name][first].item() for name in names)
        group = (held.campaign, texts[status], texts[reason], is_open, is_awaiting)
        groups[group] = (total, claimed)
    await add_counts(db, groups)


async def _committed(db: Db, held: Held) -> NDArray[np.bool_]:
    found = await db.execute(
        "SELECT first_record, numbers FROM uploads WHERE campaign = %s AND is_committed", [held.campaign]
    )
    mask = np.zeros(len(held.states.rows), np.bool_)
    for row in await found.fetchall():
        mask[row["first_record"] : row["first_record"] + row["numbers"]] = True
    return mask


def _states(campaign: str, numbers: NDArray[Any], rows: NDArray[Any], fields: Sequence[bytes]) -> Columns:
    columns: dict[str, Column | Numbers] = {
        "campaign": same(campaign, len(rows)),
        "record": Numbers(numbers.astype(np.int32)),
        **{name: Numbers(rows[name]) for name in _STATE_NUMBERS},
        **{name: Column(rows[name], fields) for name in _STATE_TEXTS},
    }
    if rows["deleted_by"].any():
        columns["deleted_by"] = Column(rows["deleted_by"], [NULL, *fields])
    if rows["has_previous"].any():
        none = ~rows["has_previous"]
        for name in _TEXTS_BEFORE:
            columns[name] = Column(np.where(none, 0, rows[name] + 1), [NULL, *fields])
        columns |= {name: Numbers(rows[name], none) for name in _NUMBERS_BEFORE}
    return columns


def _attempts(
    campaign: str, rows: NDArray[Any], fields: Sequence[bytes], said: Sequence[list[dict[str, Any]] | None]
) -> Columns:
    spoken = [place for place, one in enumerate(said) if one]
    codes = np.zeros(len(rows), np.int64)
    codes[spoken] = np.arange(1, len(spoken) + 1)
    texts = ["[]", *(json.dumps(said[place], ensure_ascii=False) for place in spoken)]
    return {
        "campaign": same(campaign, len(rows)),
        **{name: Numbers(rows[name]) for name in _ATTEMPT_NUMBERS},
        **{name: Column(rows[name], fields) for name in _ATTEMPT_TEXTS},
        "dispositions": Column(codes, [json_field(text) for text in texts]),
    }


async def _copy(db: Db, table: str, columns: Columns, count: int) -> None:
    if not count:
        return
    into = f"{table} ({', '.join(columns)})"
    async with db.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copying:
        for piece in pieces(list(columns.values()), count):
            await copying.write(piece)
