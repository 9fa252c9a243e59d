"""Judges a whole log against the promises of the README; knows schemas and headers, nothing of the services.

Each check returns findings as sentences; an empty list means that the promise was kept.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyroaring import BitMap

from tests.kit.log_reading import Entry, Log

STOP_BOUND_US = 2_000_000
ENDS = ("AttemptsEnded", "AttemptsCorrected")
FINAL_POSITIONS = ("CampaignStopped", "CampaignCompleted", "CampaignForceCompleted")


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """One line of the telephone network's own ledger: an originate that it carried out."""

    attempt_id: str
    placed_us: int
    outcome: str  # empty while the call is up


def check_log(log: Log, calls: Sequence[PlacedCall] | None = None) -> list[str]:
    """All findings; `calls` adds the comparison with what was really dialled."""
    found = [
        *check_answers(log),
        *check_histories(log),
        *check_chain(log),
        *check_attempts(log),
        *check_lists(log),
    ]
    if calls is not None:
        found += [*check_ledger(log, calls), *check_stops(log, calls)]
    return found


def check_answers(log: Log) -> Iterable[str]:
    """Promise 1: rejected leaves no event, accepted has exactly its events, nobody hears two answers."""
    events: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in log.events:
        events[event.key, event.header("ce_causationid")].append(event.sequence)
    answers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for result in (entry for entry in log.results if entry.fields.get("remember")):
        fields = result.fields
        key = (fields["stream"], fields["command_id"])
        told = {name: fields[name] for name in ("accepted", "code", "first_sequence", "last_sequence")}
        if fields["code"] != "idempotency-key-reused":
            answers[key].add(json.dumps(told, sort_keys=True))
            yield from _answer_matches(key, result, sorted(events.get(key, [])))
    yield from (
        f"command {key} was answered in {len(said)} ways" for key, said in answers.items() if len(said) > 1
    )


def _answer_matches(key: tuple[str, str], result: Entry, sequences: list[int]) -> Iterable[str]:
    fields = result.fields
    if not fields["accepted"] and sequences:
        yield f"command {key} was rejected {fields['code']} and left events {sequences}"
    if fields["accepted"] and not fields["changed"] and sequences:
        yield f"command {key} was answered unchanged and left events {sequences}"
    if fields["accepted"] and fields["changed"]:
        first = fields["first_sequence"]
        if sequences != list(range(first, fields["last_sequence"] + 1)):
            last = fields["last_sequence"]
            yield f"command {key} was accepted at {first} to {last} and its events are {sequences}"


def check_histories(log: Log) -> Iterable[str]:
    """Promise 2: contiguous from 1, on the right partition, no event twice, epochs never fall."""
    sequence: Counter[str] = Counter()
    epochs: Counter[str] = Counter()
    seen: set[str] = set()
    for event in log.events:
        where = event.where
        if not event.name:
            yield f"{where}: undecodable"
            continue
        sequence[event.key] += 1
        if event.sequence != sequence[event.key]:
            yield f"{where}: {event.key} has {event.sequence} where {sequence[event.key]} follows"
            sequence[event.key] = event.sequence
        if event.header("ce_id") in seen:
            yield f"{where}: {event.header('ce_id')} stands twice"
        seen.add(event.header("ce_id"))
        if event.epoch < epochs[event.key]:
            yield f"{where}: {event.key} has epoch {event.epoch} after {epochs[event.key]}"
        epochs[event.key] = event.epoch
        if murmur2(event.key.encode()) % log.partitions != event.partition:
            yield f"{where}: {event.key} is on a foreign partition"


def check_chain(log: Log) -> Iterable[str]:
    """Promise 5: every event hashes to what it says, over what the one before says."""
    before: dict[str, bytes] = {}
    for event in log.events:
        where = event.where
        if event.headers.get("outdial_prev") != before.get(event.key, bytes(32)):
            yield f"{where}: the chain of {event.key} is broken"
        if chain_hash(event) != event.headers.get("outdial_hash"):
            yield f"{where}: {event.key}@{event.sequence} was edited"
        before[event.key] = event.headers.get("outdial_hash", b"")


def check_attempts(log: Log) -> Iterable[str]:
    """Promise 3, in the log: one claim per attempt, one call up per record, one end per attempt."""
    for stream in {event.key for event in log.events}:
        claims: Counter[int] = Counter()
        opened: dict[int, int] = {}
        ended: dict[tuple[int, int], str] = {}
        for event in log.of(stream):
            at = f"{stream}@{event.sequence}"
            if event.name == "AttemptsClaimed":
                yield from _claimed(at, event, claims, opened)
            elif event.name == "AttemptsWithdrawn":
                for pair in zip(event.fields["record"], event.fields["attempt"], strict=True):
                    yield from _closed(at, pair, opened)
                    ended[pair] = "withdrawn"
            elif event.name in ENDS:
                yield from _ended(at, event, opened, ended)


def _claimed(at: str, event: Entry, claims: Counter[int], opened: dict[int, int]) -> Iterable[str]:
    for record, attempt in zip(event.fields["record"], event.fields["attempt"], strict=True):
        if record in opened:
            yield f"{at}: record {record} is claimed while attempt {opened[record]} is open"
        if attempt != claims[record] + 1:
            yield f"{at}: record {record} is claimed as attempt {attempt} after {claims[record]}"
        claims[record] = attempt
        opened[record] = attempt


def _closed(at: str, pair: tuple[int, int], opened: dict[int, int]) -> Iterable[str]:
    record, attempt = pair
    if opened.get(record) != attempt:
        yield f"{at}: attempt {record}.{attempt} ends and was not open"
    opened.pop(record, None)


