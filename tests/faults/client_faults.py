"""Faults of clients: killed between asking and hearing; everything asked again, twice, in another order."""

import asyncio
from typing import Final

from tests.faults.cut_client import SOURCE, commands_of
from tests.faults.instance import Instance
from tests.faults.outcome import Hit
from tests.faults.stage import Stage
from tests.kit.log_reading import read_log
from tests.kit.until import until

CUT_AFTER_S: Final = (0.0, 0.12)
AGAIN: Final = 2


async def cut_off(stage: Stage) -> Hit:
    """kill -9 of a client with many commands under way; another asks all of them again, twice, shuffled.

    Hit are those that the log has from the dead client and that it had not heard of.
    """
    await stage.deployment.served("a")
    deployment, seed = stage.deployment, stage.random.getrandbits(31)
    kafka, streams = deployment.kafka, ",".join(stage.streams)
    module = ["tests.faults.cut_client", kafka.bootstrap, kafka.prefix, str(seed), streams]
    client = Instance("client", module, deployment.folder / "client.log", deployment.environ("client"))
    await until(lambda: client.says("sending") > 0, "the client sends")
    await stage.a_moment(*CUT_AFTER_S)
    client.kill()
    again = [asked for asked in commands_of(seed, stage.streams) for _ in range(AGAIN)]
    stage.random.shuffle(again)
    await asyncio.gather(*(stage.load.ask(*asked) for asked in again))
    cut = await _cut(stage, seed, client)
    missed = "" if cut else "the client was dead before it asked, or had heard everything"
    return Hit(
        0.0, missed, {"asked again": len(again), "heard before": client.says("heard")}, times=max(cut, 1)
    )


async def _cut(stage: Stage, seed: int, client: Instance) -> int:
    kafka = stage.deployment.kafka
    log = await read_log(kafka.bootstrap, kafka.prefix)
    heard = {line["command_id"] for line in client.look() if line["message"] == "heard"}
    mine = [entry for entry in log.commands if entry.header("ce_source").startswith(SOURCE)]
    arrived = {entry.header("ce_id") for entry in mine if entry.header("ce_id").startswith(f"cut-{seed}-")}
    return len(arrived - heard)
