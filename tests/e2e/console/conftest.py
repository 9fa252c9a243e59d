"""A real browser for all tests of the console; each test has an API and a page of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.kit.browser import Browser, Page
from tests.kit.fake_api import FakeApi, serving
from tests.kit.fake_campaign import FakeCampaign, record

REASONS = ("", "Answered", "Busy")
STATUSES = ("Pending", "Success", "Fail")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with Browser() as running:
        yield running


@pytest.fixture
def api() -> Iterator[FakeApi]:
    yield from serving(FakeApi())


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.page() as page:
        yield page
        assert page.troubles == []


@dataclass
class Console:
    """The page of one campaign, open in the browser."""

    api: FakeApi
    page: Page
    campaign: FakeCampaign

    def open(self, part: str = "") -> Page:
        """Open the campaign's page and wait until it is filled."""
        self.page.open(f"{self.api.url}/console/#/campaigns/{self.campaign.campaign_id}{part}")
        self.page.see(self.campaign.name, "h1")
        return self.page

    def commands(self) -> list[str]:
        """The commands that were sent, without dry runs."""
        return [verb for verb, _ in self.api.asked if not verb.endswith("dry_run")]


@pytest.fixture
def console(api: FakeApi, page: Page) -> Console:
    """Twelve records: four Pending, four Success, four Fail; odd ones have the skill hindi."""
    records = [
        record(
            number,
            status=STATUSES[number % 3],
            reason=REASONS[number % 3],
            disposition="Sale" if number % 3 == 1 else "",
            priority=number,
            agent="asha" if number > 6 else "",
            skill="hindi" if number % 2 else "",
        )
        for number in range(1, 13)
    ]
    return Console(api, page, api.add(records=records))
