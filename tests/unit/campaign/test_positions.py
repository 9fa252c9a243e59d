"""The position table: every cell, through the rules as well as through the table, with the text people see."""

import pytest

from outdial.campaign import commands as c
from outdial.campaign.decide import Rejection
from outdial.campaign.positions import POSITION_TABLE, Cell, Position, Verdict, allowed, cell, verdict
from tests.kit.campaign import ALL, Campaign, at, begin

READY, RUNNING, STOPPED, COMPLETED = Position
# fmt: off
# The product's description and architecture, section 11, once more by hand.
EXPECTED = {
    "StartCampaign":      "yes already yes no",
    "StopCampaign":       "no yes already no",
    "ResetCampaign":      "no no yes yes",
    "DeleteRecords":      "yes no yes yes",
    "Download":           "yes no no yes",
    "AddData":            "yes no no yes",
    "ForceComplete":      "yes yes yes already",
    "ChangeSettings":     "yes no yes yes",
    "UndoCommand":        "yes no yes yes",
    "WithdrawUpload":     "yes no yes yes",
    "RecordDisposition":  "yes yes yes yes",
    "EndAttempts":        "yes yes yes yes",
}
# fmt: on
COMMANDS: dict[str, c.Command] = {
    "StartCampaign": c.StartCampaign(),
    "StopCampaign": c.StopCampaign(),
    "ResetCampaign": c.ResetCampaign(ALL),
    "DeleteRecords": c.DeleteRecords(ALL, confirm_affected=3),
    "AddData": begin("u2"),
    "ForceComplete": c.ForceComplete(),
    "ChangeSettings": c.ChangeSettings(name="Summer"),
    "UndoCommand": c.UndoCommand("none"),
    "WithdrawUpload": c.WithdrawUpload("u1"),
    "RecordDisposition": c.RecordDisposition(1, 1, "Interested", "anna"),
    "EndAttempts": c.EndAttempts(1, record=[1], attempt=[1], outcome=["Busy"]),
}
CELLS = [(name, position) for name in EXPECTED for position in Position]


def test_the_table_is_the_product_s() -> None:
    table = {name: " ".join(row[position] for position in Position) for name, row in POSITION_TABLE.items()}

    assert table == EXPECTED


@pytest.mark.parametrize(("command", "position"), CELLS)
def test_the_rules_say_what_the_table_says(command: str, position: Position) -> None:
    if command not in COMMANDS:
        return  # Download is no command: the API asks the table itself
    campaign = at(position)

    decided = campaign.decide(COMMANDS[command])

    match verdict(command, position):
        case Verdict.NO:
            assert isinstance(decided, Rejection)
            assert decided.code == "position-does-not-allow"
            assert decided.details["position"] == position
            assert decided.details["allowed"] == allowed(position)
            assert decided.details["text"] == cell(command, position).text
        case Verdict.ALREADY:
            assert decided == ()
        case Verdict.YES:
            assert not isinstance(decided, Rejection) or decided.code != "position-does-not-allow"


@pytest.mark.parametrize(("command", "position"), CELLS)
def test_every_cell_tells_people_why(command: str, position: Position) -> None:
    found = cell(command, position)

    match verdict(command, position):
        case Verdict.YES:
            assert found == Cell(True, None, None)
        case Verdict.ALREADY:
            assert (found.allowed, found.code) == (True, "already")
            assert found.text is not None and position.lower() in found.text
        case Verdict.NO:
            assert (found.allowed, found.code) == (False, "position-does-not-allow")
            assert found.text is not None
            assert position.lower() in found.text or "not been started" in found.text


def test_no_cell_says_stop_it_first_of_a_campaign_that_does_not_run() -> None:
    told = {
        (name, position) for name, position in CELLS if "stop it first" in (cell(name, position).text or "")
    }

    assert {position for _, position in told} == {RUNNING}


def test_add_data_begins_with_begin_upload() -> None:
    assert all(verdict("BeginUpload", position) is verdict("AddData", position) for position in Position)


def test_what_people_may_do_in_each_position() -> None:
    assert {position: allowed(position) for position in Position} == {
        READY: [
            "StartCampaign",
            "DeleteRecords",
            "Download",
            "AddData",
            "ForceComplete",
            "ChangeSettings",
            "UndoCommand",
            "WithdrawUpload",
        ],
        RUNNING: ["StopCampaign", "ForceComplete"],
        STOPPED: [
            "StartCampaign",
            "ResetCampaign",
            "DeleteRecords",
            "ForceComplete",
            "ChangeSettings",
            "UndoCommand",
            "WithdrawUpload",
        ],
        COMPLETED: [
            "ResetCampaign",
            "DeleteRecords",
            "Download",
            "AddData",
            "ChangeSettings",
            "UndoCommand",
            "WithdrawUpload",
        ],
    }


def test_a_deployment_may_allow_download_and_add_data_in_stopped_only() -> None:
    both = frozenset({"download", "add-data"})

    assert verdict("Download", STOPPED, both) is Verdict.YES
    assert verdict("AddData", STOPPED, frozenset({"add-data"})) is Verdict.YES
    assert verdict("Download", STOPPED, frozenset({"add-data"})) is Verdict.NO
    assert verdict("Download", RUNNING, both) is Verdict.NO
    assert allowed(STOPPED, both) == [*allowed(STOPPED)[:3], "Download", "AddData", *allowed(STOPPED)[3:]]


def test_data_is_added_in_stopped_where_the_deployment_allows_it() -> None:
    campaign = at(STOPPED)

    campaign.accept(begin("u2"), stopped_allows=frozenset({"add-data"}))

    assert campaign.position is STOPPED


def test_a_campaign_that_does_not_exist_refuses_everything_but_its_creation() -> None:
    for command in COMMANDS.values():
        rejection = Campaign().reject(command)
        assert rejection == Rejection("campaign-unknown", {"campaign": "spring"})
