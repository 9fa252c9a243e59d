"""The list of campaigns, creating one, logging in."""

import pytest

from tests.kit.browser import Browser, Page
from tests.kit.fake_api import TOKEN, FakeApi
from tests.kit.fake_campaign import record


def test_the_list_shows_positions_and_counts_and_says_that_it_is_live(api: FakeApi, page: Page) -> None:
    api.add(records=[record(1), record(2, status="Success")])
    page.open(api.url)
    page.see("Spring sale")
    assert page.text("tbody tr").split() == ["Spring", "sale", "spring", "Ready", "2", "1", "0", "1", "0"]
    page.see("Live", "#live")


def test_a_change_elsewhere_is_seen_without_loading_anew(api: FakeApi, page: Page) -> None:
    spring = api.add(records=[record(1)])
    page.open(api.url)
    page.see("Live", "#live")
    page.eval("window.stillTheSamePage = true")
    spring.position = "Running"
    api.tell(spring, "position", "counts")
    page.see("Running", "tbody tr")
    assert page.eval("window.stillTheSamePage")


def test_without_events_the_list_is_asked_for_again_and_again(api: FakeApi, page: Page) -> None:
    api.without_watch = True
    spring = api.add()
    page.open(api.url)
    page.see("Every 3 seconds", "#live")
    spring.position = "Stopped"
    page.see("Stopped", "tbody tr")
    page.troubles.clear()  # the browser notes the event source that was refused


def test_calls_that_are_only_simulated_are_announced(api: FakeApi, page: Page) -> None:
    page.open(api.url)
    page.see("no real telephone is called", "#banner")


def test_without_campaigns_the_first_one_is_offered(api: FakeApi, page: Page) -> None:
    page.open(api.url)
    page.click("main a", "Create the first one")
    page.see("New campaign", "h1")


def test_creating_a_campaign_opens_it_and_says_so(api: FakeApi, page: Page) -> None:
    page.open(f"{api.url}/console/#/new")
    page.see("New campaign", "h1")
    labelled(page, "Name", "Autumn")
    labelled(page, "Region", "in")
    labelled(page, "Time zone", "Asia/Kolkata")
    page.click("summary", "More settings")
    labelled(page, "Further columns", "City, Plan")
    page.click("button", "Add a disposition")
    labelled(page, "Name", "Sale", which=1)
    page.click("button", "Add a retry rule")
    labelled(page, "Attempts", "2")
    labelled(page, "Delay in seconds", "60", which=1)
    page.click("button", "Add a time window")
    page.choose(".rows input[type=time]", "09:00")
    page.choose(".rows .field:nth-child(3) input[type=time]", "00:00")
    page.click("button", "Create campaign")
    page.see("Autumn was created.", ".notice.good")
    page.see("Autumn", "h1")
    (verb, body) = api.asked[0]
    assert verb == "create"
    assert body == {
        "name": "Autumn",
        "region": "IN",
        "time_zone": "Asia/Kolkata",
        "campaign_type": "progressive",
        "dial_method": "nonagentwise",
        "columns": ["City", "Plan"],
        "dispositions": [{"name": "Sale", "effect": "final-success", "delay_s": 0}],
        "retry": {"Busy": {"attempts": 2, "delay_s": 60}},
        "calling_window": [
            {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "09:00", "to": "24:00"}
        ],
    }


def test_a_refused_campaign_keeps_what_was_typed_and_says_what_is_wrong(api: FakeApi, page: Page) -> None:
    api.add("autumn", "Autumn")
    page.open(f"{api.url}/console/#/new")
    page.see("New campaign", "h1")
    labelled(page, "Name", "Another")
    labelled(page, "Region", "IN")
    labelled(page, "Campaign id", "autumn")
    page.click("button", "Create campaign")
    page.see("A campaign of that id exists", ".trouble")
    assert page.eval(f"({_CONTROL})('Name').value") == "Another"
    page.troubles.clear()  # the browser notes the refusal


def test_who_is_not_logged_in_sees_the_login_page_and_comes_back(browser: Browser) -> None:
    with FakeApi(TOKEN) as api, browser.page() as page:
        api.add()
        page.open(f"{api.url}/console/#/campaigns/spring")
        page.see("Log in", "h1")
        page.fill("input[type=password]", "wrong")
        page.press("Enter")
        page.see("The token is not known", ".trouble")
        page.fill("input[type=password]", TOKEN)
        page.press("Enter")
        page.see("Spring sale", "h1")
        assert page.eval("document.cookie") == ""  # no script can read the session
        page.click("#logout")
        page.see("Log in", "h1")


@pytest.mark.parametrize("place", ["#/campaigns/nowhere", "#/no/such/page"])
def test_an_address_that_is_none_is_said(api: FakeApi, page: Page, place: str) -> None:
    page.open(f"{api.url}/console/{place}")
    page.see("All campaigns", "main")
    page.troubles.clear()  # the browser notes the refusal


_CONTROL = (
    "(name, which = 0) => document.getElementById("
    "[...document.querySelectorAll('label')].filter(l => l.textContent === name)[which].htmlFor)"
)


def labelled(page: Page, label: str, text: str, which: int = 0) -> None:
    """Type into the control of a label."""
    page.fill(f"#{page.eval(f'({_CONTROL})({label!r}, {which}).id')}", text)
