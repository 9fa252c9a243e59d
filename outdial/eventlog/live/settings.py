"""What both engines need to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from outdial.eventlog.kafka import KafkaConfig

EXIT_HANDLER: Final = 70
EXIT_STUCK: Final = 71
EXIT_ENGINE: Final = 72
EXIT_STOP_TIMEOUT: Final = 73


class Store(Protocol):
    """What the watchdog asks the handler's store, from another thread: it believes that more than the engine."""

    async def cursors(self) -> Mapping[int, int]:
        """The next offset of each partition of the topic."""

    def lag(self, behind: Mapping[int, int]) -> None:
        """Hear by how many offsets the log is ahead of the cursors."""

    async def is_at_work(self) -> bool:
        """Whether it works on a batch and may do so for longer: a statement over millions of rows is no standstill."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """One topic read by one consumer group; times in seconds. `stuck_after`: probes without progress."""

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
    stuck_after: int = 10
    store: Store | None = None