def _ended(at: str, event: Entry, opened: dict[int, int], ended: dict[tuple[int, int], str]) -> Iterable[str]:
    columns = (event.fields[name] for name in ("record", "attempt", "outcome"))
    for record, attempt, outcome in zip(*columns, strict=True):
        pair = (record, attempt)
        before = ended.get(pair)
        if event.name == "AttemptsCorrected":
            if before not in ("Unknown", "withdrawn"):
                yield f"{at}: attempt {record}.{attempt} is corrected after {before}"
        else:
            if before is not None:
                yield f"{at}: attempt {record}.{attempt} ends twice"
            yield from _closed(at, pair, opened)
        ended[pair] = outcome


def check_lists(log: Log) -> Iterable[str]:
    """Do-not-call lists: entries on without a gap, each removed once, the wish of a call carried out once."""
    for stream in {event.key for event in log.events if event.key.startswith("dnc:")}:
        following, on, wishes = 1, set[int](), Counter[str]()
        for event in log.of(stream):
            at, fields = f"{stream}@{event.sequence}", event.fields
            if event.name == "NumbersAdded":
                if fields["first_entry"] != following:
                    yield f"{at}: entry {fields['first_entry']} does not follow {following - 1}"
                following = fields["first_entry"] + len(fields["block_row"])
                on |= set(range(fields["first_entry"], following))
                wishes[fields["attempt_id"]] += 1
            elif event.name == "NumbersRemoved":
                gone = set(BitMap.deserialize(fields["entries"]))
                if not gone <= on or len(gone) != fields["affected"]:
                    yield f"{at}: entries are removed that were not on the list"
                on -= gone
        yield from (f"{stream}: {one} is carried out {n} times" for one, n in wishes.items() if one and n > 1)


def check_ledger(log: Log, calls: Sequence[PlacedCall]) -> Iterable[str]:
    """Promise 3, in the network: only what was claimed, nothing twice, no outcome lost."""
    claimed, outcomes = claims_and_outcomes(log)
    for attempt_id, times in Counter(call.attempt_id for call in calls).items():
        if times > 1:
            yield f"attempt {attempt_id} was dialled {times} times"
    for call in calls:
        if call.attempt_id not in claimed:
            yield f"attempt {call.attempt_id} was dialled and never claimed"
        elif call.outcome and (logged := outcomes.get(call.attempt_id)) != call.outcome:
            yield f"attempt {call.attempt_id} ended {call.outcome}; the log says {logged}"
    placed = {call.attempt_id for call in calls}
    for attempt_id, outcome in outcomes.items():
        if outcome != "Unknown" and attempt_id not in placed:
            yield f"attempt {attempt_id} ended {outcome} and was never dialled"


def check_stops(log: Log, calls: Sequence[PlacedCall]) -> Iterable[str]:
    """Promise 4: nothing is dialled later than the bound after an accepted Stop, until the next Start."""
    for stream in {event.key for event in log.events}:
        halts, mine = halted(log.of(stream)), [c for c in calls if c.attempt_id.rsplit(".", 2)[0] == stream]
        for call in mine:
            if any(start + STOP_BOUND_US < call.placed_us < end for start, end in halts):
                yield f"attempt {call.attempt_id} was dialled more than 2 s after a stop"


def halted(events: Sequence[Entry]) -> list[tuple[int, float]]:
    """When the campaign did not run: [stopped, started), microseconds UTC."""
    found: list[tuple[int, float]] = []
    since: int | None = 0
    for event in events:
        if event.name == "CampaignStarted" and since is not None:
            found.append((since, time_us(event)))
            since = None
        elif event.name in FINAL_POSITIONS and since is None:
            since = time_us(event)
    return found if since is None else [*found, (since, float("inf"))]


def claims_and_outcomes(log: Log) -> tuple[set[str], dict[str, str]]:
    """Attempt ids that were claimed, and the outcome that the log holds for each that ended."""
    claimed: set[str] = set()
    outcomes: dict[str, str] = {}
    for event in log.events:
        if event.name != "AttemptsClaimed" and event.name not in ENDS:
            continue
        ids = [
            f"{event.key}.{record}.{attempt}"
            for record, attempt in zip(event.fields["record"], event.fields["attempt"], strict=True)
        ]
        if event.name == "AttemptsClaimed":
            claimed.update(ids)
        else:
            outcomes.update(zip(ids, event.fields["outcome"], strict=True))
    return claimed, outcomes


def time_us(event: Entry) -> int:
    """ce_time in microseconds UTC; its form is fixed: 2026-11-25T10:00:00.000000Z."""
    moment = datetime.fromisoformat(event.header("ce_time"))
    return round(moment.timestamp() * 1_000_000)


def chain_hash(event: Entry) -> bytes:
    """SHA-256 as schemas/README.md states it."""
    digest = hashlib.sha256(b"outdial-event-1" + event.headers.get("outdial_prev", b""))
    digest.update(max(event.epoch, 0).to_bytes(8, "big"))
    signed = sorted((name, value) for name, value in event.headers.items() if name.startswith("ce_"))
    parts = [event.key.encode(), *(p for name, value in signed for p in (name.encode(), value)), event.raw]
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def murmur2(data: bytes) -> int:
    """Kafka's murmur2 with the sign bit cleared."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    end = len(data) - len(data) % 4
    for at in range(0, end, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
    if end < len(data):
        h = (h ^ int.from_bytes(data[end:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF
