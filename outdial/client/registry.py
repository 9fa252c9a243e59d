"""The schema topic: every schema is published before its first use, and the layout of the log beside them."""

import json
from collections.abc import Mapping
from typing import Final

from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import Message
from outdial.eventlog.replay import replay
from outdial.messages.codec import Codec, fingerprint
from outdial.messages.schemas import schema_texts

TOPIC: Final = "outdial.schemas"
LAYOUT: Final = b"layout"


class LayoutDiffers(Exception):
    """The log was made with another partition count; it is fixed for life."""


class SchemaTopic:
    """Reads and publishes schemas; keys are fingerprints in hex."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._kafka = kafka

    async def learn(self, codec: Codec) -> int:
        """Teach the codec every published schema; returns how many there are."""
        found = await self._read()
        for key, value in found.items():
            if key != LAYOUT:
                codec.learn(value.decode())
        return len(found)

    async def publish(self, codec: Codec) -> None:
        """Learn what is there, then publish what is missing. Raises LogUnavailable."""
        await self._append(_unpublished(await self._read(), codec))

    async def partitions(self) -> int:
        """The partition count of the log; LayoutDiffers when the log says none yet."""
        stored = (await self._read()).get(LAYOUT)
        if stored is None:
            raise LayoutDiffers("the log has no layout yet: `outdial topics apply`")
        count: int = json.loads(stored)["partitions"]
        return count

    async def prepare(self, partitions: int, codec: Codec) -> None:
        """`publish`, and write the partition count of the log once; LayoutDiffers when it is another one already."""
        have = await self._read()
        await self._append(_unsaid(have, partitions))
        await self._append(_unpublished(have, codec))

    async def _read(self) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        async for _, records in replay(self._kafka, TOPIC, {0: 0}):
            found.update((r.key, r.value) for r in records if r.key is not None and r.value is not None)
        return found

    async def _append(self, entries: dict[bytes, bytes]) -> None:
        if not entries:
            return
        appender = Appender(self._kafka)
        await appender.start()
        try:
            for key, value in entries.items():
                await appender.append(TOPIC, 0, Message(key, value))
        finally:
            await appender.stop()


def _unsaid(have: Mapping[bytes, bytes], partitions: int) -> dict[bytes, bytes]:
    """The layout where there is none yet."""
    stored = have.get(LAYOUT)
    if stored is None:
        return {LAYOUT: json.dumps({"partitions": partitions}).encode()}
    if json.loads(stored)["partitions"] != partitions:
        raise LayoutDiffers(f"the log has {stored.decode()}, this deployment says {partitions} partitions")
    return {}


def _unpublished(have: Mapping[bytes, bytes], codec: Codec) -> dict[bytes, bytes]:
    """This program's schemas that are not there; those that are there are taught to the codec."""
    for key, value in have.items():
        if key != LAYOUT:
            codec.learn(value.decode())
    wanted = {fingerprint(text).hex().encode(): text for text in schema_texts().values()}
    return {key: text.encode() for key, text in wanted.items() if key not in have}
