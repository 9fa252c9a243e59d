"""Creating a campaign and changing its settings: every setting is checked, and every fault is named with its place."""

from typing import Any

import pytest

from outdial.campaign import commands as c
from outdial.campaign import events as e
from outdial.campaign.decide import Rejection
from outdial.campaign.defaults import DISPOSITIONS, NO_DISPOSITION, default_settings
from outdial.campaign.positions import Position
from outdial.campaign.rules.settings_checks import check_settings
from outdial.campaign.settings import AbandonLimit, CallingWindow, Disposition, RetryRule
from tests.kit.campaign import Campaign, changed, ready, settings, stopped

ABANDON = settings().abandon


def test_a_new_campaign_is_ready_and_empty() -> None:
    campaign = Campaign()

    events = campaign.accept(c.CreateCampaign(settings(name="Spring")))

    assert events == [e.CampaignCreated(settings(name="Spring"))]
    assert (campaign.position, campaign.state.version, campaign.state.sequence) == (Position.READY, 1, 1)
    assert campaign.state.book.tally.present == 0


def test_an_id_is_taken_once() -> None:
    assert ready().reject(c.CreateCampaign(settings())) == Rejection(
        "campaign-exists", {"campaign": "spring"}
    )


@pytest.mark.parametrize("campaign_id", ["", "Spring", "spring 1", "dnc:list", "s" * 65, "spring.1"])
def test_an_id_is_lower_case_letters_digits_and_hyphens(campaign_id: str) -> None:
    rejection = Campaign(campaign_id).reject(c.CreateCampaign(settings()))

    assert rejection.code == "settings-invalid"
    assert _pointers(rejection) == ["#/campaign_id"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"name": " "}, "#/name"),
        ({"name": "x" * 201}, "#/name"),
        ({"name": "a\nb"}, "#/name"),
        ({"region": "XX"}, "#/region"),
        ({"region": "in"}, "#/region"),
        ({"time_zone": "Asia/Kolkatta"}, "#/time_zone"),
        ({"time_zone": "Asia"}, "#/time_zone"),
        ({"time_zone": "../etc/passwd"}, "#/time_zone"),
        ({"time_zone": ""}, "#/time_zone"),
        ({"campaign_type": "power"}, "#/campaign_type"),
        ({"dial_method": "any"}, "#/dial_method"),
        ({"caller_id": "022 1234"}, "#/caller_id"),
        ({"caller_id": "+1 415 555 0100"}, "#/caller_id"),
        ({"ring_timeout_s": 4}, "#/ring_timeout_s"),
        ({"max_attempts": -1}, "#/max_attempts"),
        ({"wrap_up_s": 86_401}, "#/wrap_up_s"),
        ({"max_calls": 0}, "#/max_calls"),
        ({"date_format": "%d/%m"}, "#/date_format"),
        ({"date_format": "%q"}, "#/date_format"),
        ({"dialer_group": "a b"}, "#/dialer_group"),
        ({"columns": ["City", "ci ty"]}, "#/columns"),
        ({"columns": ["phone_number"]}, "#/columns"),
        ({"columns": ["Last Attempt At"]}, "#/columns"),
        ({"columns": [""]}, "#/columns/0"),
        ({"agents": ["anna", "anna"]}, "#/agents"),
        ({"agents": ["anna", " "]}, "#/agents/1"),
        ({"skills": ["x" * 101]}, "#/skills/0"),
        ({"dispositions": []}, "#/default_disposition"),
        ({"dispositions": [*DISPOSITIONS, Disposition("New", "none")]}, "#/dispositions/7/effect"),
        ({"dispositions": [*DISPOSITIONS, Disposition("New", "retry", -1)]}, "#/dispositions/7/delay_s"),
        ({"dispositions": [*DISPOSITIONS, DISPOSITIONS[0]]}, "#/dispositions"),
        ({"default_disposition": "Nothing"}, "#/default_disposition"),
        ({"default_disposition": "Callback"}, "#/default_disposition"),
        ({"retry": [RetryRule("Sleepy", 1, 1)]}, "#/retry/Sleepy"),
        ({"retry": [RetryRule("Unknown", 1, 1)]}, "#/retry/Unknown"),
        ({"retry": [RetryRule("Busy", 1, 1), RetryRule("Busy", 2, 1)]}, "#/retry/Busy"),
        ({"retry": [RetryRule("Busy", 0, 1)]}, "#/retry/Busy/attempts"),
        ({"retry": [RetryRule("Busy", 1, -1)]}, "#/retry/Busy/delay_s"),
        ({"calling_window": [CallingWindow("9:00", "21:00")]}, "#/calling_window/0"),
        ({"calling_window": [CallingWindow("21:00", "09:00")]}, "#/calling_window/0"),
        ({"calling_window": [CallingWindow("09:00", "24:01")]}, "#/calling_window/0"),
        ({"calling_window": [CallingWindow("09:00", "21:00", ["monday"])]}, "#/calling_window/0/days"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], pointer: str) -> None:
    rejection = Campaign().reject(c.CreateCampaign(changed(settings(), **given)))

    assert rejection.code == "settings-invalid"
    assert pointer in _pointers(rejection)


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"target_per_mille": 1001}, "#/abandon/target_per_mille"),
        ({"threshold_ms": -1}, "#/abandon/threshold_ms"),
        ({"window_s": 1}, "#/abandon/window_s"),
        ({"start_point": "ring"}, "#/abandon/start_point"),
    ],
)
def test_a_wrong_abandon_limit_is_named(given: dict[str, Any], pointer: str) -> None:
    values = {name: getattr(ABANDON, name) for name in AbandonLimit.__dataclass_fields__}

    found = check_settings(changed(settings(), abandon=AbandonLimit(**{**values, **given})))

    assert [at for at, _, _ in found] == [pointer]


