"""The command line as people and scripts run it, against an API that answers from memory."""

import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from outdial.client.cli import verbs
from outdial.runtime.cli import dispatch
from outdial.runtime.exits import Exit
from tests.kit.fake_api import TOKEN, FakeApi, serving
from tests.kit.fake_campaign import FakeCampaign, Refused, record


@pytest.fixture
def api() -> Iterator[FakeApi]:
    yield from serving(FakeApi())


@pytest.fixture
def spring(api: FakeApi) -> FakeCampaign:
    records = [
        record(n, status="Fail" if n % 2 else "Pending", reason="Busy" if n % 2 else "") for n in range(1, 9)
    ]
    return api.add(records=records)


@dataclass
class Terminal:
    """Runs a verb and holds what it wrote."""

    capsys: pytest.CaptureFixture[str]
    api: FakeApi
    out: str = ""
    err: str = ""

    def run(self, *words: str) -> int:
        assert words[0] in verbs
        code = dispatch([*words, "--url", self.api.url])
        self.out, self.err = self.capsys.readouterr()
        return code


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], api: FakeApi) -> Terminal:
    return Terminal(capsys, api)


def test_campaigns_are_listed_with_position_and_counts(terminal: Terminal, spring: FakeCampaign) -> None:
    assert terminal.run("campaigns", "list") == Exit.OK
    line = next(line for line in terminal.out.splitlines() if line.startswith("spring"))
    assert line.split() == ["spring", "Spring", "sale", "Ready", "8", "4", "0", "0", "4"]


def test_a_campaign_shows_what_is_allowed_and_why_not(terminal: Terminal, spring: FakeCampaign) -> None:
    assert terminal.run("campaigns", "show", "spring") == Exit.OK
    assert "only a stopped or completed one can be reset" in terminal.out


def test_create_sends_the_settings_and_says_the_id(terminal: Terminal, api: FakeApi, tmp_path: Path) -> None:
    further = tmp_path / "settings.json"
    further.write_text('{"max_attempts": 4}')
    code = terminal.run(
        "campaigns", "create", "Autumn", "--id", "autumn", "--region", "IN", "--time-zone", "Asia/Kolkata",
        "--column", "City", "--column", "Plan", "--settings", str(further),
    )  # fmt: skip
    assert code == Exit.OK
    assert terminal.out == "autumn: Autumn was created.\n"
    assert api.asked == [
        ("create", {"max_attempts": 4, "name": "Autumn", "campaign_id": "autumn", "region": "IN",
                    "time_zone": "Asia/Kolkata", "columns": ["City", "Plan"]}),
    ]  # fmt: skip


def test_start_and_stop(terminal: Terminal, spring: FakeCampaign) -> None:
    assert terminal.run("start", "spring") == Exit.OK
    assert (terminal.out, spring.position) == ("Spring sale was started.\n", "Running")
    assert terminal.run("stop", "spring") == Exit.OK
    assert spring.position == "Stopped"


def test_what_the_position_refuses_ends_with_4_and_says_why(terminal: Terminal, spring: FakeCampaign) -> None:
    assert terminal.run("stop", "spring") == Exit.REJECTED
    assert "position-does-not-allow: The campaign has not been started" in terminal.err
    assert "What to do: `outdial campaigns show CAMPAIGN`" in terminal.err


def test_a_dry_run_of_start_starts_nothing(terminal: Terminal, spring: FakeCampaign) -> None:
    assert terminal.run("start", "spring", "--dry-run") == Exit.OK
    assert spring.position == "Ready"
    assert "would be started" in terminal.out


def test_reset_counts_shows_what_matches_and_resets_exactly_that(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign
) -> None:
    spring.position = "Stopped"
    assert terminal.run("reset", "spring", "--status", "Fail", "--yes") == Exit.OK
    assert terminal.out == "4 records were reset.\n"
    assert "4 records match." in terminal.err
    assert "by reason: Busy 4" in terminal.err
    assert [verb for verb, _ in api.asked] == ["reset?dry_run", "reset"]
    assert api.asked[1][1]["filters"] == {"status": ["Fail"]}
    assert api.asked[1][1]["selection"].startswith("selection-4-")


