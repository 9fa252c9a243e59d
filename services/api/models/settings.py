"""The settings of a campaign as HTTP says them, to and from the values of the domain."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import Field

from outdial.campaign import settings as domain
from services.api.models.form import CampaignId, RequestForm


class Disposition(RequestForm):
    """One result that an agent may record."""

    name: str
    effect: str = Field(description="final-success, final-fail, retry, callback or do-not-call")
    delay_s: int = 0


class RetryRule(RequestForm):
    """How often an outcome is dialled in one pass, and after how many seconds again."""

    attempts: int
    delay_s: int


class CallingWindow(RequestForm):
    """When the called party may be called, in its own zone: `from` included, `to` excluded, HH:MM."""

    days: list[str] = Field(description="mon tue wed thu fri sat sun")
    start: str = Field(alias="from")
    end: str = Field(alias="to")


class AbandonLimit(RequestForm):
    """The bound of abandoned calls that the campaign promises."""

    target_per_mille: int
    threshold_ms: int
    start_point: str = Field(description="connected-to-system, greeting-start or greeting-end")
    window_s: int


class SettingsChange(RequestForm):
    """Settings to change; what is left out or null stays."""

    name: str | None = None
    region: str | None = Field(None, description="ISO 3166 region, for national numbers")
    time_zone: str | None = Field(None, description="IANA zone")
    campaign_type: str | None = Field(None, description="preview, progressive, predictive or ivr")
    dial_method: str | None = Field(None, description="nonagentwise, agentwise or skillwise")
    columns: list[str] | None = Field(None, description="extra columns, in order")
    agents: list[str] | None = None
    skills: list[str] | None = None
    dispositions: list[Disposition] | None = None
    caller_id: str | None = None
    ring_timeout_s: int | None = None
    retry: dict[str, RetryRule] | None = Field(None, description="by outcome")
    max_attempts: int | None = None
    calling_window: list[CallingWindow] | None = None
    abandon: AbandonLimit | None = None
    date_format: str | None = None
    wrap_up_s: int | None = None
    default_disposition: str | None = None
    max_calls: int | None = None


class CampaignCreate(SettingsChange):
    """A new campaign. Region and zone are required unless the deployment sets defaults."""

    name: str
    campaign_id: CampaignId | None = Field(None, description="missing: derived from the idempotency key")
    dialer_group: str | None = None


def given(form: SettingsChange) -> dict[str, Any]:
    """What the form sets, as values of the domain, by the domain's names."""
    said = {name: getattr(form, name) for name in form.model_fields_set if name != "campaign_id"}
    return {name: _DOMAIN.get(name, _same)(value) for name, value in said.items() if value is not None}


def shown(settings: domain.CampaignSettings) -> dict[str, Any]:
    """The settings as an answer says them: in the form that creation takes."""
    plain = {name: _plain(getattr(settings, name)) for name in _NAMES}
    return plain | {
        "dispositions": [
            {"name": one.name, "effect": one.effect, "delay_s": one.delay_s} for one in settings.dispositions
        ],
        "retry": {one.outcome: {"attempts": one.attempts, "delay_s": one.delay_s} for one in settings.retry},
        "calling_window": [
            {"days": list(one.days), "from": one.start, "to": one.end} for one in settings.calling_window
        ],
        "abandon": {name: getattr(settings.abandon, name) for name in AbandonLimit.model_fields},
    }


_STRUCTURED = ("dispositions", "retry", "calling_window", "abandon")
_NAMES = [name for name in domain.CampaignSettings.__dataclass_fields__ if name not in _STRUCTURED]


def _dispositions(forms: Sequence[Disposition]) -> list[domain.Disposition]:
    return [domain.Disposition(form.name, form.effect, form.delay_s) for form in forms]


def _retry(forms: Mapping[str, RetryRule]) -> list[domain.RetryRule]:
    return [domain.RetryRule(outcome, form.attempts, form.delay_s) for outcome, form in forms.items()]


def _windows(forms: Sequence[CallingWindow]) -> list[domain.CallingWindow]:
    return [domain.CallingWindow(form.start, form.end, list(form.days)) for form in forms]


def _abandon(form: AbandonLimit) -> domain.AbandonLimit:
    return domain.AbandonLimit(**form.model_dump())


def _same(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


_DOMAIN: Mapping[str, Callable[[Any], Any]] = {
    "dispositions": _dispositions,
    "retry": _retry,
    "calling_window": _windows,
    "abandon": _abandon,
}
