"""What this process has just been told by the log, so that whoever asks next through it sees his own writes."""

import time
from collections import OrderedDict
from typing import Final

RECENT_S: Final = 30.0
MOST: Final = 10_000


class Recent:
    """The newest sequence per campaign that an answer named, for half a minute."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def note(self, campaign: str, sequence: int) -> None:
        """An answer said that the campaign's stream stands there."""
        known = self._told.pop(campaign, (0, 0.0))[0]
        self._told[campaign] = (max(known, sequence), time.monotonic())
        if len(self._told) > MOST:
            self._told.popitem(last=False)

    def position(self, campaign: str) -> str | None:
        """The log position that the views should show before the campaign is read; None for any."""
        sequence, at = self._told.get(campaign, (0, 0.0))
        if not sequence or time.monotonic() - at > RECENT_S:
            return None
        return f"{campaign}@{sequence}"
