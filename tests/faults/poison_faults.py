"""Poison on the commands topic under load: each is refused by the broker, answered or put into quarantine, once."""

import random
import struct
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.record.util import calc_crc32c

from tests.faults.outcome import Hit
from tests.faults.poison import Poison, corpus, mutated
from tests.faults.stage import Stage

TOPIC: Final = "outdial.commands"
NO_LIMIT: Final = 64 << 20
BATCH: Final = 500
CRC_AT: Final = 17  # of a record batch of version 2; what it covers follows


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
    if one.bent is not None:
        await (await producer.send_batch(_bent(producer, one, *one.bent), topic, partition=one.partition))
        return True
    try:
        await producer.send_and_wait(
            topic, message.value, message.key, partition=one.partition, headers=list(message.headers)
        )
    except MessageSizeTooLargeError:
        return False
    return True


def _bent(producer: AIOKafkaProducer, one: Poison, written: bytes, bent: bytes) -> Any:
    """A batch of the one message with some bytes changed, and a checksum that says that all is well."""
    batch = producer.create_batch()
    batch.append(
        timestamp=None, key=one.message.key, value=one.message.value, headers=list(one.message.headers)
    )
    built = bytearray(batch._build())
    assert built.count(written) == 1 and len(written) == len(bent)
    built[:] = built.replace(written, bent)
    struct.pack_into(">I", built, CRC_AT, calc_crc32c(built[CRC_AT + 4 :]))
    batch._buffer = built
    return batch
