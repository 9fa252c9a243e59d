"""What becomes of a record after an outcome or a disposition: final, due again, or waiting. Knows no book."""

from dataclasses import dataclass
from typing import Final

from outdial.campaign.settings import CampaignSettings, Disposition
from outdial.campaign.vocabulary import (
    ANSWERED,
    CALLBACK,
    DO_NOT_CALL,
    DO_NOT_CALL_EFFECT,
    FINAL_FAIL,
    FINAL_SUCCESS,
    LIFETIME_CAP,
    UNCOUNTED,
)

SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A record as it stands, the attempt in question included. `may_schedule` is false where nothing is dialled again:
    in Completed, or when Force Complete came while the call was up."""

    attempts: int
    uncounted: int
    lifetime: int
    may_schedule: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """Status, reason and next attempt (microseconds UTC, 0 = none) of the record afterwards."""

    status: str
    reason: str
    next_attempt_us: int = 0


def after_outcome(outcome: str, standing: Standing, settings: CampaignSettings, now_us: int) -> Fate:
    """Answered waits for its disposition; else the campaign's retry rule of the outcome, within the caps."""
    if outcome == ANSWERED:
        return Fate("Pending", ANSWERED)
    rule = next((rule for rule in settings.retry if rule.outcome == outcome), None)
    made = standing.uncounted if outcome in UNCOUNTED else standing.attempts
    if rule is None or made >= rule.attempts or not standing.may_schedule:
        return Fate("Fail", outcome)
    return _again(outcome, now_us + rule.delay_s * SECOND_US, standing, settings)


def after_disposition(
    disposition: Disposition, callback_us: int, standing: Standing, settings: CampaignSettings, now_us: int
) -> Fate:
    """The effect that the campaign gives the disposition, within the caps.

    A callback without an instant is due after the disposition's delay.
    """
    effect = disposition.effect
    if effect == FINAL_SUCCESS:
        return Fate("Success", ANSWERED)
    if effect == DO_NOT_CALL_EFFECT:
        return Fate("Fail", DO_NOT_CALL)
    if effect == FINAL_FAIL or not standing.may_schedule:
        return Fate("Fail", ANSWERED)
    delayed_us = now_us + disposition.delay_s * SECOND_US
    due_us = callback_us if effect == CALLBACK and callback_us else delayed_us
    return _again(ANSWERED, due_us, standing, settings)


def _again(reason: str, due_us: int, standing: Standing, settings: CampaignSettings) -> Fate:
    if settings.max_attempts and standing.lifetime >= settings.max_attempts:
        return Fate("Fail", LIFETIME_CAP)
    return Fate("Pending", reason, due_us)
