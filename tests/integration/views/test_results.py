"""Answers in the views: whatever an answer says, it is stored and the next ones follow."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from outdial.client.registry import SchemaTopic
from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import LogRecord, Message
from outdial.messages.codec import Codec
from outdial.views import cursor, versions
from outdial.views.database import connect
from services.projection.results import MOVE_EVERY_S, TOPIC, Results
from tests.kit.fresh_log import fresh_log
from tests.kit.until import until

CODEC = Codec()


def answer(command_id: str, details: str = "{}", **changes: Any) -> Message:
    fields = {
        "command_id": command_id,
        "command_type": "outdial.StopCampaign",
        "request_hash": bytes(32),
        "accepted": False,
        "code": "campaign-unknown",
        "details": details,
        "first_sequence": 0,
        "last_sequence": 0,
        "version": 0,
        "affected": 0,
        "changed": False,
        "position": "",
        "message": "",
        "stream": "spring",
        "decided_us": time.time_ns() // 1000,
        "remember": True,
    }
    return Message(b"spring", CODEC.encode("outdial.CommandResult", fields | changes))


@asynccontextmanager
async def stored(bootstrap: str, dsn: str) -> AsyncIterator[tuple[KafkaConfig, Any]]:
    """Answers of a log of its own are stored; gives what shows one."""
    kafka = await fresh_log(bootstrap, f"r{uuid4().hex[:8]}-")
    await SchemaTopic(kafka).publish(CODEC)
    await versions.prepare(dsn)
    running = asyncio.create_task(Results(kafka, dsn).run())
    async with await connect(dsn) as db:

        async def result(command_id: str) -> Any:
            if running.done():
                running.result()
            found = await db.execute("SELECT result FROM command_results WHERE command_id = %s", [command_id])
            row = await found.fetchone()
            return row and row["result"]

        try:
            yield kafka, result
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_an_answer_with_what_the_database_cannot_hold_holds_up_nobody(bootstrap: str, dsn: str) -> None:
    """Programs that write to Kafka themselves are not bound by what HTTP lets through."""
    async with stored(bootstrap, dsn) as (kafka, result):
        appender = Appender(kafka)
        await appender.start()
        try:
            for message in (
                answer("nul-in-details", r'{"reason": "a\u0000b"}'),
                answer("nul-in-message", message="a\0b"),
                answer("nul\0in-id"),
                answer("x" * 100_000),
                answer("long-stream", stream="y" * 100_000),
                answer("i" * 512, stream="s" * 512),
                answer("the next one"),
            ):
                await appender.append("outdial.results", 0, message)
            await until(lambda: result("the next one"), "the last one is stored", 30)
        finally:
            await appender.stop()

        assert (await result("nul-in-details"))["details"] == {"reason": "a\ufffdb"}
        assert (await result("nul-in-message"))["message"] == "a\ufffdb"
        assert await result("nul\ufffdin-id")
        assert await result("i" * 512), "the longest that the writer takes"


async def test_answers_that_nobody_asks_for_again_move_the_cursor_every_five_seconds(dsn: str) -> None:
    """Chunks and attempts: a transaction for each of their batches would cost more than the answers are worth."""
    await versions.prepare(dsn)
    results = Results(KafkaConfig("nowhere"), dsn)
    async with await connect(dsn) as db:

        async def after(offset: int, **changes: Any) -> int:
            message = answer(f"c{offset}", **changes)
            await results._store(db, 0, [LogRecord(0, offset, 0, message.key, message.value, ())])
            return (await cursor.cursors(db, TOPIC, [0]))[0]

        assert await after(0, remember=False) == 1
        assert await after(1, remember=False) == 1
        assert await after(2) == 3, "one that is kept is stored at once, and all before it are done with"
        assert await after(3, remember=False) == 3
        results._moved[0] -= MOVE_EVERY_S
        assert await after(4, remember=False) == 5
