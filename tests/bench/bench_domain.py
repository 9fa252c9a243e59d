"""What the record book decides alone: the dry run, the decision and fold of a Reset, facts, and its memory."""

import time
from collections.abc import Sequence
from statistics import median
from typing import Final

from outdial.campaign import commands as c
from outdial.campaign.answers import Answer
from outdial.campaign.decide import Context, decide
from outdial.campaign.evolve import evolve
from outdial.campaign.filter import Filter
from outdial.campaign.preview import preview
from outdial.campaign.snapshot import to_bytes
from outdial.campaign.wire import to_fields
from tests.bench.histories import dial, uploaded
from tests.bench.measuring import ROUNDS, Line, Place
from tests.kit.campaign import CODEC, Campaign

RESET: Final = c.ResetCampaign((Filter(status=("Pending", "Fail", "Success")),))
DIALLED: Final = 100_000


def run(place: Place) -> Sequence[Line]:
    """One campaign of the full size, a tenth of it dialled."""
    began = time.perf_counter()
    campaign = uploaded(place.records)
    upload_s = time.perf_counter() - began
    dialled = min(DIALLED, place.records)
    began = time.perf_counter()
    dial(campaign, dialled)
    dial_s = time.perf_counter() - began
    dry, decided, affected = [], [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = preview(campaign.state, RESET, Context(campaign.now_us, "dry"))
        dry.append(time.perf_counter() - began)
        assert isinstance(found, Answer), found
        affected = found.affected
        decided.append(_reset_s(campaign))
    size = len(to_bytes(campaign.state))
    return [
        Line(
            "dry run of a Reset with all counts",
            median(dry) * 1000,
            "<= 100",
            "ms",
            f"{affected:,} records",
        ),
        Line("reset by filter: decided, encoded and folded", median(decided), "<= 1.0", "s"),
        Line("upload: decide, encode, decode, fold", place.records / upload_s, unit="rows/s"),
        Line("facts: decide, encode, decode, fold", 2 * dialled / dial_s, unit="rows/s"),
        Line("snapshot of the record book", size / place.records, unit="bytes per record"),
    ]


def _reset_s(campaign: Campaign) -> float:
    state = campaign.copy()
    context = Context(campaign.now_us, "reset")
    began = time.perf_counter()
    events = decide(state, RESET, context)
    assert isinstance(events, Sequence), events
    for event in events:
        CODEC.encode(f"outdial.{type(event).__name__}", to_fields(event))
        evolve(state, event, context.now_us)
    return time.perf_counter() - began
