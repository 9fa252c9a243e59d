"""Start and Stop, Reset, Delete, Force Complete and Undo, as an administrator uses them."""

import pytest

from tests.e2e.console.conftest import Console
from tests.kit.fake_campaign import Refused

HOLD_WHAT_IS_READ = """(() => {
  const plain = window.fetch;
  window.fetch = (where, how) => (how?.method ?? "GET") === "GET" ? new Promise(() => {}) : plain(where, how);
})()"""


def test_one_button_starts_and_stops(console: Console) -> None:
    page = console.open()
    assert "Start" in page.text("#toggle")
    page.click("#toggle")
    page.see("Spring sale was started.", ".notice.good")
    page.see("Stop", "#toggle")
    page.see("Running", ".pill")
    page.click("#toggle")
    page.see("Start", "#toggle")
    assert console.commands() == ["start", "stop"]


def test_stop_is_heard_as_soon_as_it_is_shown(console: Console) -> None:
    page = console.open()
    page.eval(HOLD_WHAT_IS_READ)
    page.click("#toggle")
    page.see("Stop", "#toggle")  # the event stream tells it before the page has read anything again
    page.click("#toggle")
    page.wait_for(lambda: console.commands() == ["start", "stop"], "it is asked for")


def test_pressing_twice_asks_once(console: Console) -> None:
    page = console.open()
    page.eval("for (const _ of [1, 2]) document.querySelector('#toggle').click()")
    page.see("Stop", "#toggle")
    assert console.commands() == ["start"]


@pytest.mark.parametrize(
    ("position", "off"),
    [
        ("Ready", {"reset", "undo"}),
        ("Running", {"reset", "delete", "download", "addData", "undo"}),
        ("Stopped", {"download", "addData", "undo"}),
        ("Completed", {"toggle", "forceComplete", "undo"}),
    ],
)
def test_every_button_that_is_off_says_why_and_does_nothing(
    console: Console, position: str, off: set[str]
) -> None:
    console.campaign.position = position
    page = console.open()
    found = page.eval(
        "[...document.querySelectorAll('.function button')].filter(b => b.ariaDisabled === 'true')"
        ".map(b => [b.id, document.getElementById(b.getAttribute('aria-describedby')).innerText])"
    )
    assert {button for button, _ in found} == off
    for button, why in found:
        assert why.endswith(".")
        page.click(f"#{button}")
    assert page.eval("document.querySelectorAll('dialog').length") == 0
    assert console.commands() == []


def test_an_auditor_is_offered_downloads_and_told_why_nothing_else(console: Console) -> None:
    console.api.role = "auditor"
    page = console.open()

    page.see("Your role does not allow this.", "#functions, main")

    assert page.eval("document.getElementById('toggle').ariaDisabled") == "true"
    page.click("#reset")
    assert page.eval("document.querySelectorAll('dialog').length") == 0
    assert page.eval("document.getElementById('download').ariaDisabled") != "true"
    assert console.commands() == []


def test_reset_counts_while_one_chooses_and_resets_what_was_counted(console: Console) -> None:
    console.campaign.position = "Stopped"
    page = console.open()
    page.click("#reset")
    page.see("12 records match.", "dialog")
    page.click("dialog .choice summary", "Status")
    page.click("dialog .options label", "Fail")
    page.see("4 records match.", "dialog")
    page.click("dialog .choice summary", "Skill")
    page.click("dialog .options label", "(blank)")
    page.see("2 records match.", "dialog")
    page.click("dialog button.primary", "Reset 2 records")
    page.see("2 records were reset.", ".notice.good")
    page.see("Ready", ".pill")
    verb, body = console.api.asked[-1]
    assert (verb, body["filters"]) == ("reset", {"status": ["Fail"], "skill": [None]})
    assert body["selection"].startswith("selection-2-")


def test_what_was_counted_before_a_change_cannot_be_confirmed_after_it(console: Console) -> None:
    console.campaign.position = "Stopped"
    page = console.open()
    page.click("#reset")
    page.see("Reset 12 records", "dialog button.primary")
    is_off_at_once = (
        "(() => { const box = [...document.querySelectorAll('dialog .options input')][2]; box.click();"
        "return document.querySelector('dialog button.primary').disabled; })()"
    )
    assert page.eval(is_off_at_once)
    page.see("Reset 4 records", "dialog button.primary")


def test_all_eight_fields_reach_the_server(console: Console) -> None:
    console.campaign.position = "Stopped"
    page = console.open()
    page.click("#reset")
    page.see("12 records match.", "dialog")
    dates = page.eval("[...document.querySelectorAll('dialog input[type=date]')].map(e => '#' + e.id)")
    page.choose(dates[0], "2026-01-01")
    page.choose(dates[1], "2026-12-31")
    for name, value in (("Status", "Success"), ("Reason", "Answered"), ("Dispositions", "Sale")):
        page.click("dialog .choice summary", name)
        page.click("dialog .choice[open] .options label", value)
    for name, value in (("Agent", "asha"), ("Skill", "hindi")):
        page.click("dialog .choice summary", name)
        page.click("dialog .choice[open] .options label", value)
    page.fill("dialog input[inputmode=numeric]", "7, 10-12")
    page.see("1 record matches.", "dialog")
    assert console.api.asked[-1][1]["filters"] == {
        "from_date": "2026-01-01",
        "to_date": "2026-12-31",
        "date_field": "last_attempt",
        "priority": ["7", "10-12"],
        "status": ["Success"],
        "reason": ["Answered"],
        "disposition": ["Sale"],
        "agent": ["asha"],
        "skill": ["hindi"],
    }


