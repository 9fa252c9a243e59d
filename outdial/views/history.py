"""The history that people read: every event with its place in the log, batches as counts, no personal data."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from functools import cache
from typing import Any, Final

from psycopg import AsyncConnection

from outdial.campaign import events as e
from outdial.campaign.filter import Filter
from outdial.views.columns import storable
from outdial.views.database import Row
from outdial.views.facts import Fact

_TYPES: Final = ("text", "int8", "int4", "int8", "text", "text", "text", "int8", "jsonb")
_COUNTED: Final = ("record", "row", "duplicate_row", "invalid_row", "block_row")
_TOLD: Final = ("outcome", "reason")  # columns whose values are counted


async def write(db: AsyncConnection[Row], facts: Iterable[Fact]) -> None:
    """Append events; each once, which the cursor guarantees."""
    async with db.cursor() as cursor, cursor.copy("COPY history FROM STDIN (FORMAT BINARY)") as copying:
        copying.set_types(_TYPES)
        for fact in facts:
            if fact.event is not None:
                place = (fact.campaign, fact.sequence, fact.partition, fact.offset, type(fact.event).__name__)
                cause = (storable(fact.actor), storable(fact.command_id), fact.at_us)
                await copying.write_row((*place, *cause, summary(fact.event)))


def summary(event: Any) -> dict[str, Any]:
    """An event as the history shows it: columns as their length, record sets as their size."""
    told: dict[str, Any] = {}
    kind: type = type(event)
    for name in _names(kind):
        value = getattr(event, name)
        if isinstance(value, bytes):
            told[name] = f"{len(value)} bytes"
        elif isinstance(value, str | int | bool):
            told[name] = storable(value)
        elif name in _COUNTED:
            told[f"{name}s"] = len(value)
        elif name in _TOLD and value:
            told[f"{name}s"] = dict(Counter(value))
        elif name == "filters" and value:
            told["filters"] = [_given(each) for each in value]
    if isinstance(event, e.CampaignCreated | e.SettingsChanged):
        told["settings"] = json.loads(json.dumps(storable(asdict(event.settings))))
    return told


@cache
def _names(kind: type) -> Sequence[str]:
    return [one.name for one in fields(kind)]


def _given(one: Filter) -> dict[str, Any]:
    return {name: value for name, value in asdict(one).items() if value is not None}
