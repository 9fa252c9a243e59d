"""A wish from a signal handler is heard, wherever the program is just then."""

import signal
import time
from collections.abc import Iterator

import pytest

from outdial.runtime.wish import Wish

OFTEN_S = 0.001
WAITS = 500_000


@pytest.fixture
def signals() -> Iterator[list[Wish]]:
    """While it lasts, a signal makes these wishes every moment."""
    wishes: list[Wish] = []

    def make(*_: object) -> None:
        for wish in wishes:
            wish.make()

    before = signal.signal(signal.SIGPROF, make)
    signal.setitimer(signal.ITIMER_PROF, OFTEN_S, OFTEN_S)
    yield wishes
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


@pytest.mark.timeout(20)
def test_a_signal_in_the_middle_of_a_wait_holds_nobody_up(signals: list[Wish]) -> None:
    wish = Wish()
    signals.append(wish)

    assert sum(wish.wait(0.0) for _ in range(WAITS)) > 0


def test_a_wish_ends_a_wait_and_stays() -> None:
    wish, began = Wish(), time.monotonic()
    assert not wish.wait(0.01)
    wish.make()
    wish.make()

    assert wish.wait(60.0)
    assert wish.wait(60.0)
    assert time.monotonic() < began + 30.0
