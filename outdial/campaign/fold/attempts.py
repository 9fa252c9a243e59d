"""Folds attempts: claimed, ended, corrected, withdrawn, and their dispositions.

The status, reason and next attempt in an event are those of the record afterwards, also where nothing changes.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap64

from outdial.campaign.book import (
    AWAITING,
    CLOSING,
    DISPOSED,
    OPEN,
    RecordBook,
    attempt_key,
    attempt_keys,
)
from outdial.campaign.columns import column
from outdial.campaign.events import (
    AttemptsClaimed,
    AttemptsCorrected,
    AttemptsEnded,
    AttemptsWithdrawn,
    DispositionRecorded,
)
from outdial.campaign.fold.checks import rows_of
from outdial.campaign.fold.records import touched
from outdial.campaign.state import BlockRef, CampaignState
from outdial.campaign.vocabulary import ANSWERED, PENDING, REASON_CODE, STATUS_CODE, UNCOUNTED, UNKNOWN

IntRows = npt.NDArray[np.int64]
_ANSWERED: Final = REASON_CODE[ANSWERED]
_MAX_SMALL: Final = np.iinfo(np.uint8).max
_MAX_COUNT: Final = np.iinfo(np.uint16).max


def claimed(state: CampaignState, event: AttemptsClaimed, at_us: int) -> None:
    """A call may be up for each record from here on."""
    book, rows = state.book, rows_of(state.book, event.record)
    was_disposed = rows[book.flags[rows] & DISPOSED > 0]
    book.disposed.update(attempt_keys(was_disposed, book.claims[was_disposed]))
    with book.changing(rows):
        book.flags[rows] = (book.flags[rows] & np.uint8(~(DISPOSED | CLOSING) & 0xFF)) | OPEN
        book.claims[rows] = column(event.attempt, len(rows), 1)
        book.claim_pass[rows] = book.pass_number[rows]
    book.originate_before_us.update(dict.fromkeys(event.record, event.originate_before_us))
    state.dialer_epoch = max(state.dialer_epoch, event.dialer_epoch)
    touched(state, rows)


def withdrawn(state: CampaignState, event: AttemptsWithdrawn, at_us: int) -> None:
    """Nothing was dialled; the records are as before the claim."""
    book, rows = state.book, rows_of(state.book, event.record)
    book.withdrawn.update(attempt_keys(rows, _attempts(event.attempt, rows)))
    _close(book, rows)


def ended(state: CampaignState, event: AttemptsEnded, at_us: int) -> None:
    """The calls are over."""
    book, rows = state.book, rows_of(state.book, event.record)
    is_unknown = np.fromiter((name == UNKNOWN for name in event.outcome), np.bool_, len(rows))
    book.unknown.update(attempt_keys(rows, _attempts(event.attempt, rows))[is_unknown])
    _close(book, rows)
    counts = _counts(event.outcome)
    _add(book.attempts, rows[counts], _MAX_COUNT)
    _add(book.lifetime, rows[counts], _MAX_COUNT)
    _add(book.uncounted, rows[~counts], _MAX_SMALL)
    _apply(state, rows, event, at_us)


def corrected(state: CampaignState, event: AttemptsCorrected, at_us: int) -> None:
    """What really came of attempts whose end was unknown, or that were thought never placed."""
    book, rows = state.book, rows_of(state.book, event.record)
    keys = attempt_keys(rows, _attempts(event.attempt, rows))
    was_withdrawn = np.fromiter((key in book.withdrawn for key in keys.tolist()), np.bool_, len(rows))
    book.withdrawn.difference_update(BitMap64(keys))
    book.unknown.difference_update(BitMap64(keys))
    counts = _counts(event.outcome) & was_withdrawn  # an unknown end was counted when it came
    is_current = book.pass_number[rows] == column(event.pass_number, len(rows), 1)
    _add(book.attempts, rows[counts & is_current], _MAX_COUNT)
    _add(book.lifetime, rows[counts], _MAX_COUNT)
    _apply(state, rows, event, at_us)


def disposition_recorded(state: CampaignState, event: DispositionRecorded, at_us: int) -> None:
    """An agent's result; the record shows it if it speaks of the record's last attempt, made in this pass."""
    book, row = state.book, event.record
    rows = rows_of(book, [row])
    if event.comment_block_id:
        state.further_blocks.append(BlockRef(event.comment_block_id, event.comment_block_offset, "", row))
    if book.claims[row] != event.attempt:
        book.disposed.add(attempt_key(row, event.attempt))
        return
    book.flags[row] |= DISPOSED
    if book.claim_pass[row] != book.pass_number[row]:
        return
    book.disposition[row] = book.dispositions.code(event.disposition)
    _set_last_agent(book, rows, [event.agent])
    _set_status(book, rows, [event.status], [event.reason], [event.next_attempt_us])
    book.updated_us[row] = at_us
    touched(state, rows)


def _apply(state: CampaignState, rows: IntRows, event: AttemptsEnded | AttemptsCorrected, at_us: int) -> None:
    book = state.book
    book.last_attempt_us[rows] = at_us
    book.updated_us[rows] = at_us
    _set_last_agent(book, rows, event.agent)
    _set_status(book, rows, event.status, event.reason, column(event.next_attempt_us, len(rows), 0))
    touched(state, rows)


def _set_status(
    book: RecordBook, rows: IntRows, status: Sequence[str], reason: Sequence[str], due_us: Sequence[int]
) -> None:
    """An answered record that is not due again and not final waits for its disposition."""
    with book.changing(rows):
        book.status[rows] = [STATUS_CODE[name] for name in status]
        book.reason[rows] = [REASON_CODE[name] for name in reason]
        book.due_us[rows] = due_us
        waits = (book.status[rows] == PENDING) & (book.reason[rows] == _ANSWERED) & (book.due_us[rows] == 0)
        others = book.flags[rows] & np.uint8(~AWAITING & 0xFF)
        book.flags[rows] = np.where(waits, others | np.uint8(AWAITING), others)


def _set_last_agent(book: RecordBook, rows: IntRows, agents: Sequence[str]) -> None:
    if agents:
        codes = book.agents.codes(agents)
        book.last_agent[rows] = np.where(codes > 0, codes, book.last_agent[rows])


def _close(book: RecordBook, rows: IntRows) -> None:
    with book.changing(rows):
        book.flags[rows] &= np.uint8(~OPEN & 0xFF)
    for row in rows.tolist():
        book.originate_before_us.pop(row, None)


def _counts(outcomes: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.fromiter((name not in UNCOUNTED for name in outcomes), np.bool_, len(outcomes))


def _add(counters: npt.NDArray[np.uint16] | npt.NDArray[np.uint8], rows: IntRows, most: int) -> None:
    """One more each; a counter that is full stays full."""
    counters[rows] += counters[rows] < most


def _attempts(attempts: Sequence[int], rows: IntRows) -> IntRows:
    return np.asarray(column(attempts, len(rows), 1), np.int64)
