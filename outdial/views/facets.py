"""Counts how many records have each value of a field: what people filter by, beside the list."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg import AsyncConnection

from outdial.views.database import Row
from outdial.views.selecting import ALL, VISIBLE

Db = AsyncConnection[Row]
_OF_STATES: Final = {
    "status": "s.status",
    "reason": "s.reason",
    "disposition": "s.disposition",
    "last_agent": "s.last_agent",
}
_OF_RECORDS: Final = {"priority": "r.priority::text", "agent": "r.agent", "skill": "r.skill"}
FACETS: Final = {**_OF_STATES, **_OF_RECORDS}
# Records that nobody sees are those of an open upload, and those hidden by a delete that can be undone. They are
# told by the few uploads and deletes there are, so that states and records need not be joined, which takes longest.
_STATES: Final = """
    SELECT {given}, count(*) AS total FROM record_states AS s
    WHERE s.campaign = %(campaign)s AND s.deleted_by IS NULL AND NOT EXISTS (
        SELECT 1 FROM uploads AS u WHERE u.campaign = %(campaign)s AND u.state = 'checking'
        AND s.record >= u.first_record AND s.record < u.first_record + u.numbers)
    GROUP BY {columns}
"""
_RECORDS: Final = """
    SELECT {given}, count(*) AS total FROM records AS r
    WHERE r.campaign = %(campaign)s AND r.upload_id NOT IN (
        SELECT u.upload_id FROM uploads AS u WHERE u.campaign = %(campaign)s AND u.state = 'checking')
    GROUP BY {columns}
    UNION ALL
    SELECT {given}, -count(*) AS total FROM records AS r JOIN record_states AS s USING (campaign, record)
    WHERE r.campaign = %(campaign)s AND s.deleted_by IS NOT NULL
    AND EXISTS (SELECT 1 FROM hidden_deletes AS h WHERE h.campaign = %(campaign)s)
    GROUP BY {columns}
"""


async def facets(db: Db, campaign_id: str, chosen: tuple[str, list[Any]]) -> dict[str, dict[str, int]]:
    """Per field how many matching records have each of its values; blank is the empty text."""
    text, values = chosen
    if text == ALL:
        parts = [_grouped(0, _OF_STATES, _STATES), _grouped(1, _OF_RECORDS, _RECORDS)]
        found = await db.execute(" UNION ALL ".join(parts), {"campaign": campaign_id})
        return _told([_OF_STATES, _OF_RECORDS], await found.fetchall())
    given = f"SELECT {{given}}, count(*) AS total {VISIBLE} AND {text} GROUP BY {{columns}}"
    found = await db.execute(_grouped(0, FACETS, given), [campaign_id, *values])
    return _told([FACETS], await found.fetchall())


def _grouped(part: int, fields: Mapping[str, str], combinations: str) -> str:
    """First the combinations that there are, which are few: a record is looked at once, not once per field."""
    given = ", ".join(f"{column} AS {name}" for name, column in fields.items())
    query = combinations.format(given=given, columns=", ".join(fields.values()))
    names, sets = ", ".join(fields), ", ".join(f"({name})" for name in fields)
    return (
        f"SELECT {part} AS part, ARRAY[{names}] AS given, GROUPING({names}) AS which, sum(total)::bigint AS total"
        f" FROM ({query}) AS combinations GROUP BY GROUPING SETS ({sets})"
    )


def _told(parts: Sequence[Mapping[str, str]], rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    told: dict[str, dict[str, int]] = {name: {} for fields in parts for name in fields}
    for row in rows:
        names = list(parts[row["part"]])
        for place, name in enumerate(names):
            if not row["which"] >> (len(names) - 1 - place) & 1 and row["total"]:
                told[name][row["given"][place]] = row["total"]
    return told