def test_all_faults_are_told_at_once() -> None:
    rejection = Campaign().reject(c.CreateCampaign(settings(name="", region="XX", max_calls=0)))

    assert _pointers(rejection) == ["#/name", "#/region", "#/max_calls"]


@pytest.mark.parametrize(
    "given",
    [
        {"region": "DE", "time_zone": "Europe/Berlin"},
        {"caller_id": "+442071234567"},
        {"date_format": "%d.%m.%Y"},
        {"columns": ["City", "Order Number", "Ünïcode"]},
        {"calling_window": []},
        {"calling_window": [CallingWindow("00:00", "24:00", ["sun"])]},
        {"retry": []},
        {"agents": ["D'Souza, Anna"], "skills": ["हिन्दी"]},
    ],
)
def test_good_settings_are_taken(given: dict[str, Any]) -> None:
    Campaign().accept(c.CreateCampaign(settings(**given)))


def test_a_change_keeps_what_it_does_not_name() -> None:
    campaign = ready(agents=("anna",))

    (event,) = campaign.accept(c.ChangeSettings(name="Summer", agents=["anna", "bert"]))

    assert event == e.SettingsChanged(settings(name="Summer", agents=("anna", "bert")))
    assert campaign.state.settings == settings(name="Summer", agents=("anna", "bert"))


def test_the_same_settings_again_change_nothing() -> None:
    campaign = ready(agents=("anna",))

    assert campaign.accept(c.ChangeSettings(name="Spring", agents=["anna"])) == []
    assert campaign.answer is not None and campaign.answer.message == "The settings are so already."


def test_a_wrong_change_is_refused() -> None:
    assert _pointers(stopped().reject(c.ChangeSettings(time_zone="Mars/Olympus"))) == ["#/time_zone"]


def test_the_defaults_may_be_used_as_they_are() -> None:
    assert check_settings(default_settings(name="Spring", region="IN", time_zone="Asia/Kolkata")) == []


@pytest.mark.parametrize(
    ("dispositions", "default"),
    [
        (DISPOSITIONS, NO_DISPOSITION),
        ((Disposition("Sale", "final-success"), Disposition("No", "final-fail")), "No"),
        ((Disposition("Sale", "final-success"),), "Sale"),
    ],
)
def test_own_dispositions_bring_a_default_of_their_own(
    dispositions: tuple[Disposition, ...], default: str
) -> None:
    made = settings(dispositions=dispositions)

    assert made.default_disposition == default
    assert check_settings(made) == []


def _pointers(rejection: Rejection) -> list[str]:
    errors = rejection.details["errors"]
    assert isinstance(errors, list)
    return [error["pointer"] for error in errors]
