"""Compares our clock with the broker's, so that no bad time enters the history for ever."""

from collections.abc import Iterable


class ClockSkew(Exception):
    """The writer's clock and the broker's differ by more than is allowed; nothing was committed."""


def skew_us(before_us: int, after_us: int, stamp_us: int) -> int:
    """How far our clock is from the broker's at least, in microseconds; positive = ours is ahead.

    The broker stamped between our question (`before_us`) and its answer (`after_us`): as long as its stamp lies
    there, nothing is proven against our clock, however long the answer took.
    """
    if stamp_us < before_us:
        return before_us - stamp_us
    return min(after_us - stamp_us, 0)


def check(before_us: int, after_us: int, stamps_us: Iterable[int], allowed_us: int) -> None:
    """ClockSkew when a fresh time stamp of the broker cannot be reconciled with our clock."""
    for stamp_us in stamps_us:
        # the broker counts whole milliseconds
        found = skew_us(before_us - before_us % 1000, after_us, stamp_us)
        if abs(found) > allowed_us:
            side = "ahead of" if found > 0 else "behind"
            raise ClockSkew(f"our clock is at least {abs(found) / 1e6:.1f} s {side} the broker's")