def test_a_dry_run_of_reset_as_json_is_what_the_api_said(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign
) -> None:
    assert terminal.run("reset", "spring", "--all", "--dry-run", "--json") == Exit.OK
    assert json.loads(terminal.out)["affected"] == 8
    assert [verb for verb, _ in api.asked] == ["reset?dry_run"]


def test_a_filter_that_matches_nothing_changes_nothing(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign
) -> None:
    assert terminal.run("delete-records", "spring", "--status", "Complete", "--yes") == Exit.OK
    assert "No record matches" in terminal.out
    assert [verb for verb, _ in api.asked] == ["delete-records?dry_run"]


def test_delete_without_a_terminal_and_without_yes_deletes_nothing(
    terminal: Terminal, spring: FakeCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert terminal.run("delete-records", "spring", "--all") == Exit.USAGE
    assert "--yes" in terminal.err
    assert len(spring.records) == 8


def test_delete_confirms_with_the_selection_of_the_dry_run(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign
) -> None:
    assert terminal.run("delete-records", "spring", "--status", "Fail", "--yes") == Exit.OK
    assert len(spring.records) == 4
    assert str(api.asked[-1][1]["confirm"]).startswith("selection-4-")


@pytest.mark.parametrize(("typed", "left"), [("y\n", 0), ("n\n", 8), ("\n", 8)])
def test_at_a_terminal_delete_asks(
    terminal: Terminal, spring: FakeCampaign, monkeypatch: pytest.MonkeyPatch, typed: str, left: int
) -> None:
    class Typed(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Typed(typed))
    terminal.run("delete-records", "spring", "--all")
    assert "for good? They cannot be brought back. [y/N]" in terminal.err
    assert len(spring.records) == left


def test_force_complete_says_how_many_and_undo_takes_it_back(
    terminal: Terminal, spring: FakeCampaign
) -> None:
    assert terminal.run("force-complete", "spring", "--yes") == Exit.OK
    assert terminal.out == "Spring sale was completed: 4 records were never dialled.\n"
    assert terminal.run("undo", "spring") == Exit.OK
    assert spring.undo is None
    assert terminal.run("undo", "spring") == Exit.REJECTED
    assert "nothing to undo" in terminal.err


def test_upload_gives_a_receipt_with_every_row_and_saves_the_rows_to_correct(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("PhoneNumber\n+919876500011\nnobody\n")
    errors = tmp_path / "errors.xlsx"
    assert terminal.run("upload", "spring", str(file), "--errors", str(errors)) == Exit.OK
    assert terminal.out.splitlines()[1].split() == ["u1", "committed", "2", "1", "0", "1"]
    assert "3  PhoneNumber  the phone number is not valid" in terminal.out
    assert errors.read_bytes() == b"PK workbook"
    assert ("upload", {"duplicates": "skip", "mode": "accept-valid", "new_columns": "refuse",
                       "file_name": "people.csv", "bytes": file.stat().st_size}) in api.asked  # fmt: skip


def test_a_file_that_is_no_workbook_is_rejected_with_advice(
    terminal: Terminal, spring: FakeCampaign, tmp_path: Path
) -> None:
    file = tmp_path / "people.txt"
    file.write_text("x")
    assert terminal.run("upload", "spring", str(file)) == Exit.REJECTED
    assert "not-a-workbook" in terminal.err
    assert "save it as Excel workbook" in terminal.err


def test_a_file_that_is_not_there_is_a_usage_error(terminal: Terminal, spring: FakeCampaign) -> None:
    assert terminal.run("upload", "spring", "/nowhere/people.csv") == Exit.USAGE


def test_download_writes_the_whole_file_under_its_name(
    terminal: Terminal, spring: FakeCampaign, tmp_path: Path
) -> None:
    path = tmp_path / "out.csv"
    assert (
        terminal.run("download", "spring", "--format", "csv", "--output", str(path), "--status", "Fail")
        == Exit.OK
    )
    assert len(path.read_text().splitlines()) == 5
    assert list(tmp_path.iterdir()) == [path]
    assert "as of spring@1" in terminal.out


def test_download_to_standard_output_is_the_file_and_nothing_else(
    api: FakeApi, spring: FakeCampaign, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert dispatch(["download", "spring", "--format", "csv", "--output", "-", "--url", api.url]) == Exit.OK
    assert capfdbinary.readouterr().out.startswith(b"RecordId,PhoneNumber\r\n1,")


def test_a_refused_download_leaves_no_file(terminal: Terminal, spring: FakeCampaign, tmp_path: Path) -> None:
    spring.position = "Running"
    path = tmp_path / "out.xlsx"
    assert terminal.run("download", "spring", "--format", "xlsx", "-o", str(path)) == Exit.REJECTED
    assert list(tmp_path.iterdir()) == []
    assert "stop it first" in terminal.err


def test_records_history_and_why(terminal: Terminal, spring: FakeCampaign) -> None:
    spring.append("outdial.CampaignStarted")
    assert terminal.run("records", "spring", "--reason", "Busy", "--limit", "2") == Exit.OK
    assert [line.split()[0] for line in terminal.out.splitlines()[1:]] == ["1", "3"]
    assert terminal.run("records", "spring", "--json") == Exit.OK
    assert len(json.loads(terminal.out)["items"]) == 8
    assert terminal.run("history", "spring") == Exit.OK
    assert "CampaignStarted" in terminal.out
    assert terminal.run("why", "spring") == Exit.OK
    assert "not-running" in terminal.out


def test_names_that_look_like_markup_are_shown_as_they_are(terminal: Terminal, spring: FakeCampaign) -> None:
    spring.records[0]["name"] = "[red]Bobby[/red] \x1b[2J"
    assert terminal.run("records", "spring", "--limit", "1") == Exit.OK
    assert "[red]Bobby[/red]" in terminal.out
    assert "\x1b" not in terminal.out


def test_watch_shows_changes_until_the_position_is_reached(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign
) -> None:
    spring.position = "Completed"
    assert terminal.run("watch", "spring", "--until", "Completed") == Exit.OK
    assert "spring  Completed  active 4" in terminal.out


def test_an_unknown_campaign_ends_with_4_and_says_how_to_find_the_ids(
    terminal: Terminal, api: FakeApi
) -> None:
    assert terminal.run("start", "autumn") == Exit.REJECTED
    assert "`outdial campaigns list` shows the ids" in terminal.err


def test_as_json_a_refusal_is_the_problem_document(terminal: Terminal, api: FakeApi) -> None:
    assert terminal.run("start", "autumn", "--json") == Exit.REJECTED
    assert json.loads(terminal.out)["code"] == "campaign-unknown"


def test_an_outcome_that_is_not_known_at_once_is_asked_for(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign
) -> None:
    api.unsettled["start"] = 2
    assert terminal.run("start", "spring") == Exit.OK
    assert terminal.out == "Spring sale was started.\n"


def test_a_rejection_that_is_known_later_is_a_rejection(
    terminal: Terminal, api: FakeApi, spring: FakeCampaign
) -> None:
    api.unsettled["undo"] = 1
    assert terminal.run("undo", "spring", "--command", "command-99") == Exit.REJECTED
    assert "undo-not-available" in terminal.err


def test_an_unknown_outcome_ends_with_5(terminal: Terminal, api: FakeApi, spring: FakeCampaign) -> None:
    api.refuse["start"] = Refused(503, "outcome-unknown", "The command was sent and its fate is not known.")
    assert terminal.run("start", "spring") == Exit.UNKNOWN


def test_nobody_listening_ends_with_3_and_says_how_to_start_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch(["campaigns", "list", "--url", "http://127.0.0.1:9"]) == Exit.INFRASTRUCTURE
    assert "start it with `outdial up`" in capsys.readouterr().err


def test_something_that_is_no_outdial_is_said(terminal: Terminal, api: FakeApi) -> None:
    url = f"{api.url}/console"
    assert dispatch(["campaigns", "list", "--url", url]) != Exit.OK


def test_a_token_is_needed_where_the_deployment_has_tokens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeApi(TOKEN) as api:
        assert dispatch(["campaigns", "list", "--url", api.url]) == Exit.USAGE
        assert "OUTDIAL_TOKEN" in capsys.readouterr().err
        monkeypatch.setitem(os.environ, "OUTDIAL_TOKEN", TOKEN)
        assert dispatch(["campaigns", "list", "--url", api.url]) == Exit.OK
