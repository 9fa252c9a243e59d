"""Campaigns whose events cannot be taken in any more: parked with the reason, so that the others go on.

A parked campaign is an alarm. Its views stand still until the cause is mended and the views are rebuilt.
"""

import logging

from psycopg import AsyncConnection

from outdial.views.database import Row
from outdial.views.facts import Fact

log = logging.getLogger(__name__)
Db = AsyncConnection[Row]


async def parked(db: Db) -> set[str]:
    """The campaigns that are parked."""
    found = await db.execute("SELECT campaign FROM parked_campaigns")
    return {row["campaign"] for row in await found.fetchall()}


async def park(db: Db, fact: Fact, why: str) -> None:
    """Take nothing more of this campaign in."""
    await _park(db, fact.campaign, (fact.partition, fact.offset), why)


async def park_missing(db: Db, partition: int, next_offset: int) -> list[str]:
    """Park the campaigns of records whose personal data is gone although the log does not say why."""
    found = await db.execute(
        "SELECT campaign, count(*) AS records FROM missing_persons WHERE partition = %s AND known_until <= %s"
        " AND campaign NOT IN (SELECT campaign FROM parked_campaigns) GROUP BY campaign",
        [partition, next_offset],
    )
    rows = await found.fetchall()
    for row in rows:
        why = f"person-missing: personal data of {row['records']} records is not in the log"
        await _park(db, row["campaign"], (partition, next_offset - 1), why)
    return [row["campaign"] for row in rows]


async def _park(db: Db, campaign: str, place: tuple[int, int], why: str) -> None:
    log.critical("campaign parked", extra={"campaign": campaign, "why": why})
    await db.execute(
        "INSERT INTO parked_campaigns VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", [campaign, *place, why]
    )
