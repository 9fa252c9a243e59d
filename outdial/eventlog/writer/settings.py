"""The values of the writer, measured on the real broker (docs/decisions): change them with a measurement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outdial.eventlog.ports import Decider
from outdial.eventlog.writer.observer import Unobserved, WriterObserver
from outdial.eventlog.writer.points import Reached, nothing


@dataclass(frozen=True, slots=True)
class WriterTopics:
    """The topics of one writer; all have the same partitions."""

    commands: str = "outdial.commands"
    events: str = "outdial.events"
    results: str = "outdial.results"
    blocks: str = "outdial.persons"
    quarantine: str = "outdial.quarantine"


@dataclass(frozen=True, slots=True)
class WriterSettings:
    """`decider` makes the rules of a partition at each opening.

    `reached` is called at the named points of the protocol. `snapshots` is a folder for local cache files, used when
    the decider is Restorable.
    """

    decider: Callable[[int], Decider]
    clock: Callable[[], int]
    group: str = "outdial-command"
    instance: str | None = None  # static membership: a restart within the session does not rebalance
    transactional_id: str = "outdial-command"
    topics: WriterTopics = field(default_factory=WriterTopics)
    max_batch: int = 256
    max_bytes: int = 4 << 20
    feed_batches: int = 4
    marker_wait_s: float = 0.002
    transaction_timeout_ms: int = 10_000
    transaction_wait_s: float = 8.0
    open_timeout_s: float = 30.0
    markers_within_s: float = 5.0
    session_timeout_ms: int = 6_000
    rebalance_timeout_ms: int = 10_000
    results_window_us: int = 24 * 3600 * 1_000_000
    chores_every_s: float = 1.0
    max_skew_us: int = 1_000_000
    compression: Mapping[str, str] = field(default_factory=lambda: {"type": "zstd"})
    reached: Reached = nothing
    observer: WriterObserver = field(default_factory=Unobserved)
    snapshots: Path | None = None
    snapshot_every_s: float = 600.0
