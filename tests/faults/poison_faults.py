"""Poison on the commands topic under load: each is refused by the broker, answered or put into quarantine, once."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from tests.faults.outcome import Hit
from tests.faults.poison import Poison, corpus, mutated
from tests.faults.stage import Stage

TOPIC: Final = "outdial.commands"
NO_LIMIT: Final = 64 << 20
BATCH: Final = 500


async def known_poison(stage: Stage) -> Hit:
    """The whole corpus, while the load goes on."""
    return await _poisoned(stage, corpus(stage.streams, f"poison-{stage.random.getrandbits(31)}"))


def mutations(count: int) -> Callable[[Stage], Awaitable[Hit]]:
    """So many damaged commands at once."""
    return partial(_mutations, count=count)


async def _mutations(stage: Stage, count: int) -> Hit:
    seed = stage.random.getrandbits(31)
    return await _poisoned(stage, mutated(stage.streams, f"mutated-{seed}", count, random.Random(seed)))


async def _poisoned(stage: Stage, poison: Sequence[Poison]) -> Hit:
    await stage.deployment.served("a")
    began, service = time.monotonic(), stage.instances["a"]
    sent = await _send(stage, poison)
    recovery_s = await stage.recovered(began)
    if not service.is_alive:
        raise TimeoutError(f"the service ended with {service.process.returncode}")
    missed = "" if sent else "the broker took nothing"
    return Hit(recovery_s, missed, {"refused by the broker": len(poison) - sent}, times=max(sent, 1))


async def _send(stage: Stage, poison: Sequence[Poison]) -> int:
    sent = 0
    for compression in (None, "gzip"):
        producer = AIOKafkaProducer(
            **stage.deployment.kafka.client(), compression_type=compression, max_request_size=NO_LIMIT
        )
        await producer.start()
        try:
            for one in poison:
                if one.compressed is (compression is not None):
                    sent += await _send_one(producer, stage.deployment.kafka.topic(TOPIC), one)
        finally:
            await producer.stop()
    return sent


async def _send_one(producer: AIOKafkaProducer, topic: str, one: Poison) -> bool:
    message = one.message
    try:
        await producer.send_and_wait(
            topic, message.value, message.key, partition=one.partition, headers=list(message.headers)
        )
    except MessageSizeTooLargeError:
        return False
    return True
