"""Any commands in any order: what holds of every history that the rules can make."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.answers import answer
from outdial.campaign.book import AWAITING, OPEN, VISIBLE
from outdial.campaign.counts import counts
from outdial.campaign.decide import Rejection
from outdial.campaign.dialable import due, excludable
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from outdial.campaign.settings import RetryRule
from outdial.campaign.snapshot import fingerprint, to_bytes
from outdial.campaign.vocabulary import OUTCOMES, REASONS, STATUSES
from tests.kit.campaign import SECOND_US, Campaign, begin, chunk, settings

RECORDS = st.lists(st.integers(1, 14), min_size=1, max_size=4)
RETRY = (RetryRule("Busy", 2, 30), RetryRule("NoAnswer", 3, 0), RetryRule("Congestion", 2, 1))
DISPOSITIONS = st.sampled_from(["Interested", "Not interested", "Call again", "Callback", "Do not call"])
FILTERS = st.lists(
    st.sampled_from(
        [
            Filter(),
            Filter(status=("Fail",)),
            Filter(status=("Complete", "Success")),
            Filter(reason=(None, "Busy", "Answered")),
            Filter(record_id=(1, 2, 3, 7)),
            Filter(date_field="last_attempt", from_date="2025-11-25"),
            Filter(disposition=("Callback", None)),
        ]
    ),
    min_size=1,
    max_size=2,
)


class AnyHistory(RuleBasedStateMachine):
    """Whatever is commanded: decide answers, evolve applies, and the invariants hold."""

    def __init__(self) -> None:
        super().__init__()
        self.campaign = Campaign()
        self.claimed: Counter[tuple[int, int]] = Counter()
        self.ended: Counter[tuple[int, int]] = Counter()
        self.uploads = 0

    def give(self, command: c.Command, **context: Any) -> None:
        """Decide; apply what was accepted; a refusal must leave the state alone."""
        before = fingerprint(self.campaign.state)
        decided = self.campaign.decide(command, **context)
        assert fingerprint(self.campaign.state) == before
        if isinstance(decided, Rejection):
            json.dumps(decided.details)
            return
        told = answer(self.campaign.state, command, decided)
        assert told.message and told.changed == bool(decided) and json.dumps(told.details)
        for event in self.campaign.apply(decided):
            if isinstance(event, e.AttemptsClaimed):
                self.claimed.update(zip(event.record, event.attempt, strict=True))
                assert self.campaign.position is Position.RUNNING
            if isinstance(event, e.AttemptsEnded):
                self.ended.update(zip(event.record, event.attempt, strict=True))

    @initialize(max_attempts=st.sampled_from([0, 3]))
    def create(self, max_attempts: int) -> None:
        given = settings(retry=RETRY, max_attempts=max_attempts, agents=("anna",))
        self.give(c.CreateCampaign(given))
        self.upload(3, 5)

    @rule(first=st.integers(0, 3), second=st.integers(0, 2))
    def upload(self, first: int, second: int) -> None:
        self.uploads += 1
        name = f"u{self.uploads}"
        expires_us = [0, self.campaign.now_us + 40 * SECOND_US, 0][:first]
        self.give(begin(name))
        self.give(chunk(name, 0, first, expires_us=expires_us))
        self.give(chunk(name, 1, second))
        self.give(c.CommitUpload(name, 2, first + second))

    @rule(how=st.sampled_from(["reject", "withdraw", "abandon", "open"]))
    def void_upload(self, how: str) -> None:
        self.uploads += 1
        name = f"u{self.uploads}"
        self.give(begin(name))
        self.give(chunk(name, 0, 2))
        match how:
            case "reject":
                self.give(c.RejectUpload(name, "rows-invalid", ""))
            case "withdraw":
                self.give(c.WithdrawUpload(name))
            case "abandon":
                self.give(c.AbandonUpload(name, self.campaign.now_us))

    @rule()
    def finish_upload(self) -> None:
        if upload := self.campaign.state.open_upload:
            self.give(c.CommitUpload(upload.upload_id, upload.chunks, upload.read))

    @rule()
    def start(self) -> None:
        self.give(c.StartCampaign())

    @rule(command=st.sampled_from([c.StopCampaign(), c.CompleteIfDone(), c.ForceComplete()]))
    def plain(self, command: c.Command) -> None:
        self.give(command)

    @rule(seconds=st.sampled_from([1, 30, 3600]))
    def wait(self, seconds: int) -> None:
        self.campaign.wait(seconds)

    @rule(records=RECORDS)
    def claim(self, records: list[int]) -> None:
        self.give(self.campaign.claim_of(*records))

    @rule(limit=st.integers(1, 5))
    def claim_due(self, limit: int) -> None:
        state = self.campaign.state
        records = due(state, self.campaign.now_us, limit)
        self.give(self.campaign.claim_of(*records, epoch=max(1, state.dialer_epoch)))
        if state.position is Position.RUNNING:
            assert all(state.book.flags[record] & OPEN for record in records)

    @rule(records=RECORDS, outcome=st.sampled_from(OUTCOMES), back=st.integers(0, 2))
    def end(self, records: list[int], outcome: str, back: int) -> None:
        book = self.campaign.state.book
        records = [record for record in records if record < book.size]
        command = self.campaign.end_of(outcome, *records)
        self.give(replace(command, attempt=[max(0, one - back) for one in command.attempt]))

    @rule(records=RECORDS)
    def withdraw(self, records: list[int]) -> None:
        book = self.campaign.state.book
        records = [record for record in records if record < book.size]
        self.give(c.WithdrawAttempts(1, records, [int(book.claims[one]) for one in records]))

    @rule(
        record=st.integers(1, 14),
        disposition=DISPOSITIONS,
        back=st.integers(0, 1),
        agent=st.sampled_from(["anna", ""]),
    )
    def dispose(self, record: int, disposition: str, back: int, agent: str) -> None:
        book = self.campaign.state.book
        attempt = int(book.claims[record]) - back if record < book.size else 1
        callback_us = self.campaign.now_us + 60 * SECOND_US
        self.give(c.RecordDisposition(record, attempt, disposition, agent, callback_us))

    @rule(filters=FILTERS)
    def reset(self, filters: list[Filter]) -> None:
        self.give(c.ResetCampaign(filters))

    @rule(filters=FILTERS, grace_s=st.sampled_from([0, 60]))
    def delete(self, filters: list[Filter], grace_s: int) -> None:
        affected = self.campaign.preview(c.DeleteRecords(filters)).affected
        self.give(c.DeleteRecords(filters, affected), delete_grace_s=grace_s)

    @rule(back=st.integers(0, 3))
    def undo(self, back: int) -> None:
        state = self.campaign.state
        known = [*([state.undo.command_id] if state.undo else []), *state.deletes]
        self.give(c.UndoCommand(known[back % len(known)] if known else "none"))

    @rule(number=st.integers(1, 6))
    def withdraw_upload(self, number: int) -> None:
        self.give(c.WithdrawUpload(f"u{number}"))

    @rule(records=RECORDS, reason=st.sampled_from(REASONS[:3]))
    def exclude(self, records: list[int], reason: str) -> None:
        self.give(c.ExcludeRecords(records, [reason] * len(records)))

    @rule()
    def exclude_found(self) -> None:
        found = excludable(self.campaign.state, self.campaign.now_us, 10)
        self.give(c.ExcludeRecords(*found))
        assert excludable(self.campaign.state, self.campaign.now_us, 10) == ([], [])

    @rule(epoch=st.integers(1, 3))
    def take_over(self, epoch: int) -> None:
        self.give(c.TakeOverDialling(epoch))

    @rule(holder=st.sampled_from(["log", "view:1"]))
    def erase(self, holder: str) -> None:
        for name in list(self.campaign.state.erasures):
            self.give(c.ConfirmErasure(name, holder))

    @rule()
    @precondition(lambda self: self.campaign.state.sequence > 0)
    def go_on_from_a_snapshot(self) -> None:
        self.campaign.state = self.campaign.copy()

    @invariant()
    def no_attempt_is_claimed_or_ended_twice(self) -> None:
        assert all(times == 1 for times in self.claimed.values())
        assert all(times == 1 for times in self.ended.values())
        assert set(self.ended) <= set(self.claimed)

    @invariant()
    def every_record_is_in_exactly_one_status(self) -> None:
        found = counts(self.campaign.state)
        assert set(found.by_status) == set(STATUSES)
        assert sum(found.by_status.values()) == sum(found.by_reason.values()) == found.total

    @invariant()
    def the_tally_is_right(self) -> None:
        book = self.campaign.state.book
        tally = book.tally
        assert tally.present == int(book.present().sum())
        assert tally.active == int(book.active().sum())
        assert tally.awaiting == int(book.flagged(AWAITING).sum())
        opened = np.flatnonzero(book.column("flags") & OPEN)
        assert tally.open == len(opened) and set(opened.tolist()) == set(book.originate_before_us)

    @invariant()
    def a_completed_campaign_has_nothing_active(self) -> None:
        state = self.campaign.state
        assert state.position is not Position.COMPLETED or state.book.tally.active == 0

    @invariant()
    def only_visible_records_have_calls(self) -> None:
        book = self.campaign.state.book
        opened = book.flags[: book.size][book.column("flags") & OPEN > 0]
        assert bool(np.all((opened & 7) == VISIBLE))

    @invariant()
    def records_that_are_final_are_not_due(self) -> None:
        book = self.campaign.state.book
        assert not np.any(book.column("due_us")[book.column("status") > 0])

    def teardown(self) -> None:
        """The history gives the same state byte for byte to whoever replays it."""
        assert to_bytes(self.campaign.replayed()) == to_bytes(self.campaign.state)


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = hypothesis_settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
