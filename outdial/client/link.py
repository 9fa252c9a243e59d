"""Everything with which a process writes: commands, and blocks of personal data; opened and closed together."""

from outdial.client.requests import Answer, Request
from outdial.client.sender import CommandSender
from outdial.client.upload import Upload, UploadSession
from outdial.eventlog.appender import Appender
from outdial.eventlog.blocks import BlockWriter
from outdial.eventlog.kafka import KafkaConfig

PERSONS = "outdial.persons"


class KafkaLink:
    """A sender of commands and a writer of blocks; `source` names the process in the envelope of its commands."""

    def __init__(self, kafka: KafkaConfig, partitions: int, source: str) -> None:
        self.sender = CommandSender(kafka, partitions, source)
        self._appender = Appender(kafka)
        self._blocks = BlockWriter(self._appender, PERSONS)

    async def start(self) -> None:
        """Connect both. Raises LogUnavailable when the broker is away."""
        await self._appender.start()
        await self.sender.start()

    async def stop(self) -> None:
        """Close both."""
        await self.sender.stop()
        await self._appender.stop()

    async def broken(self) -> None:
        """Wait until answers are no longer heard."""
        await self.sender.broken()

    async def send(self, request: Request, timeout_s: float = 5.0) -> Answer:
        """Send one command. Raises LogUnavailable, AppendUnknown, OutcomeUnknown."""
        return await self.sender.send(request, timeout_s)

    async def write(self, partition: int, key: str, value: bytes) -> int:
        """Write one block; its offset. Raises LogUnavailable, AppendUnknown."""
        return await self._blocks.write(partition, key, value)

    def session(self, upload: Upload) -> UploadSession:
        """The session that carries one upload."""
        return UploadSession(self.sender, self._blocks, self.sender.codec, upload)
