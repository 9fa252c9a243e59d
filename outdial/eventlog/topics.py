"""The declared topics against the broker's: makes what is missing, refuses what differs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from outdial.eventlog.kafka import KafkaConfig, unreachable
from outdial.messages.schemas import data

ALREADY_EXISTS: Final = 36
LEADERS_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Layout:
    """How the topics are spread: partitions for life, replicas, and how many must be in step.

    `config` holds settings by topic that differ from the declared ones.
    """

    partitions: int
    replication: int
    min_isr: int
    dialer_groups: int = 1
    config: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def named(cls, name: str, dialer_groups: int = 1) -> "Layout":
        """A layout of schemas/topics.yaml: `local` or `production`."""
        return cls(**data("topics")["layout"][name], dialer_groups=dialer_groups)


@dataclass(frozen=True, slots=True)
class Declared:
    """One topic as it should be; settings as Kafka's texts."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


class TopicsDiffer(Exception):
    """The broker's topics are not the declared ones; each difference as a sentence."""

    def __init__(self, differences: list[str]) -> None:
        super().__init__("; ".join(differences) + ". `outdial topics apply` makes what is missing")
        self.differences = differences


def declared(kafka: KafkaConfig, layout: Layout) -> list[Declared]:
    """Every topic of schemas/topics.yaml in this layout."""
    counts = {"layout": layout.partitions, "dialer_groups": layout.dialer_groups}
    found = []
    for name, topic in data("topics")["topics"].items():
        partitions = topic["partitions"]
        settings = settings_of(name, layout)
        settings["min.insync.replicas"] = str(layout.min_isr)
        found.append(
            Declared(kafka.topic(name), int(counts.get(partitions, partitions)), layout.replication, settings)
        )
    return found


def settings_of(name: str, layout: Layout) -> dict[str, str]:
    """The settings of a topic that schemas/topics.yaml and the layout say."""
    chosen = data("topics")["topics"][name]["config"] | dict(layout.config.get(name, {}))
    return {key: str(value) for key, value in chosen.items()}


async def apply(kafka: KafkaConfig, layout: Layout) -> list[str]:
    """Create what is missing, set what is set otherwise, wait for leaders; returns the names of the new topics.

    A partition count is never changed: it decides where keys go, for life. `check` tells such a difference.
    """
    admin = await _connect(kafka)
    try:
        wanted = declared(kafka, layout)
        have = set(await admin.list_topics())
        new = [topic for topic in wanted if topic.name not in have]
        if new:
            await _create(admin, new)
        await _wait_for_leaders(admin, wanted)
        for topic in [topic for topic in wanted if topic.name in have]:
            if await _setting_differences(admin, [topic]):
                await _set(admin, topic)
        return [topic.name for topic in new]
    finally:
        await admin.close()


async def check(kafka: KafkaConfig, layout: Layout) -> None:
    """TopicsDiffer when a topic is missing, has another partition count or another setting."""
    admin = await _connect(kafka)
    try:
        wanted = declared(kafka, layout)
        described = {found["topic"]: found for found in await admin.describe_topics()}
        differences = [why for topic in wanted for why in _partition_differences(topic, described)]
        present = [topic for topic in wanted if topic.name in described]
        differences += await _setting_differences(admin, present)
    finally:
        await admin.close()
    if differences:
        raise TopicsDiffer(differences)


async def _create(admin: AIOKafkaAdminClient, new: list[Declared]) -> None:
    answer = await admin.create_topics(
        [NewTopic(t.name, t.partitions, t.replication, topic_configs=dict(t.settings)) for t in new]
    )
    failed = [error for error in answer.topic_errors if error[1] not in (0, ALREADY_EXISTS)]
    if failed:
        raise TopicsDiffer([f"{error[0]} cannot be made: {error[2]}" for error in failed])


async def _set(admin: AIOKafkaAdminClient, topic: Declared) -> None:
    """Give a topic all of its declared settings; the broker's defaults hold for the others."""
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=dict(topic.settings))
    for answer in await admin.alter_configs([resource]):
        failed = [found[1] for found in answer.resources if found[0]]
        if failed:
            raise TopicsDiffer([f"{topic.name} cannot be set: {why}" for why in failed])


def _partition_differences(topic: Declared, described: Mapping[str, Any]) -> list[str]:
    if topic.name not in described:
        return [f"topic {topic.name} is missing"]
    have = len(described[topic.name]["partitions"])
    if have != topic.partitions:
        return [f"topic {topic.name} has {have} partitions instead of {topic.partitions}"]
    return []


async def _setting_differences(admin: AIOKafkaAdminClient, topics: list[Declared]) -> list[str]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    answers = await admin.describe_configs(resources) if resources else []
    have = {
        (resource[3], entry[0]): entry[1]
        for answer in answers
        for resource in answer.resources
        for entry in resource[4]
    }
    return [
        f"topic {topic.name} has {name}={have.get((topic.name, name))} instead of {value}"
        for topic in topics
        for name, value in topic.settings.items()
        if have.get((topic.name, name)) != value
    ]


async def _wait_for_leaders(admin: AIOKafkaAdminClient, topics: list[Declared]) -> None:
    names = {topic.name for topic in topics}
    async with asyncio.timeout(LEADERS_TIMEOUT_S):
        while True:
            described = await admin.describe_topics()
            led = {
                found["topic"]
                for found in described
                if found["partitions"] and all(part["leader"] >= 0 for part in found["partitions"])
            }
            if names <= led:
                return
            await asyncio.sleep(0.05)


async def _connect(kafka: KafkaConfig) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(**kafka.client())
    try:
        await admin.start()
    except (KafkaError, OSError) as error:
        await admin.close()
        raise unreachable(kafka, error) from error
    return admin
