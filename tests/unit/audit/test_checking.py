"""What an auditor finds in a log that was tampered with, and what a campaign was after any of its events."""

from collections.abc import Sequence

import pytest

from outdial.audit.checking import Auditor
from outdial.audit.folding import Folding, UnknownMoment
from outdial.campaign.commands import ChangeSettings, CreateCampaign
from outdial.campaign.snapshot import fingerprint
from outdial.eventlog.ports import LogRecord
from outdial.messages.codec import Codec
from tests.unit.command.test_decider import CODEC, NOW_US, PARTITION, SETTINGS, STREAM, Writer


@pytest.fixture
def written() -> Writer:
    """A campaign of four events, renamed three times."""
    writer = Writer()
    assert writer.send(CreateCampaign(SETTINGS), "create")["accepted"]
    for number in range(3):
        assert writer.send(ChangeSettings(name=f"Name {number}"), f"rename-{number}")["accepted"]
    return writer


def log_of(writer: Writer) -> list[LogRecord]:
    return [
        LogRecord(PARTITION, at, NOW_US, event.key, event.value, event.headers)
        for at, event in enumerate(writer.events)
    ]


def findings(records: Sequence[LogRecord], partitions: int = 4) -> list[str]:
    auditor = Auditor(Codec(), partitions)
    for record in records:
        auditor.take(record)
    return [str(finding) for finding in auditor.findings]


def test_a_log_as_it_was_written_has_no_findings(written: Writer) -> None:
    assert findings(log_of(written)) == []


def test_an_edited_value_is_found_at_its_place(written: Writer) -> None:
    log = log_of(written)
    name, fields = CODEC.decode(log[1].value or b"")
    fields["settings"]["name"] = "Forged"
    log[1] = log[1]._replace(value=CODEC.encode(name, fields))

    assert findings(log) == [f"events/{PARTITION}@1: {STREAM}@2 was edited"]


def test_another_actor_in_a_header_is_an_edit_too(written: Writer) -> None:
    log = log_of(written)
    headers = tuple((name, b"mallory" if name == "ce_actor" else value) for name, value in log[2].headers)
    log[2] = log[2]._replace(headers=headers)

    assert findings(log) == [f"events/{PARTITION}@2: {STREAM}@3 was edited"]


def test_a_missing_event_is_a_gap_and_a_broken_chain(written: Writer) -> None:
    log = log_of(written)
    del log[1]

    assert findings(log) == [
        f"events/{PARTITION}@2: {STREAM} has 3, 2 follows",
        f"events/{PARTITION}@2: {STREAM}@3 does not follow the event before it",
    ]


def test_an_event_that_stands_twice_is_found(written: Writer) -> None:
    log = log_of(written)

    assert len(findings([*log, log[-1]])) == 2


def test_an_event_of_a_foreign_partition_or_one_that_cannot_be_read_is_found(written: Writer) -> None:
    first = log_of(written)[0]

    assert f"belongs to partition {PARTITION}" in findings([first._replace(partition=PARTITION + 1)])[0]
    assert "cannot be read" in findings([first._replace(value=b"nothing")])[0]


def test_a_campaign_is_folded_to_any_of_its_events(written: Writer) -> None:
    auditor, folding = Auditor(Codec(), 4), Folding(STREAM, 2)
    whole = Folding(STREAM, None)
    for record in log_of(written):
        checked = auditor.take(record)
        assert checked is not None
        folding.take(checked)
        whole.take(checked)

    assert (folding.told()["sequence"], folding.told()["position"]) == (2, "Ready")
    assert whole.told()["sequence"] == 4
    assert whole.told()["fingerprint"] == fingerprint(written.decider.streams.get(STREAM).state)


def test_a_moment_that_never_was_is_refused() -> None:
    with pytest.raises(UnknownMoment, match="spring has no events"):
        Folding(STREAM, None).told()
