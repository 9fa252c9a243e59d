"""What the command service counts, for Prometheus."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from outdial.eventlog.writer.states import WriterState

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
COMMANDS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
EVENTS: Final = (0, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)


class Metrics:
    """Every name, unit and help in one place; `eventlog`'s WriterObserver."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._state = Gauge(
            "outdial_writer_state",
            "1 for the state a partition is in",
            ["partition", "state"],
            registry=registry,
        )
        self._commits = Histogram(
            "outdial_writer_commit_seconds", "Append of a batch, durable", buckets=SECONDS, registry=registry
        )
        self._batches = Histogram(
            "outdial_writer_batch_commands", "Commands of a batch", buckets=COMMANDS, registry=registry
        )
        self._lag = Histogram(
            "outdial_writer_lag_seconds",
            "How long the oldest command of a batch had waited",
            buckets=SECONDS,
            registry=registry,
        )
        self._rebuilds = Histogram(
            "outdial_writer_rebuild_seconds", "Opening of a partition", buckets=SECONDS, registry=registry
        )
        self._rebuilt = Histogram(
            "outdial_writer_rebuild_events", "Events read at an opening", buckets=EVENTS, registry=registry
        )
        self._fences = Counter("outdial_writer_fences", "Openings by somebody else", registry=registry)
        self._hung = Counter(
            "outdial_writer_transactions_hung",
            "Transactions that the broker had not ended in a partition of a topic",
            registry=registry,
        )
        self._answers = _Answers()
        registry.register(self._answers)
        self._quarantined = Counter(
            "outdial_commands_quarantined", "Commands that could not be read", registry=registry
        )
        self._parked = Gauge("outdial_campaigns_parked", "Campaigns parked", ["partition"], registry=registry)

    def changed(self, partition: int, state: WriterState) -> None:
        """The writer is in another state."""
        for one in WriterState:
            self._state.labels(str(partition), one.value).set(1 if one is state else 0)

    def opened(self, partition: int, events: int, took_s: float) -> None:
        """The fold is complete."""
        self._rebuilds.observe(took_s)
        self._rebuilt.observe(events)

    def fenced(self, partition: int) -> None:
        """Somebody else has opened the partition since."""
        self._fences.inc()

    def hung(self, partition: int) -> None:
        """The broker had not ended a transaction in one of the partition's topics."""
        self._hung.inc()

    def committed(self, commands: int, took_s: float, oldest_s: float) -> None:
        """A batch is durable."""
        self._commits.observe(took_s)
        if commands:
            self._batches.observe(commands)
            self._lag.observe(oldest_s)

    def answered(self, command_type: str, answer: str, code: str = "") -> None:
        """A command has its answer: accepted, rejected (with its code), previewed or replayed."""
        self._answers.counts[command_type, answer, code] += 1

    def quarantined(self) -> None:
        """A command could not be read."""
        self._quarantined.inc()

    def parked(self, partition: int, campaigns: int) -> None:
        """How many campaigns of a partition take no commands."""
        self._parked.labels(str(partition)).set(campaigns)


class _Answers(Collector):
    """Counts without the lock that a Counter takes each time: only the writers' loop counts, for every command."""

    def __init__(self) -> None:
        self.counts: defaultdict[tuple[str, str, str], int] = defaultdict(int)

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(
            "outdial_commands", "Commands answered", labels=["type", "answer", "code"]
        )
        for labels, count in list(self.counts.items()):
            family.add_metric(labels, count)
        yield family
