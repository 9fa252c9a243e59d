"""A client as a process of its own, to be killed in the middle: sends its seeded commands at once, says what it hears.

`python -m tests.faults.cut_client host:port prefix seed stream,stream`. One line of JSON for each answer on its log.
"""

import asyncio
import json
import random
import sys
from collections.abc import Sequence
from typing import Final

from outdial.campaign import commands as c
from outdial.client.requests import Request
from outdial.client.sender import CommandSender
from outdial.eventlog.kafka import KafkaConfig
from tests.faults.deployment import PARTITIONS
from tests.faults.load import ACTOR

COUNT: Final = 150
SOURCE: Final = "faults/cut"
Asked = tuple[str, c.Command, str]


def commands_of(seed: int, streams: Sequence[str]) -> list[Asked]:
    """Stream, command and id of all that the client of a seed asks: what is accepted, refused, changes nothing."""
    chance = random.Random(f"cut/{seed}")
    found: list[Asked] = []
    for number in range(COUNT):
        kinds: list[c.Command] = [
            c.ChangeSettings(name=f"cut {number}"),
            c.StopCampaign(),
            c.StartCampaign(),
            c.ForceComplete(),
            c.UndoCommand("never-sent"),
            c.ResetCampaign(()),
            c.WithdrawUpload("never-begun"),
        ]
        command = chance.choices(kinds, [4, 3, 3, 1, 1, 1, 1])[0]
        found.append((chance.choice(streams), command, f"cut-{seed}-{number}"))
    return found


async def main(bootstrap: str, prefix: str, seed: str, streams: str) -> None:
    """Send everything; nobody repeats anything."""
    sender = CommandSender(KafkaConfig(bootstrap, prefix=prefix), PARTITIONS, SOURCE)
    await sender.start()
    say(message="sending")
    await asyncio.gather(*(ask(sender, asked) for asked in commands_of(int(seed), streams.split(","))))


async def ask(sender: CommandSender, asked: Asked) -> None:
    """One command; its answer is said."""
    stream, command, command_id = asked
    answer = await sender.send(Request(stream, command, command_id, ACTOR, ttl_s=0), 60.0)
    say(message="heard", command_id=answer.command_id)


def say(**line: str) -> None:
    """One line for whoever reads the log."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
