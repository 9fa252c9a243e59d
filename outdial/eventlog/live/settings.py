"""What both engines need to know."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from outdial.eventlog.kafka import KafkaConfig

EXIT_HANDLER: Final = 70
EXIT_STUCK: Final = 71
EXIT_ENGINE: Final = 72
EXIT_STOP_TIMEOUT: Final = 73


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """One topic read by one consumer group; times in seconds.

    `cursors` asks the handler's store, on a connection of its own, for the next offsets of all partitions: the
    watchdog believes it more than what the engine saw pass by.
    """

    kafka: KafkaConfig
    topic: str
    group: str
    instance: str | None = None
    session_timeout_s: float = 6.0
    heartbeat_s: float = 1.2
    rebalance_timeout_s: float = 10.0
    max_batch: int = 500
    stop_within_s: float = 15.0
    data_folder: str = ""
    probe_every_s: float = 2.5
    stuck_after: int = 12  # probes of a partition of ours that lags and stands still
    cursors: Callable[[], Awaitable[Mapping[int, int]]] | None = None
