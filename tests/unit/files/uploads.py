"""Read an upload in this process and put its parts side by side, for tests."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from outdial.files.upload import (
    Header,
    InvalidRow,
    UploadChunk,
    UploadLimits,
    UploadRejected,
    UploadRules,
    UploadSummary,
    ValidRow,
)
from outdial.files.upload.parse import parse_upload

NOW_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
INDIA = UploadRules("IN", "Asia/Kolkata")
LIMITS = UploadLimits()


@dataclass
class Read:
    """What came of a file."""

    header: Header = field(default_factory=lambda: Header(()))
    rows: list[ValidRow] = field(default_factory=list)
    invalid: list[InvalidRow] = field(default_factory=list)
    summary: UploadSummary = field(default_factory=UploadSummary)

    @property
    def faults(self) -> dict[int, str]:
        """Row number -> its first code."""
        return {row.row: row.code for row in self.invalid}


def read(path: Path, rules: UploadRules = INDIA, limits: UploadLimits = LIMITS) -> Read:
    """Read the whole file."""
    got = Read()
    for part in parse_upload(path, rules, limits, NOW_US):
        if isinstance(part, Header):
            got.header = part
        elif isinstance(part, UploadChunk):
            got.rows += part.rows
            got.invalid += part.invalid
        else:
            got.summary = part
    return got


def read_csv(folder: Path, content: str, rules: UploadRules = INDIA) -> Read:
    """Read CSV text."""
    path = folder / "upload.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return read(path, rules)


def refusal(path: Path, rules: UploadRules = INDIA, limits: UploadLimits = LIMITS) -> UploadRejected:
    """The reason why the file is refused."""
    try:
        got = read(path, rules, limits)
    except UploadRejected as rejected:
        return rejected
    raise AssertionError(f"the file was read: {got}")


def india(**changes: object) -> UploadRules:
    """The usual rules with some changed."""
    return replace(INDIA, **changes)  # type: ignore[arg-type]


def local(*parts: int) -> datetime:
    """A date cell: a time without a zone."""
    year, month, day, *time = parts
    return datetime(year, month, day, *time, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc,arg-type]
