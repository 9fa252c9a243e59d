"""Settings of a campaign: values only."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Disposition:
    """One result that an agent may record."""

    name: str
    effect: str
    delay_s: int = 0


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How often and when an outcome is dialled again within one pass."""

    outcome: str
    attempts: int
    delay_s: int


@dataclass(frozen=True, slots=True)
class CallingWindow:
    """When the called party may be called, in the called party's zone."""

    start: str
    end: str
    days: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AbandonLimit:
    """The promised bound of abandoned calls."""

    target_per_mille: int
    threshold_ms: int
    start_point: str
    window_s: int


@dataclass(frozen=True, slots=True)
class CampaignSettings:
    """Everything an administrator sets on a campaign."""

    name: str
    region: str
    time_zone: str
    campaign_type: str
    dial_method: str
    caller_id: str
    ring_timeout_s: int
    max_attempts: int
    abandon: AbandonLimit
    date_format: str
    dialer_group: str
    wrap_up_s: int
    default_disposition: str
    max_calls: int
    columns: Sequence[str] = ()
    agents: Sequence[str] = ()
    skills: Sequence[str] = ()
    dispositions: Sequence[Disposition] = ()
    retry: Sequence[RetryRule] = ()
    calling_window: Sequence[CallingWindow] = ()
