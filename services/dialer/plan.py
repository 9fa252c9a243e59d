"""What to do now, from the folded campaigns and the clock: pure, so that every rule is a plain test."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from outdial.campaign.book import VISIBLE
from outdial.campaign.commands import (
    AbandonUpload,
    ClaimAttempts,
    Command,
    CompleteIfDone,
    ExcludeRecords,
    RecordDisposition,
    TakeOverDialling,
)
from outdial.campaign.dialable import awaiting, due, excludable
from outdial.campaign.positions import Position
from outdial.campaign.state import CampaignState
from outdial.campaign.window import describe, is_open

SECOND_US: Final = 1_000_000
CLAIM_LIFE_US: Final = 2 * SECOND_US  # the bound that Stop promises
UPLOAD_IDLE_US: Final = 600 * SECOND_US
MAX_ROWS: Final = 500
MAX_TIME_OUTS: Final = 100


@dataclass(frozen=True, slots=True)
class Busy:
    """What is under way for one campaign: records in claims that are not folded yet, and those that are held back."""

    claiming: Collection[int] = ()
    held: Collection[int] = ()
    batches: int = 0  # claims without an answer on the campaign's partition


@dataclass(frozen=True, slots=True)
class Limits:
    """`lines` = calls of this dialer at once; `batches` = claims without an answer per partition."""

    lines: int = 2000
    batches: int = 4
    tzdata_version: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """A command that time asks for. While one of that key is under way no other is sent."""

    stream: str
    key: str
    command: Command


def is_ours(state: CampaignState, group: str) -> bool:
    """Whether the campaign belongs to a dialer group."""
    return state.settings is not None and state.settings.dialer_group == group


def lines_free(states: Iterable[CampaignState], claiming: int, limits: Limits) -> int:
    """Calls that the dialer may still place."""
    return limits.lines - claiming - sum(state.book.tally.open for state in states)


def claim(
    state: CampaignState, busy: Busy, lines: int, limits: Limits, dialer: tuple[int, int]
) -> ClaimAttempts | None:
    """The next claim of a campaign, at most `lines` records; `dialer` = (epoch, now in microseconds UTC)."""
    epoch, now_us = dialer
    settings = state.settings
    if settings is None or state.position is not Position.RUNNING or state.dialer_epoch != epoch:
        return None
    free = min(lines, settings.max_calls - state.book.tally.open - len(busy.claiming), MAX_ROWS)
    if free <= 0 or busy.batches >= limits.batches or state.book.tally.active == 0:
        return None
    open_now: dict[str, bool] = {}

    def may_call(zone: str) -> bool:
        if zone not in open_now:
            open_now[zone] = is_open(settings.calling_window, zone, now_us)
        return open_now[zone]

    passed_over = {*busy.claiming, *busy.held}
    found = due(state, now_us, free + len(passed_over), may_call)
    records = [record for record in found if record not in passed_over][:free]
    return _claim_of(state, records, limits, dialer) if records else None


def _claim_of(
    state: CampaignState, records: Sequence[int], limits: Limits, dialer: tuple[int, int]
) -> ClaimAttempts:
    book, settings = state.book, state.required_settings
    epoch, now_us = dialer
    zones = [book.zones[book.zone[record]] for record in records]
    return ClaimAttempts(
        dialer_epoch=epoch,
        originate_before_us=now_us + CLAIM_LIFE_US,
        caller_id=settings.caller_id,
        tzdata_version=limits.tzdata_version,
        window_applied=describe(settings.calling_window),
        do_not_call_version=0,
        mode=settings.campaign_type,
        pacing_rule=f"at most {settings.max_calls} calls at once",
        record=list(records),
        attempt=[int(book.claims[record]) + 1 for record in records],
        pass_number=[int(book.pass_number[record]) for record in records],
        zone=[zone or settings.time_zone for zone in zones],
        zone_source=["number" if zone else "campaign" for zone in zones],
    )


def takeover(state: CampaignState, epoch: int) -> Errand | None:
    """A running campaign that an older dialer dialled, or nobody yet, is taken over before anything is claimed."""
    if state.position is not Position.RUNNING or state.dialer_epoch >= epoch:
        return None
    return Errand(state.campaign_id, f"{state.campaign_id}/take-over", TakeOverDialling(epoch))


def errands(state: CampaignState, now_us: int) -> list[Errand]:
    """What time asks for in any position: each is idempotent, and wanted until its event is folded."""
    found = [_exclusion(state, now_us), _abandonment(state, now_us), _completion(state)]
    return [*(errand for errand in found if errand is not None), *_time_outs(state, now_us)]


def _exclusion(state: CampaignState, now_us: int) -> Errand | None:
    if state.book.tally.active == 0:
        return None
    records, reasons = excludable(state, now_us, MAX_ROWS)
    if not records:
        return None
    return Errand(state.campaign_id, f"{state.campaign_id}/exclude", ExcludeRecords(records, reasons))


def _abandonment(state: CampaignState, now_us: int) -> Errand | None:
    upload, since_us = state.open_upload, now_us - UPLOAD_IDLE_US
    if upload is None or upload.touched_us > since_us:
        return None
    key = f"{state.campaign_id}/abandon/{upload.upload_id}"
    return Errand(state.campaign_id, key, AbandonUpload(upload.upload_id, since_us))


def _completion(state: CampaignState) -> Errand | None:
    tally = state.book.tally
    is_at_work = state.position in (Position.RUNNING, Position.STOPPED) and state.open_upload is None
    if not is_at_work or tally.active or tally.open or tally.awaiting:
        return None
    return Errand(state.campaign_id, f"{state.campaign_id}/complete", CompleteIfDone())


def _time_outs(state: CampaignState, now_us: int) -> list[Errand]:
    """Answered calls that no agent said anything of within the wrap-up time get the campaign's default."""
    if state.settings is None or state.book.tally.awaiting == 0:
        return []
    settings = state.settings
    waiting = awaiting(state, now_us - settings.wrap_up_s * SECOND_US)[:MAX_TIME_OUTS]
    found = []
    for record, attempt in waiting:
        command = RecordDisposition(record, attempt, settings.default_disposition, "")
        found.append(Errand(state.campaign_id, f"{state.campaign_id}.{record}.{attempt}/wrap-up", command))
    return found


def may_place(state: CampaignState, record: int, zone: str, now_us: int) -> bool:
    """At the instant of the call: the campaign still runs, the record is still there, the window still open."""
    if state.settings is None or state.position is not Position.RUNNING:
        return False
    is_there = state.book.is_present(record) and bool(state.book.flags[record] & VISIBLE)
    return is_there and is_open(state.settings.calling_window, zone, now_us)
