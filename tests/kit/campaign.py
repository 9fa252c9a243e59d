"""Given/when/then for the campaign: every command and event goes through its Avro schema, as in production."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.answers import Answer, answer, preview
from outdial.campaign.decide import Context, Rejection, decide
from outdial.campaign.defaults import default_settings
from outdial.campaign.evolve import evolve
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from outdial.campaign.settings import CampaignSettings
from outdial.campaign.snapshot import fingerprint, from_bytes, to_bytes
from outdial.campaign.state import CampaignState, initial
from outdial.campaign.window import ALL_DAY
from outdial.campaign.wire import from_fields, to_fields
from outdial.messages.codec import Codec

NOON_US = 1_764_072_000_000_000  # 2025-11-25T12:00:00Z
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
DAY_US = 86_400 * SECOND_US
ALL = (Filter(),)
CODEC = Codec()
E = TypeVar("E")


def settings(**given: Any) -> CampaignSettings:
    """Settings of a campaign that may call at any time of the day."""
    known = {"name": "Spring", "region": "IN", "time_zone": "Asia/Kolkata", "calling_window": ALL_DAY}
    return default_settings(**{**known, **given})


class Campaign:
    """One campaign under test: `accept` what must be accepted, `reject` what must be refused."""

    def __init__(self, campaign_id: str = "spring") -> None:
        self.state = initial(campaign_id)
        self.now_us = NOON_US
        self.history: list[tuple[e.Event, int]] = []
        self.answer: Answer | None = None
        self._commands = 0

    @property
    def position(self) -> Position:
        """Where the campaign stands."""
        return self.state.position

    def must_be(self, position: Position) -> None:
        """The campaign stands there in between."""
        assert self.state.position is position

    def errors(self, rejection: Rejection) -> list[dict[str, str]]:
        """What a rejection says of each fault."""
        found = rejection.details["errors"]
        assert isinstance(found, list)
        return found

    def accept(self, command: c.Command, command_id: str = "", **context: Any) -> Sequence[e.Event]:
        """Decide and apply; returns the events as a reader of the log sees them."""
        decided = self.decide(command, command_id, **context)
        assert not isinstance(decided, Rejection), (command, decided)
        self.answer = answer(self.state, command, decided)
        return self.apply(decided)

    def reject(self, command: c.Command, **context: Any) -> Rejection:
        """Decide; the command must be refused, and the state must be what it was."""
        before = fingerprint(self.state)
        decided = self.decide(command, **context)
        assert isinstance(decided, Rejection), (command, decided)
        assert fingerprint(self.state) == before
        return decided

    def decide(
        self, command: c.Command, command_id: str = "", **context: Any
    ) -> Sequence[e.Event] | Rejection:
        """Decide only."""
        self._commands += 1
        self.now_us += 1000
        sent = round_trip(command)
        given = Context(self.now_us, command_id or f"command-{self._commands}", **context)
        return decide(self.state, sent, given)

    def preview(self, command: c.Command, **context: Any) -> Answer:
        """The dry run, which must be possible and change nothing."""
        before = fingerprint(self.state)
        found = preview(self.state, round_trip(command), Context(self.now_us, "dry", **context))
        assert isinstance(found, Answer), found
        assert fingerprint(self.state) == before
        return found

    def apply(self, events: Sequence[e.Event]) -> Sequence[e.Event]:
        """Append and fold."""
        read = [round_trip(event) for event in events]
        for event in read:
            self.history.append((event, self.now_us))
            self.state = evolve(self.state, event, self.now_us)
        return read

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_us += int(seconds * SECOND_US)

    def replayed(self) -> CampaignState:
        """The state that the history gives to somebody who reads it from the start."""
        state = initial(self.state.campaign_id)
        for event, at_us in self.history:
            state = evolve(state, event, at_us)
        return state

    def copy(self) -> CampaignState:
        """The state once more, by way of its snapshot."""
        return from_bytes(to_bytes(self.state))

    def upload(self, count: int, upload_id: str = "u1", **columns: Any) -> None:
        """Add records in one upload of one chunk; `columns` as in AddRecords."""
        self.accept(begin(upload_id))
        self.accept(chunk(upload_id, 0, count, **columns))
        self.accept(c.CommitUpload(upload_id, 1, count))

    def start(self) -> None:
        """Running."""
        self.accept(c.StartCampaign())

    def stop(self) -> None:
        """Stopped."""
        self.accept(c.StopCampaign())

    def claim(self, *records: int, epoch: int = 1) -> None:
        """Claim the next attempt of records."""
        self.accept(self.claim_of(*records, epoch=epoch))

    def claim_of(self, *records: int, epoch: int = 1) -> c.ClaimAttempts:
        """The claim of the next attempt of records, as a dialer sends it."""
        book = self.state.book
        return c.ClaimAttempts(
            dialer_epoch=epoch,
            originate_before_us=self.now_us + 2 * SECOND_US,
            caller_id="+912212345678",
            tzdata_version="2025b",
            window_applied="00:00-24:00",
            do_not_call_version=0,
            mode="progressive",
            pacing_rule="one-to-one",
            record=records,
            attempt=[int(book.claims[one]) + 1 if one < book.size else 1 for one in records],
            pass_number=[int(book.pass_number[one]) if one < book.size else 1 for one in records],
        )

    def end(self, outcome: str, *records: int, agent: str = "") -> Sequence[e.Event]:
        """The last attempts of records end."""
        return self.accept(self.end_of(outcome, *records, agent=agent))

    def end_of(self, outcome: str, *records: int, agent: str = "") -> c.EndAttempts:
        """The end of the last attempts of records, as a dialer reports it."""
        book = self.state.book
        return c.EndAttempts(
            dialer_epoch=1,
            record=records,
            attempt=[int(book.claims[one]) for one in records],
            pass_number=[int(book.claim_pass[one]) for one in records],
            outcome=[outcome] * len(records),
            agent=[agent] * len(records) if agent else (),
        )

    def dial(self, outcome: str, *records: int, agent: str = "") -> Sequence[e.Event]:
        """Claim records and report how the calls ended."""
        self.claim(*records)
        return self.end(outcome, *records, agent=agent)

    def dispose(self, record: int, disposition: str, agent: str = "anna", **given: Any) -> Sequence[e.Event]:
        """An agent's result for the last attempt of a record."""
        attempt = int(self.state.book.claims[record])
        return self.accept(c.RecordDisposition(record, attempt, disposition, agent, **given))

    def status(self, record: int) -> tuple[str, str]:
        """Status and reason of a record."""
        row = self.row(record)
        return row["status"], row["reason"]

    def row(self, record: int) -> dict[str, Any]:
        """What people see of a record."""
        book = self.state.book
        names = ("attempts", "lifetime", "pass_number", "claims", "due_us", "last_attempt_us", "updated_us")
        return {
            **{name: int(getattr(book, name)[record]) for name in names},
            "status": ("Pending", "Success", "Fail", "Complete")[book.status[record]],
            "reason": REASONS[book.reason[record]],
            "disposition": book.dispositions[book.disposition[record]],
            "last_agent": book.agents[book.last_agent[record]],
        }


