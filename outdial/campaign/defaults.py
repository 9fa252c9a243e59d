"""The settings of a campaign that says nothing more than name, region and zone."""

from collections.abc import Sequence
from typing import Any, Final

from outdial.campaign.settings import AbandonLimit, CallingWindow, CampaignSettings, Disposition
from outdial.campaign.vocabulary import (
    CALLBACK,
    DEFAULT_RETRY,
    DO_NOT_CALL_EFFECT,
    FINAL_FAIL,
    FINAL_SUCCESS,
    RETRY,
)
from outdial.campaign.window import DAYS

NO_DISPOSITION: Final = "No disposition"
DISPOSITIONS: Final = (
    Disposition("Interested", FINAL_SUCCESS),
    Disposition("Not interested", FINAL_FAIL),
    Disposition("Wrong person", FINAL_FAIL),
    Disposition("Call again", RETRY, 3600),
    Disposition("Callback", CALLBACK, 86_400),
    Disposition("Do not call", DO_NOT_CALL_EFFECT),
    Disposition(NO_DISPOSITION, FINAL_FAIL),
)
# The narrowest of the hours that section 5 of the domain reference names (India 09:00-21:00, US 08:00-21:00).
CALLING_WINDOW: Final = (CallingWindow("09:00", "21:00", DAYS),)
# US FTC safe harbour: at most 3 % of calls answered live within 30 days, connected within 2 s of the greeting.
ABANDON: Final = AbandonLimit(
    target_per_mille=30, threshold_ms=2000, start_point="greeting-end", window_s=30 * 86_400
)


def default_settings(*, name: str, region: str, time_zone: str, **given: Any) -> CampaignSettings:
    """The defaults with whatever else is given by its field's name; TypeError for a name that is no setting."""
    values: dict[str, Any] = {
        "campaign_type": "progressive",
        "dial_method": "nonagentwise",
        "caller_id": "",
        "ring_timeout_s": 30,
        "max_attempts": 0,
        "abandon": ABANDON,
        "date_format": "",
        "dialer_group": "default",
        "wrap_up_s": 60,
        "default_disposition": NO_DISPOSITION,
        "max_calls": 100,
        "dispositions": DISPOSITIONS,
        "retry": DEFAULT_RETRY,
        "calling_window": CALLING_WINDOW,
    }
    if "dispositions" in given and "default_disposition" not in given:
        values["default_disposition"] = _default_of(given["dispositions"])
    return CampaignSettings(name=name, region=region, time_zone=time_zone, **{**values, **given})


def _default_of(dispositions: Sequence[Disposition]) -> str:
    """What a wrap-up that runs out records: our own name for it, else the first that makes the record Fail."""
    names = [one.name for one in dispositions]
    failing = [one.name for one in dispositions if one.effect == FINAL_FAIL]
    return NO_DISPOSITION if NO_DISPOSITION in names else next(iter([*failing, *names]), NO_DISPOSITION)
