"""A log of its own on a broker that others use too."""

from outdial.eventlog import topics
from outdial.eventlog.kafka import KafkaConfig


async def fresh_log(bootstrap: str, prefix: str) -> KafkaConfig:
    """Topics of one partition each, named with this prefix."""
    kafka = KafkaConfig(bootstrap, prefix=prefix)
    await topics.apply(kafka, topics.Layout(partitions=1, replication=1, min_isr=1))
    return kafka
