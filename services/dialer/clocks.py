"""How far the clocks of the writer and of the telephone network are from ours: beyond 250 ms nothing is dialled."""

from typing import Final

from outdial.telephony.port import ClockOffset

MAX_SKEW_US: Final = 250_000
# Between the far side's look at its clock and the ringing phone.
MARGIN_US: Final = 50_000
FRESH_US: Final = 30_000_000


class Clocks:
    """Keeps the newest measurements; without a fresh one of the network nothing may be dialled."""

    def __init__(self) -> None:
        self._network: ClockOffset | None = None
        self._measured_us = 0
        self._writer_skew_us = 0
        self._writer_us = 0

    def network_said(self, offset: ClockOffset, now_us: int) -> None:
        """Take a measurement of the network's clock."""
        self._network, self._measured_us = offset, now_us

    def network_lost(self) -> None:
        """The network did not answer: nothing is dialled until it says its time again."""
        self._network = None

    def writer_said(self, decided_us: int, sent_us: int, received_us: int) -> None:
        """An answer was decided between these two instants of ours, whatever the writer's clock says."""
        self._writer_skew_us = max(decided_us - received_us, sent_us - decided_us, 0)
        self._writer_us = received_us

    def problem(self, now_us: int) -> str:
        """Why nothing may be dialled now; empty = the clocks are good."""
        if self._network is None or now_us - self._measured_us > FRESH_US:
            return "the telephone network's clock is not known"
        if abs(self.network_skew_us) > MAX_SKEW_US:
            return f"the telephone network's clock differs by {self.network_skew_us / 1e6:.3f} s"
        if self._writer_skew_us > MAX_SKEW_US and now_us - self._writer_us < FRESH_US:
            return f"the command service's clock differs by {self._writer_skew_us / 1e6:.3f} s"
        return ""

    @property
    def network_skew_us(self) -> int:
        """The network's clock less ours, as well as it is known."""
        return (self._network.low_us + self._network.high_us) // 2 if self._network else 0

    def deadline(self, originate_before_us: int) -> int:
        """A deadline of ours on the network's clock; early by what is not known, and by a margin."""
        low_us = self._network.low_us if self._network else 0
        return originate_before_us + low_us - MARGIN_US
