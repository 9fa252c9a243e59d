"""What the reading child tells its parent, in lines of JSON: what a hostile file made is never unpickled."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from outdial.files.upload.model import (
    Header,
    InvalidRow,
    RowFault,
    UploadChunk,
    UploadLimits,
    UploadRejected,
    UploadRules,
    UploadSummary,
    ValidRow,
)

Message = Header | UploadChunk | UploadSummary | UploadRejected


def encode_task(path: str, rules: UploadRules, limits: UploadLimits, now_us: int) -> bytes:
    """The order to the child."""
    sets = {"agents": sorted(rules.agents), "skills": sorted(rules.skills)}
    task = {"path": path, "now_us": now_us, "limits": asdict(limits), "rules": asdict(rules) | sets}
    return json.dumps(task).encode()


def decode_task(line: bytes) -> tuple[str, UploadRules, UploadLimits, int]:
    """The order as the child reads it."""
    task: dict[str, Any] = json.loads(line)
    rules = task["rules"]
    for name, kind in (("columns", tuple), ("agents", frozenset), ("skills", frozenset)):
        rules[name] = kind(rules[name])
    return str(task["path"]), UploadRules(**rules), UploadLimits(**task["limits"]), int(task["now_us"])


def encode(message: Message) -> bytes:
    """One line for one message."""
    return json.dumps(_plain(message), separators=(",", ":")).encode() + b"\n"


def _plain(message: Message) -> Mapping[str, object]:
    if isinstance(message, UploadChunk):
        return {"rows": _columns(message.rows), "invalid": [asdict(row) for row in message.invalid]}
    if isinstance(message, UploadRejected):
        return {"rejected": message.code, "detail": message.detail, "fields": dict(message.fields)}
    return {type(message).__name__.lower(): asdict(message)}


def decode(line: bytes) -> Message:
    """The message of one line. Raises ValueError for what is none."""
    content: dict[str, Any] = json.loads(line)
    if "rows" in content:
        return UploadChunk(
            _rows(content["rows"]),
            tuple([_invalid(row) for row in content["invalid"]]),
        )
    if "header" in content:
        return _header(**content["header"])
    if "uploadsummary" in content:
        return UploadSummary(**content["uploadsummary"])
    if "rejected" in content:
        return UploadRejected(content["rejected"], content["detail"], content["fields"])
    raise ValueError("a line of the upload reader is no message")


def _columns(rows: Sequence[ValidRow]) -> Sequence[object]:
    """Rows as columns, the extra ones in a list at the end: half as much to read as a list for each row."""
    if not rows:
        return ()
    *columns, extra = zip(*rows, strict=True)
    return [*columns, list(zip(*extra, strict=True))]


def _rows(columns: list[Any]) -> tuple[ValidRow, ...]:
    if not columns:
        return ()
    *known, extra = columns
    extras = zip(*extra, strict=True) if extra else [()] * len(known[0])
    return tuple(map(ValidRow._make, zip(*known, extras, strict=True)))


def _header(**fields: Any) -> Header:
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Header(**fields | lists)


def _invalid(row: dict[str, Any]) -> InvalidRow:
    further = tuple(RowFault(**fault) for fault in row.pop("further"))
    return InvalidRow(**row | {"cells": tuple(row["cells"])}, further=further)
