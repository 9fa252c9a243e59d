"""Every cell of the position table through the API: status, code, what is allowed, and the text that people see."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from outdial.campaign.positions import Position, cell
from tests.integration.api.stack import ApiStack

READY, RUNNING, STOPPED, COMPLETED = Position
FILE = {"file": ("more.csv", b"PhoneNumber\r\n+442079469999\r\n")}
ALL: dict[str, Any] = {"filters": {}}

# What the product says: yes (accepted), already (accepted, changes nothing) or no (409), per position.
# fmt: off
TABLE = {
    "start":           ("yes", "already", "yes",     "no"),
    "stop":            ("no",  "yes",     "already", "no"),
    "reset":           ("no",  "no",      "yes",     "yes"),
    "delete-records":  ("yes", "no",      "yes",     "yes"),
    "download":        ("yes", "no",      "no",      "yes"),
    "add-data":        ("yes", "no",      "no",      "yes"),
    "force-complete":  ("yes", "yes",     "yes",     "already"),
    "change-settings": ("yes", "no",      "yes",     "yes"),
    "undo":            ("yes", "no",      "yes",     "yes"),
    "withdraw-upload": ("yes", "no",      "yes",     "yes"),
    "disposition":     ("yes", "yes",     "yes",     "yes"),
}
# fmt: on
COMMAND = {
    "start": "StartCampaign",
    "stop": "StopCampaign",
    "reset": "ResetCampaign",
    "delete-records": "DeleteRecords",
    "download": "Download",
    "add-data": "AddData",
    "force-complete": "ForceComplete",
    "change-settings": "ChangeSettings",
    "undo": "UndoCommand",
    "withdraw-upload": "WithdrawUpload",
    "disposition": "RecordDisposition",
}
# Where the position allows it and there is nothing of that kind to act on, the answer is another one.
NOTHING = {
    "undo": "undo-not-available",
    "withdraw-upload": "upload-unknown",
    "disposition": "attempt-unknown",
}
CELLS = [
    (function, position, verdict)
    for function, row in TABLE.items()
    for position, verdict in zip(Position, row, strict=True)
]
ALLOWED = {
    position: [name for name, row in TABLE.items() if row[place] == "yes" and name != "disposition"]
    for place, position in enumerate(Position)
}


def confirmed(stack: ApiStack, path: str) -> dict[str, Any]:
    count = stack.http.post(f"{path}/delete-records?dry_run=true", json=ALL).json()
    return ALL | {"confirm": count["selection"]}


CALL: dict[str, Callable[[ApiStack, str], httpx.Response]] = {
    "start": lambda stack, path: stack.http.post(f"{path}/start"),
    "stop": lambda stack, path: stack.http.post(f"{path}/stop"),
    "reset": lambda stack, path: stack.http.post(f"{path}/reset", json=ALL),
    "delete-records": lambda stack, path: stack.http.post(
        f"{path}/delete-records", json=confirmed(stack, path)
    ),
    "download": lambda stack, path: stack.http.get(f"{path}/download?format=csv"),
    "add-data": lambda stack, path: stack.http.post(f"{path}/uploads", files=FILE),
    "force-complete": lambda stack, path: stack.http.post(f"{path}/force-complete"),
    "change-settings": lambda stack, path: stack.http.patch(path, json={"name": "Another"}),
    "undo": lambda stack, path: stack.http.post(f"{path}/undo", json={"command_id": "none"}),
    "withdraw-upload": lambda stack, path: stack.http.delete(f"{path}/uploads/none"),
    "disposition": lambda stack, path: stack.http.post(
        f"{path}/attempts/{path.rpartition('/')[2]}.1.1/disposition",
        json={"disposition": "Interested", "agent": "a"},
    ),
}


def bring(stack: ApiStack, campaign: str, position: Position) -> None:
    """A campaign with three records in the position."""
    stack.create(campaign)
    stack.add(campaign)
    way = {READY: (), RUNNING: ("start",), STOPPED: ("start", "stop"), COMPLETED: ("force-complete",)}
    for function in way[position]:
        stack.do(campaign, function)


@pytest.mark.parametrize(("function", "position", "verdict"), CELLS)
def test_each_cell(function: str, position: Position, verdict: str, stack: ApiStack, campaign: str) -> None:
    bring(stack, campaign, position)
    path = f"/v1/campaigns/{campaign}"
    before = stack.http.get(path).json()
    said = cell(COMMAND[function], position)
    assert before["position"] == position
    assert before["allowed"][function] == {"allowed": said.allowed, "code": said.code, "text": said.text}

    answer = CALL[function](stack, path)
    if verdict == "no":
        told = answer.json()
        assert (answer.status_code, told["code"]) == (409, "position-does-not-allow")
        assert (told["position"], told["allowed"]) == (position, ALLOWED[position])
        assert told["detail"] == said.text == before["allowed"][function]["text"]
    elif function in NOTHING:
        assert answer.json()["code"] == NOTHING[function]
    else:
        assert answer.status_code in {200, 202}, answer.text
        if verdict == "already":
            assert (answer.json()["changed"], answer.json()["message"]) == (False, said.text)
    after = stack.http.get(path).json()
    assert (after["version"] > before["version"]) is (verdict == "yes" and changes(function, answer))


def changes(function: str, answer: httpx.Response) -> bool:
    return answer.status_code == 200 and function != "download"


@pytest.mark.parametrize(
    ("position", "function", "after"),
    [
        (READY, "start", RUNNING),
        (STOPPED, "start", RUNNING),
        (RUNNING, "stop", STOPPED),
        (STOPPED, "reset", READY),
        (COMPLETED, "reset", READY),
        (READY, "delete-records", READY),
        (STOPPED, "delete-records", READY),
        (COMPLETED, "delete-records", READY),
        (READY, "force-complete", COMPLETED),
        (RUNNING, "force-complete", COMPLETED),
        (STOPPED, "force-complete", COMPLETED),
    ],
)
def test_where_a_function_leads(
    position: Position, function: str, after: Position, stack: ApiStack, campaign: str
) -> None:
    bring(stack, campaign, position)
    answer = CALL[function](stack, f"/v1/campaigns/{campaign}")
    assert answer.json()["position"] == after
    assert stack.http.get(f"/v1/campaigns/{campaign}").json()["position"] == after


def test_the_table_is_served_as_it_is(stack: ApiStack) -> None:
    served = stack.http.get("/v1/position-table").json()
    assert served["positions"] == ["Ready", "Running", "Stopped", "Completed"]
    assert {name: tuple(row.values()) for name, row in served["commands"].items()} == TABLE


def test_start_without_an_active_record_has_nothing_to_dial(stack: ApiStack, campaign: str) -> None:
    stack.create(campaign)
    answer = stack.http.post(f"/v1/campaigns/{campaign}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-to-dial")


def test_data_brings_a_completed_campaign_back_to_ready(stack: ApiStack, campaign: str) -> None:
    bring(stack, campaign, COMPLETED)
    stack.add(campaign, 1, first=500)
    assert stack.http.get(f"/v1/campaigns/{campaign}").json()["position"] == READY


def test_undo_brings_a_reset_back_and_never_to_running(stack: ApiStack, campaign: str) -> None:
    bring(stack, campaign, RUNNING)
    stack.do(campaign, "force-complete")
    path = f"/v1/campaigns/{campaign}"
    slot = stack.http.get(path).json()["undo"]
    assert slot["command"] == "force-complete"
    answer = stack.http.post(f"{path}/undo", json={"command_id": slot["command_id"]})
    assert (answer.json()["position"], answer.json()["affected"]) == (STOPPED, 3)
    assert stack.http.get(path).json()["counts"]["by_status"] == {"Pending": 3}
