"""What a caller is told when the log does not say what became of an append."""

import pytest

from outdial.campaign.commands import StopCampaign
from outdial.client.requests import OutcomeUnknown, Request
from outdial.client.sender import CommandSender
from outdial.eventlog.appender import Appender
from outdial.eventlog.kafka import KafkaConfig
from outdial.eventlog.ports import AppendUnknown, Message


async def test_an_append_that_nobody_acknowledged_leaves_the_outcome_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unacknowledged(self: Appender, topic: str, partition: int, message: Message) -> int:
        raise AppendUnknown("no acknowledgement from Kafka")

    monkeypatch.setattr(Appender, "append", unacknowledged)
    sender = CommandSender(KafkaConfig("127.0.0.1:9"), 4, "tests")

    with pytest.raises(OutcomeUnknown, match="c-1"):
        await sender.send(Request("spring", StopCampaign(), "c-1", "ann"))
