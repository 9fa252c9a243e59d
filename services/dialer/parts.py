"""What the rooms of one dialer share."""

from collections.abc import Callable
from dataclasses import dataclass

from outdial.telephony.port import Telephony
from services.dialer.clocks import Clocks
from services.dialer.do_not_call import DoNotCall
from services.dialer.fold import Fold
from services.dialer.metrics import Metrics
from services.dialer.sending import Commands


@dataclass(frozen=True, slots=True)
class Parts:
    """`now_us` is this machine's clock, microseconds UTC; `partitions` is the log's count."""

    fold: Fold
    commands: Commands
    telephony: Telephony
    clocks: Clocks
    metrics: Metrics
    now_us: Callable[[], int]
    partitions: int
    do_not_call: DoNotCall


class Superseded(Exception):
    """A newer dialer of this group is at work: this process must not dial any more."""


SUPERSEDED = "dialer-superseded"
