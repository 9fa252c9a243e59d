"""Which records may be dialled now, and which never again. Vectorised over the whole book."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from outdial.campaign.book import AWAITING, OPEN, Mask, RecordBook, Rows
from outdial.campaign.state import CampaignState
from outdial.campaign.vocabulary import EXPIRED, LIFETIME_CAP

IntRows = npt.NDArray[np.int64]
_HIGHEST_PRIORITY: Final = 99


def is_expired(book: RecordBook, rows: Rows, now_us: int) -> Mask:
    """Per row: its last instant to be dialled has passed."""
    expires = book.expires_us[rows]
    found: Mask = (expires != 0) & (expires < now_us)
    return found


def is_capped(state: CampaignState, rows: Rows) -> Mask:
    """Per row: it had as many attempts as a record may have for life."""
    most = state.required_settings.max_attempts
    lifetime = state.book.lifetime[rows]
    return lifetime >= most if most else np.zeros(len(lifetime), np.bool_)


def due(
    state: CampaignState, now_us: int, limit: int, is_open: Callable[[str], bool] | None = None
) -> list[int]:
    """Numbers of at most `limit` records that may be dialled now: priority high to low, then due, then number.

    `is_open` says of an IANA zone whether it may be called now; None = every zone. The position is not looked at.
    """
    book = state.book
    everything = slice(0, book.size)
    mask = book.active() & (book.column("due_us") <= now_us)
    mask &= ~is_expired(book, everything, now_us) & ~is_capped(state, everything)
    if is_open is not None:
        mask &= _open_zones(state, is_open)[book.column("zone")]
    return _first(book, np.flatnonzero(mask), limit)


def next_due_us(state: CampaignState, now_us: int) -> int | None:
    """The earliest instant after now at which an active record is due; None when there is none."""
    later = state.book.column("due_us")[state.book.active()]
    later = later[later > now_us]
    return int(later.min()) if len(later) else None


def excludable(state: CampaignState, now_us: int, limit: int) -> tuple[list[int], list[str]]:
    """At most `limit` active records that can never be dialled again, and why: what ExcludeRecords takes."""
    active = np.flatnonzero(state.book.active())
    expired = is_expired(state.book, active, now_us)
    chosen = np.flatnonzero(expired | is_capped(state, active))[:limit]
    reasons = [EXPIRED if expired[place] else LIFETIME_CAP for place in chosen.tolist()]
    return active[chosen].tolist(), reasons


def awaiting(state: CampaignState, ended_before_us: int) -> list[tuple[int, int]]:
    """(record, n) of answered attempts that wait for a disposition and ended before that instant."""
    book = state.book
    rows = np.flatnonzero(book.flagged(AWAITING) & (book.column("last_attempt_us") < ended_before_us))
    return list(zip(rows.tolist(), book.claims[rows].tolist(), strict=True))


def open_attempts(state: CampaignState) -> list[tuple[int, int, int]]:
    """(record, n, originate_before_us) of every claim whose end is not known."""
    book = state.book
    rows = np.flatnonzero(book.column("flags") & OPEN).tolist()
    return [(row, int(book.claims[row]), book.originate_before_us[row]) for row in rows]


def _open_zones(state: CampaignState, is_open: Callable[[str], bool]) -> Mask:
    names = ["" if not code else state.book.zones[code] for code in range(len(state.book.zones))]
    return np.array([is_open(name or state.required_settings.time_zone) for name in names])


def _first(book: RecordBook, rows: IntRows, limit: int) -> list[int]:
    """The first `limit` of the rows in dialling order without sorting all of them."""
    if len(rows) > limit:
        counts = np.bincount(book.priority[rows], minlength=_HIGHEST_PRIORITY + 1)
        at_least = np.cumsum(counts[::-1])[::-1]
        lowest = int(np.max(np.flatnonzero(at_least >= limit)))
        rows = np.concatenate([rows[book.priority[rows] > lowest], _earliest(book, rows, lowest, limit)])
    order = np.lexsort((rows, book.due_us[rows], -book.priority[rows].astype(np.int16)))
    found: list[int] = rows[order[:limit]].tolist()
    return found


def _earliest(book: RecordBook, rows: IntRows, priority: int, limit: int) -> IntRows:
    rows = rows[book.priority[rows] == priority]
    if len(rows) <= limit:
        return rows
    due_us = book.due_us[rows]
    last = np.partition(due_us, limit - 1)[limit - 1]
    return np.concatenate([rows[due_us < last], rows[due_us == last][:limit]])
