"""Reads every committed event of a log, checked; strict stops at the first finding, tolerant goes on."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from outdial.audit.checking import Auditor, Checked
from outdial.client.registry import SchemaTopic
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import IntegrityError
from outdial.eventlog.replay import Progress, replay
from outdial.messages.codec import Codec
from outdial.messages.partition import partition_of

EVENTS = "outdial.events"
Show = Callable[[Progress], None]


async def auditor_of(kafka: KafkaConfig) -> Auditor:
    """An auditor that knows every published schema and the layout. Raises LogUnavailable, LayoutDiffers."""
    registry, codec = SchemaTopic(kafka), Codec()
    await registry.learn(codec)
    return Auditor(codec, await registry.partitions())


async def checked_events(
    kafka: KafkaConfig, auditor: Auditor, show: Show, *, campaign: str = "", strict: bool = True
) -> AsyncIterator[Checked]:
    """The events up to the end of the log as of now, each partition in its order; of one campaign if it is named.

    Raises IntegrityError at the first finding when strict; LogUnavailable.
    """
    parts = range(auditor.partitions)
    chosen = [partition_of(campaign.encode(), auditor.partitions)] if campaign else parts
    async with aclosing(replay(kafka, EVENTS, dict.fromkeys(chosen, 0), progress=show)) as batches:
        async for _, records in batches:
            for record in records:
                if campaign and record.key != campaign.encode():
                    continue
                checked = auditor.take(record)
                if strict and auditor.findings:
                    raise IntegrityError(str(auditor.findings[0]))
                if checked is not None:
                    yield checked
