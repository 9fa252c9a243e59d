"""The carrier protocol's JSON: values of the port to and from what goes over HTTP. See README.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from outdial.telephony.port import (
    Desk,
    DeskDisposition,
    DisposedCall,
    Ended,
    EndedCall,
    Live,
    NeverSeen,
    Originate,
    Report,
    Seen,
)

Json = Mapping[str, Any]
_ENDED = tuple(EndedCall.__dataclass_fields__)
_DISPOSED = tuple(DisposedCall.__dataclass_fields__)
_TEXTS = ("attempt_id", "call_id", "phone", "caller_id", "agent")
_NUMBERS = ("ring_timeout_s", "originate_before_us")


class Malformed(ValueError):
    """The other side sent what the protocol does not know."""


def originate_body(group: str, calls: Sequence[Originate]) -> dict[str, Any]:
    """A batch of calls; every desk stands once."""
    desks: dict[Desk, int] = {}
    rows = []
    for call in calls:
        desk = desks.setdefault(call.desk, len(desks))
        rows.append({name: getattr(call, name) for name in (*_TEXTS, *_NUMBERS)} | {"desk": desk})
    return {"group": group, "desks": [asdict(desk) for desk in desks], "calls": rows}


def read_originates(body: Json) -> tuple[str, list[Originate]]:
    """Group and calls; Malformed."""
    try:
        desks = [_desk(desk) for desk in body.get("desks", ())] or [Desk()]
        return str(body["group"]), [_call(call, desks) for call in body["calls"]]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"no batch of calls: {error!r}") from error


def seen_json(call_id: str, seen: Seen) -> dict[str, Any]:
    """One answer to a look-up."""
    match seen:
        case Ended(call):
            return {"call_id": call_id, "state": "ended", "call": ended_json(call)}
        case NeverSeen(voided):
            return {"call_id": call_id, "state": "never-seen", "voided": voided}
        case _:
            return {"call_id": call_id, "state": "live"}


def read_seen(body: Json) -> Seen:
    """One answer to a look-up; Malformed."""
    match body:
        case {"state": "live"}:
            return Live()
        case {"state": "never-seen", "voided": bool(voided)}:
            return NeverSeen(voided)
        case {"state": "ended", "call": dict(call)}:
            return Ended(read_ended(call))
    raise Malformed("no answer to a look-up")


def ended_json(call: EndedCall) -> dict[str, Any]:
    """The facts of an ended call."""
    return {name: getattr(call, name) for name in _ENDED}


def read_ended(body: Json) -> EndedCall:
    """The facts of an ended call; Malformed. Fields that are not known here are left out."""
    try:
        return EndedCall(**{name: body[name] for name in _ENDED if name in body})
    except TypeError as error:
        raise Malformed(f"no ended call: {error}") from error


def reports_body(reports: Iterable[Report]) -> dict[str, Any]:
    """A batch of reports for the listener."""
    return {"reports": [_report_json(report) for report in reports]}


def read_reports(body: Json) -> list[Report]:
    """A batch of reports; Malformed."""
    try:
        return [_read_report(report) for report in body["reports"]]
    except (LookupError, TypeError) as error:
        raise Malformed(f"no batch of reports: {error!r}") from error


def report_id(report: Report) -> str:
    """What the listener acknowledges: a call ends once, and may have several dispositions."""
    return report.event_id if isinstance(report, DisposedCall) else f"{report.call_id}/ended"


def _call(body: Json, desks: Sequence[Desk]) -> Originate:
    texts = {name: str(body[name]) for name in _TEXTS}
    numbers = {name: int(body[name]) for name in _NUMBERS}
    return Originate(**texts, **numbers, desk=desks[int(body.get("desk", 0))])  # type: ignore[arg-type]  # by name


def _report_json(report: Report) -> dict[str, Any]:
    if isinstance(report, EndedCall):
        return {"kind": "ended", **ended_json(report)}
    return {"kind": "disposition", **asdict(report)}


def _read_report(body: Json) -> Report:
    if body["kind"] == "ended":
        return read_ended(body)
    return DisposedCall(**{name: body[name] for name in _DISPOSED if name in body})


def _desk(body: Json) -> Desk:
    dispositions = tuple(DeskDisposition(**one) for one in body.get("dispositions", ()))
    return Desk(tuple(body.get("agents", ())), dispositions)
