"""The words of records, attempts and dispositions, in the order of their codes. Mirrors schemas/reasons.yaml."""

from collections.abc import Mapping
from typing import Final

from outdial.campaign.settings import RetryRule

# A status's place is its code in the record book.
STATUSES: Final = ("Pending", "Success", "Fail", "Complete")
PENDING, SUCCESS, FAIL, COMPLETE = range(4)

EXPIRED: Final = "Expired"
DO_NOT_CALL: Final = "DoNotCall"
LIFETIME_CAP: Final = "LifetimeCap"
FORCE_COMPLETED: Final = "ForceCompleted"
REASONS: Final = (EXPIRED, DO_NOT_CALL, LIFETIME_CAP, FORCE_COMPLETED)

ANSWERED: Final = "Answered"
UNKNOWN: Final = "Unknown"
OUTCOMES: Final = (
    ANSWERED,
    "Busy",
    "NoAnswer",
    "Unreachable",
    "Rejected",
    "InvalidNumber",
    "OutOfOrder",
    "Congestion",
    "TimerExpiry",
    "NotAuthorised",
    "AnsweringMachine",
    "Fax",
    "Abandoned",
    "CustomerHangup",
    UNKNOWN,
)
# They say nothing about the called party, so that they are no attempt of the pass.
UNCOUNTED: Final = frozenset({"Congestion"})
DEFAULT_RETRY: Final = (
    RetryRule("Busy", 5, 600),
    RetryRule("NoAnswer", 3, 2700),
    RetryRule("Unreachable", 3, 3600),
    RetryRule("Rejected", 2, 3600),
    RetryRule("OutOfOrder", 2, 3600),
    RetryRule("Congestion", 10, 120),
    RetryRule("TimerExpiry", 3, 900),
    RetryRule("AnsweringMachine", 3, 7200),
    RetryRule("Abandoned", 2, 259_200),
    RetryRule("CustomerHangup", 2, 3600),
)

FINAL_SUCCESS: Final = "final-success"
FINAL_FAIL: Final = "final-fail"
RETRY: Final = "retry"
CALLBACK: Final = "callback"
DO_NOT_CALL_EFFECT: Final = "do-not-call"
EFFECTS: Final = (FINAL_SUCCESS, FINAL_FAIL, RETRY, CALLBACK, DO_NOT_CALL_EFFECT)

STATUS_CODE: Final[Mapping[str, int]] = {name: code for code, name in enumerate(STATUSES)}
# Code 0 is blank: never dialled in this pass.
REASON_NAMES: Final = ("", *REASONS, *OUTCOMES)
REASON_CODE: Final[Mapping[str, int]] = {name: code for code, name in enumerate(REASON_NAMES)}