def test_nothing_that_matches_leaves_nothing_to_confirm(console: Console) -> None:
    console.campaign.position = "Completed"
    page = console.open()
    page.click("#reset")
    page.click("dialog .choice summary", "Status")
    page.click("dialog .options label", "Complete")
    page.see("No record matches.", "dialog .why")
    assert page.eval("document.querySelector('dialog button.primary').disabled")


def test_delete_warns_and_needs_a_tick_before_it_deletes_what_was_shown(console: Console) -> None:
    page = console.open()
    page.click("#delete")
    page.see("This cannot be taken back.", "dialog .warning")
    page.click("dialog .choice summary", "Status")
    page.click("dialog .options label", "Success")
    page.see("Tick the box first.", "dialog .why")
    page.see("Delete 4 records for good", "dialog button.danger")
    assert page.eval("document.querySelector('dialog button.danger').disabled")
    page.click("dialog .sure", "4 records")
    page.click("dialog button.danger")
    page.see("4 records were deleted for good.", ".notice.good")
    assert len(console.campaign.records) == 8
    assert str(console.api.asked[-1][1]["confirm"]).startswith("selection-4-")


def test_when_other_records_match_by_now_delete_counts_and_asks_again(console: Console) -> None:
    page = console.open()
    page.click("#delete")
    page.see("12 records match.", "dialog")
    console.campaign.records.pop()
    page.click("dialog .sure")
    page.click("dialog button.danger")
    page.see("11 records match.", "dialog")
    page.see("Other records match now", "dialog .trouble")
    assert page.eval("document.querySelector('dialog button.danger').disabled")
    assert len(console.campaign.records) == 11
    page.troubles.clear()  # the browser notes the refusal


def test_a_window_closes_on_escape_and_gives_the_focus_back(console: Console) -> None:
    page = console.open()
    page.click("#delete")
    page.see("12 records match.", "dialog")
    page.press("Escape")
    page.wait("!document.querySelector('dialog')")
    assert page.eval("document.activeElement.id") == "delete"
    assert console.commands() == []


def test_force_complete_asks_and_its_message_stands_on_top(console: Console) -> None:
    page = console.open()
    page.click("#forceComplete")
    page.see("4 records of Spring sale are still active", "dialog")
    page.click("dialog button.danger", "Force Complete")
    page.see("Spring sale was completed: 4 records were never dialled.", ".notice.good")
    page.see("Completed", ".pill")
    assert page.eval("document.querySelector('.notice').getBoundingClientRect().top") < 200


def test_undo_is_offered_after_a_reset_and_takes_it_back(console: Console) -> None:
    console.campaign.position = "Stopped"
    page = console.open()
    page.click("#reset")
    page.click("dialog button.primary", "Reset 12 records")
    page.see("12 records were reset.", ".notice.good")
    page.wait("document.querySelector('#undo').ariaDisabled === 'false'")
    page.click("#undo")
    page.see("Undo Reset?", "dialog")
    page.click("dialog button.primary", "Undo")
    page.see("The reset was undone.", ".notice.good")
    page.wait("document.querySelector('#undo').ariaDisabled === 'true'")


def test_an_outcome_that_is_not_known_at_once_is_asked_for(console: Console) -> None:
    console.api.unsettled["start"] = 2
    page = console.open()
    page.click("#toggle")
    page.see("Spring sale was started.", ".notice.good")


def test_a_rejection_that_is_known_later_is_shown_as_one(console: Console) -> None:
    console.campaign.undo = {"command_id": "command-1", "command": "reset"}
    console.api.unsettled["undo"] = 1
    page = console.open()
    page.click("#undo")
    console.campaign.undo = None  # somebody else was faster, while the window was open
    page.click("dialog button.primary")
    page.see("There is nothing of that command to undo.", "dialog .trouble")


def test_a_refusal_is_shown_with_what_to_do_and_the_page_goes_on(console: Console) -> None:
    detail = "No record of the campaign is active. Add data, or reset records."
    console.api.refuse["start"] = Refused(409, "nothing-to-dial", detail)
    page = console.open()
    page.click("#toggle")
    page.see("No record of the campaign is active.", ".notice.bad")
    page.see("Add data, or reset records.", ".notice.bad")
    page.click("#toggle")
    page.see("Spring sale was started.", ".notice.good")
    page.troubles.clear()  # the browser notes the refusal
