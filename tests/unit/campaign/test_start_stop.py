"""Start, stop, and how a campaign completes by itself."""

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.filter import Filter
from outdial.campaign.positions import Position
from tests.kit.campaign import ALL, begin, ready, running, stopped


def test_start_runs_a_campaign_that_has_somebody_to_call() -> None:
    campaign = ready()

    assert campaign.accept(c.StartCampaign()) == [e.CampaignStarted()]
    assert campaign.position is Position.RUNNING


def test_start_without_an_active_record_is_refused() -> None:
    assert ready(records=0).reject(c.StartCampaign()) == Rejection(
        "nothing-to-dial", {"total": 0, "active": 0}
    )


def test_start_with_only_final_records_is_refused() -> None:
    campaign = running(records=2)
    campaign.claim(2)
    campaign.dial("InvalidNumber", 1)
    campaign.stop()

    # The call of record 2 is up: it is not active, and may yet become so.
    assert campaign.reject(c.StartCampaign()) == Rejection("nothing-to-dial", {"total": 2, "active": 0})


def test_start_waits_for_an_open_upload() -> None:
    campaign = ready()
    campaign.accept(begin("u2"))

    assert campaign.reject(c.StartCampaign()) == Rejection("upload-in-progress", {"upload_id": "u2"})


def test_stop_stops_and_start_resumes() -> None:
    campaign = running()

    assert campaign.accept(c.StopCampaign()) == [e.CampaignStopped()]
    assert campaign.position is Position.STOPPED
    assert campaign.accept(c.StartCampaign()) == [e.CampaignStarted()]


@pytest.mark.parametrize("command", [c.StartCampaign(), c.CompleteIfDone()])
def test_what_is_so_already_appends_nothing(command: c.Command) -> None:
    campaign = running()
    version = campaign.state.version

    assert campaign.accept(command) == []
    assert campaign.state.version == version


def test_the_last_outcome_completes_the_campaign() -> None:
    campaign = running(records=2)
    campaign.claim(1, 2)

    assert len(campaign.end("InvalidNumber", 1)) == 1
    ended, completed = campaign.end("InvalidNumber", 2)

    assert isinstance(ended, e.AttemptsEnded)
    assert completed == e.CampaignCompleted()
    assert campaign.position is Position.COMPLETED


def test_a_retry_that_is_due_later_keeps_the_campaign_running() -> None:
    campaign = running(records=1)
    campaign.dial("Busy", 1)

    assert campaign.accept(c.CompleteIfDone()) == []
    assert campaign.position is Position.RUNNING


def test_an_answer_without_disposition_keeps_the_campaign_running() -> None:
    campaign = running(records=1)
    campaign.dial("Answered", 1)

    assert campaign.accept(c.CompleteIfDone()) == []
    _, completed = campaign.dispose(1, "Interested")
    assert completed == e.CampaignCompleted()


def test_a_stopped_campaign_completes_too() -> None:
    campaign = running(records=1)
    campaign.claim(1)
    campaign.stop()

    campaign.end("InvalidNumber", 1)

    assert campaign.position is Position.COMPLETED


def test_a_ready_campaign_never_completes_by_itself() -> None:
    campaign = stopped(records=1)
    campaign.accept(c.DeleteRecords(ALL, confirm_affected=1))

    assert campaign.position is Position.READY
    assert campaign.accept(c.CompleteIfDone()) == []


def test_a_delete_that_leaves_only_final_records_lets_the_campaign_complete() -> None:
    campaign = running(records=2)
    campaign.dial("InvalidNumber", 1)
    campaign.stop()

    campaign.accept(c.DeleteRecords([Filter(record_id=[2])], confirm_affected=1))

    assert campaign.position is Position.STOPPED
    assert campaign.accept(c.CompleteIfDone()) == [e.CampaignCompleted()]


def test_a_campaign_does_not_complete_while_an_upload_is_open() -> None:
    campaign = running(records=1)
    campaign.claim(1)
    campaign.stop()
    campaign.accept(begin("u2"), stopped_allows=frozenset({"add-data"}))

    campaign.end("InvalidNumber", 1)

    assert campaign.position is Position.STOPPED
