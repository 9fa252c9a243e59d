"""The dialer on the real broker, command service and network: campaigns run to their end, exactly once a call."""

from collections import Counter

from tests.kit.dialling import Rig


async def test_a_campaign_runs_to_completed_and_log_and_ledger_agree(rig: Rig) -> None:
    await rig.campaign("spring", 300)
    rig.launch("dialer")
    await rig.begin("spring")

    log = await rig.completed("spring")

    assert await rig.findings(log) == []
    kinds = Counter(event.name for event in log.of("spring"))
    assert kinds["CampaignCompleted"] == 1
    assert kinds["DispositionRecorded"] > 50
    assert len(rig.network.placed()) >= 300
