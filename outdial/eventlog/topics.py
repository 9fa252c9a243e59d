"""The declared topics against the broker's: makes what is missing, refuses what differs."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogUnavailable
from outdial.messages.schemas import data

ALREADY_EXISTS: Final = 36
LEADERS_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Layout:
    """How the topics are spread: partitions for life, replicas, and how many must be in step."""

    partitions: int
    replication: int
    min_isr: int
    dialer_groups: int = 1

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
        settings = {key: str(value) for key, value in topic["config"].items()}
        settings["min.insync.replicas"] = str(layout.min_isr)
        found.append(
            Declared(kafka.topic(name), int(counts.get(partitions, partitions)), layout.replication, settings)
        )
    return found


async def apply(kafka: KafkaConfig, layout: Layout) -> list[str]:
    """Create what is missing and wait for leaders; returns the names of the new topics."""
    admin = await _connect(kafka)
    try:
        have = set(await admin.list_topics())
        new = [topic for topic in declared(kafka, layout) if topic.name not in have]
        if new:
            answer = await admin.create_topics([_new_topic(topic) for topic in new])
            failed = [error for error in answer.topic_errors if error[1] not in (0, ALREADY_EXISTS)]
            if failed:
                raise TopicsDiffer([f"{error[0]} cannot be made: {error[2]}" for error in failed])
        await _wait_for_leaders(admin, kafka, layout)
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


def _new_topic(topic: Declared) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, topic.replication, topic_configs=dict(topic.settings))


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


async def _wait_for_leaders(admin: AIOKafkaAdminClient, kafka: KafkaConfig, layout: Layout) -> None:
    wanted = {topic.name: topic.partitions for topic in declared(kafka, layout)}
    async with asyncio.timeout(LEADERS_TIMEOUT_S):
        while True:
            described = {found["topic"]: found["partitions"] for found in await admin.describe_topics()}
            led = {name: [p for p in parts if p["leader"] >= 0] for name, parts in described.items()}
            if all(len(led.get(name, ())) >= count for name, count in wanted.items()):
                return
            await asyncio.sleep(0.05)


async def _connect(kafka: KafkaConfig) -> AIOKafkaAdminClient:
    admin = AIOKafkaAdminClient(**kafka.client())
    try:
        await admin.start()
    except (KafkaError, OSError) as error:
        await admin.close()
        raise LogUnavailable(f"cannot reach Kafka at {kafka.bootstrap}: {error}") from error
    return admin
