"""Messages on the events topic that the writer did not write: they freeze the streams they claim, and nothing else."""

import random

import pytest

from deploy.local.platform import LocalPlatform
from outdial.campaign.commands import StopCampaign
from outdial.eventlog.appender import Appender
from outdial.eventlog.ports import Message
from outdial.messages.envelope import Envelope
from tests.faults.deployment import PARTITIONS
from tests.faults.event_faults import TOPIC, history
from tests.faults.ledger import partition
from tests.faults.running import folder_of
from tests.faults.stage import Setting, Stage, staged
from tests.kit.log_checker import check_log
from tests.kit.log_reading import read_log

SEED = 11
LARGE = 900_000
REST_S = 30.0


async def foreign(stage: Stage, streams: list[str]) -> list[tuple[int, Message]]:
    """Damaged bytes, a foreign schema, a large one, and an event on a partition that is not its stream's."""
    damaged, schema, large, elsewhere = streams
    headers = Envelope("x", "outdial.Strange", "other", schema, 1).headers()
    strange = b"\xc3\x01" + bytes(8) + b"?"
    event = (await history(stage, elsewhere))[3]
    return [
        (partition(damaged), Message(damaged.encode(), random.Random(SEED).randbytes(99))),
        (partition(schema), Message(schema.encode(), strange, headers)),
        (partition(large), Message(large.encode(), bytes(LARGE))),
        ((partition(elsewhere) + 1) % PARTITIONS, Message(event.key, event.value, event.headers)),
    ]


async def codes(stage: Stage, mark: str) -> dict[str, str]:
    """What a Stop of each campaign is answered."""
    asked = {
        stream: await stage.load.ask(stream, StopCampaign(), f"{mark}/{stream}") for stream in stage.streams
    }
    return {stream: answer.code for stream, answer in asked.items()}


@pytest.mark.timeout(120)
async def test_a_foreign_event_freezes_the_stream_it_claims_and_the_others_are_served(
    platform: LocalPlatform,
) -> None:
    async with staged(Setting(platform, folder_of(platform, "foreign"), SEED)) as stage:
        assert await stage.load.rest(REST_S) == []
        await stage.instances["a"].stop()
        appender = Appender(stage.deployment.kafka)
        await appender.start()
        messages = await foreign(stage, list(stage.streams[::2]))
        places = [f"events/{at}@{await appender.append(TOPIC, at, message)}" for at, message in messages]
        await appender.stop()
        frozen = set(stage.streams[:6:2])  # the fourth claims nothing where it belongs

        for life in ("first", "second"):
            stage.deployment.start("a")
            await stage.deployment.served("a")

            answered = await codes(stage, life)

            assert {stream for stream, code in answered.items() if code == "campaign-parked"} == frozen
            assert await stage.instances["a"].stop() == 0
        kafka = stage.deployment.kafka
        findings = check_log(await read_log(kafka.bootstrap, kafka.prefix))
        assert [place for place in places if not any(place in finding for finding in findings)] == []
