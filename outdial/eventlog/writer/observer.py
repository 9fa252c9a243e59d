"""What a writer tells of itself while it works; whoever counts it gives its own observer."""

from typing import Protocol

from outdial.eventlog.writer.states import WriterState


class WriterObserver(Protocol):
    """Called from the writer's loop: must be quick and must not raise. Times in seconds."""

    def changed(self, partition: int, state: WriterState) -> None:
        """The writer is in another state."""

    def opened(self, partition: int, events: int, took_s: float) -> None:
        """The fold is complete; `events` were read beside a snapshot."""

    def fenced(self, partition: int) -> None:
        """Somebody else has opened the partition since."""

    def hung(self, partition: int) -> None:
        """The broker had not ended a transaction in one of the partition's topics."""

    def committed(self, commands: int, took_s: float, oldest_s: float) -> None:
        """A batch is durable; its oldest command had waited so long when it was decided."""


class Unobserved:
    """Nobody counts."""

    def changed(self, partition: int, state: WriterState) -> None:
        """Nothing."""

    def opened(self, partition: int, events: int, took_s: float) -> None:
        """Nothing."""

    def fenced(self, partition: int) -> None:
        """Nothing."""

    def hung(self, partition: int) -> None:
        """Nothing."""

    def committed(self, commands: int, took_s: float, oldest_s: float) -> None:
        """Nothing."""
