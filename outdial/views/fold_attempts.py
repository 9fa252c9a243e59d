"""Folds attempts into the views: claimed, ended, corrected, withdrawn, and their dispositions."""

import json

from psycopg import AsyncConnection

from outdial.campaign.events import (
    AttemptsClaimed,
    AttemptsCorrected,
    AttemptsEnded,
    AttemptsWithdrawn,
    DispositionRecorded,
)
from outdial.campaign.vocabulary import UNCOUNTED
from outdial.views.columns import filled
from outdial.views.database import Row

Db = AsyncConnection[Row]


async def claimed(db: Db, campaign: str, event: AttemptsClaimed, at_us: int) -> None:
    """A call may be up for each record from here on."""
    count = len(event.record)
    records, attempts = list(event.record), filled(event.attempt, count, 1)
    await db.execute(
        """
        INSERT INTO attempts (campaign, record, attempt, pass_number, zone, claimed_us, originate_before_us, caller_id)
        SELECT %s, a.record, a.attempt, a.pass_number, a.zone, %s, %s, %s
        FROM unnest(%s::int[], %s::int[], %s::int[], %s::text[]) AS a (record, attempt, pass_number, zone)
        ON CONFLICT DO NOTHING
        """,
        [
            campaign,
            at_us,
            event.originate_before_us,
            event.caller_id,
            records,
            attempts,
            filled(event.pass_number, count, 1),
            filled(event.zone, count, ""),
        ],
    )
    await db.execute(
        """
        UPDATE record_states AS s
        SET is_open = true, claims = r.attempt, claim_pass = s.pass_number, previous = NULL
        FROM unnest(%s::int[], %s::int[]) AS r (record, attempt)
        WHERE s.campaign = %s AND s.record = r.record
        """,
        [records, attempts, campaign],
    )


async def withdrawn(db: Db, campaign: str, event: AttemptsWithdrawn) -> None:
    """Nothing was dialled; the records are as before the claim."""
    count = len(event.record)
    await db.execute(
        "UPDATE record_states SET is_open = false WHERE campaign = %s AND record = ANY(%s::int[])",
        [campaign, list(event.record)],
    )
    await db.execute(
        """
        UPDATE attempts AS a SET outcome = 'Withdrawn'
        FROM unnest(%s::int[], %s::int[]) AS r (record, attempt)
        WHERE a.campaign = %s AND a.record = r.record AND a.attempt = r.attempt
        """,
        [list(event.record), filled(event.attempt, count, 1), campaign],
    )


async def ended(db: Db, campaign: str, event: AttemptsEnded | AttemptsCorrected, at_us: int) -> None:
    """How the calls ended, and what the records are afterwards."""
    count = len(event.record)
    records, attempts = list(event.record), filled(event.attempt, count, 1)
    counts = [outcome not in UNCOUNTED for outcome in event.outcome]
    added = (
        """
        CASE WHEN EXISTS (SELECT FROM attempts AS a WHERE a.campaign = s.campaign AND a.record = s.record
                          AND a.attempt = r.attempt AND a.outcome = 'Withdrawn') AND s.pass_number = r.pass_number
             THEN r.counts ELSE 0 END
        """
        if isinstance(event, AttemptsCorrected)
        else "r.counts"
    )
    is_open = "s.is_open" if isinstance(event, AttemptsCorrected) else "false"
    await db.execute(
        f"""
        UPDATE record_states AS s
        SET status = r.status, reason = r.reason, next_attempt_us = r.next_us, attempts = s.attempts + {added},
            last_agent = CASE r.agent WHEN '' THEN s.last_agent ELSE r.agent END, last_attempt_us = %s,
            updated_us = %s, is_open = {is_open}, previous = NULL,
            is_awaiting = r.status = 'Pending' AND r.reason = 'Answered' AND r.next_us = 0 AND NOT {is_open}
        FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], %s::text[], %s::text[], %s::text[], %s::bigint[])
             AS r (record, attempt, pass_number, counts, agent, status, reason, next_us)
        WHERE s.campaign = %s AND s.record = r.record
        """,
        [
            at_us,
            at_us,
            records,
            attempts,
            filled(event.pass_number, count, 1),
            [int(one) for one in counts],
            filled(event.agent, count, ""),
            filled(event.status, count, "Pending"),
            filled(event.reason, count, ""),
            filled(event.next_attempt_us, count, 0),
            campaign,
        ],
    )
    await _note_ends(db, campaign, event)


async def _note_ends(db: Db, campaign: str, event: AttemptsEnded | AttemptsCorrected) -> None:
    count = len(event.record)
    await db.execute(
        """
        UPDATE attempts AS a
        SET outcome = r.outcome, ring_us = r.ring_us, answer_us = r.answer_us, connect_us = r.connect_us,
            hangup_us = r.hangup_us, cause = r.cause, sip_code = r.sip_code, agent = r.agent
        FROM unnest(%s::int[], %s::int[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
                    %s::int[], %s::int[], %s::text[])
             AS r (record, attempt, outcome, ring_us, answer_us, connect_us, hangup_us, cause, sip_code, agent)
        WHERE a.campaign = %s AND a.record = r.record AND a.attempt = r.attempt
        """,
        [
            list(event.record),
            filled(event.attempt, count, 1),
            list(event.outcome),
            filled(event.ring_us, count, 0),
            filled(event.answer_us, count, 0),
            filled(event.connect_us, count, 0),
            filled(event.hangup_us, count, 0),
            filled(event.cause, count, 0),
            filled(event.sip_code, count, 0),
            filled(event.agent, count, ""),
            campaign,
        ],
    )


async def disposition_recorded(db: Db, campaign: str, event: DispositionRecorded, at_us: int) -> None:
    """An agent's result; the record shows it when it speaks of the last attempt, made in this pass."""
    said = {
        "disposition": event.disposition,
        "agent": event.agent,
        "at_us": at_us,
        "callback_us": event.callback_us,
        "correction": event.is_correction,
    }
    await db.execute(
        "UPDATE attempts SET dispositions = dispositions || %s::jsonb"
        " WHERE campaign = %s AND record = %s AND attempt = %s",
        [json.dumps([said]), campaign, event.record, event.attempt],
    )
    await db.execute(
        """
        UPDATE record_states
        SET disposition = %(disposition)s::text, status = %(status)s::text, reason = %(reason)s::text,
            next_attempt_us = %(next)s::bigint, updated_us = %(at)s, previous = NULL,
            last_agent = CASE %(agent)s::text WHEN '' THEN last_agent ELSE %(agent)s::text END,
            is_awaiting = %(status)s::text = 'Pending' AND %(reason)s::text = 'Answered'
                          AND %(next)s::bigint = 0 AND NOT is_open
        WHERE campaign = %(campaign)s AND record = %(record)s AND claims = %(attempt)s AND claim_pass = pass_number
        """,
        {
            "disposition": event.disposition,
            "status": event.status,
            "reason": event.reason,
            "next": event.next_attempt_us,
            "agent": event.agent,
            "at": at_us,
            "campaign": campaign,
            "record": event.record,
            "attempt": event.attempt,
        },
    )