def ready(records: int = 3, **given: Any) -> Campaign:
    """A campaign that is Ready with records, numbered from 1."""
    campaign = Campaign()
    campaign.accept(c.CreateCampaign(settings(**given)))
    if records:
        campaign.upload(records)
    return campaign


def running(records: int = 3, **given: Any) -> Campaign:
    """A campaign that is Running."""
    campaign = ready(records, **given)
    campaign.start()
    return campaign


def stopped(records: int = 3, **given: Any) -> Campaign:
    """A campaign that is Stopped."""
    campaign = running(records, **given)
    campaign.stop()
    return campaign


def completed(records: int = 3, **given: Any) -> Campaign:
    """A campaign that was completed by force, so that its records are Complete."""
    campaign = ready(records, **given)
    campaign.accept(c.ForceComplete(), "force")
    return campaign


def at(position: Position, records: int = 3, **given: Any) -> Campaign:
    """A campaign in a position."""
    make = {
        Position.READY: ready,
        Position.RUNNING: running,
        Position.STOPPED: stopped,
        Position.COMPLETED: completed,
    }
    return make[position](records, **given)


def begin(upload_id: str = "u1", **given: Any) -> c.BeginUpload:
    """The begin of an upload."""
    known: dict[str, Any] = {"duplicates": "skip", "mode": "accept-valid"}
    return c.BeginUpload(upload_id, "people.xlsx", bytes(32), 1234, **{**known, **given})


def chunk(upload_id: str, number: int, count: int, first_row: int = 2, **columns: Any) -> c.AddRecords:
    """A chunk of an upload with `count` valid rows."""
    known: dict[str, Any] = {
        "block_id": f"spring/{upload_id}/{number}/x" if count else "",
        "block_offset": 7,
        "row": list(range(first_row, first_row + count)),
        "commitment": [bytes(16)] * count,
    }
    return c.AddRecords(upload_id, number, **{**known, **columns})


def round_trip(message: E) -> E:
    """A message as it comes out of the log."""
    name = type(message).__name__
    value = CODEC.encode(f"outdial.{name}", to_fields(message))
    _, fields = CODEC.decode(value)
    read: E = from_fields(name, fields)  # type: ignore[assignment]  # of the same name
    return read


def same(one: c.Command | e.Event, other: c.Command | e.Event) -> bool:
    """Whether two messages say the same, be their columns lists or tuples."""
    return type(one) is type(other) and to_fields(one) == to_fields(other)


def changed(given: CampaignSettings, **changes: Any) -> CampaignSettings:
    """Settings with changes."""
    return replace(given, **changes)


REASONS = (
    "",
    "Expired",
    "DoNotCall",
    "LifetimeCap",
    "ForceCompleted",
    "Answered",
    "Busy",
    "NoAnswer",
    "Unreachable",
    "Rejected",
    "InvalidNumber",
    "OutOfOrder",
    "Congestion",
    "TimerExpiry",
    "NotAuthorised",
    "AnsweringMachine",
    "Fax",
    "Abandoned",
    "CustomerHangup",
    "Unknown",
)
"""Reasons by their code in the record book; a change of the order makes old snapshots unreadable."""
