"""Bounds a graceful stop: one that hangs must not keep the partitions."""

import os
import threading

from outdial.eventlog.live.settings import EXIT_STOP_TIMEOUT


def stop_timer(within_s: float) -> None:
    """End the process with 73 unless it is gone by itself in time."""
    timer = threading.Timer(within_s, os._exit, args=(EXIT_STOP_TIMEOUT,))
    timer.daemon = True
    timer.start()
