"""Log lines: one JSON object a line, or text for people. What is logged are ids and counts, never payloads."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final, Literal

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
KIND_CHARACTERS: Final = 60
MOST_KINDS: Final = 1000
QUIET: Final = ("aiokafka", "faust", "mode", "httpx", "httpcore", "uvicorn.access", "asyncio")


def set_up(service: str, level: str, form: Literal["json", "text"]) -> None:
    """Send the logs of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(service) if form == "json" else _Text(service))
    handler.addFilter(Repeats())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def in_words(line: str) -> str:
    """A JSON line as people are told it: its message, and what its error ended with; any other line as it is."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    if not isinstance(told, dict) or not isinstance(told.get("message"), str):
        return line
    error = str(told.get("error", "")).strip()
    return f"{told['message']}: {error.splitlines()[-1]}" if error else told["message"]


class Repeats(logging.Filter):
    """Lets few lines of one kind through per window: a broker that is away makes clients say so without end.

    A kind is a logger, its level, the text before its arguments and the partition that it is about: when many
    partitions change hands at once, each says so. The next line of a kind tells how many were left out as `left_out`.
    """

    def __init__(self, at_most: int = 20, window_s: float = 10.0) -> None:
        super().__init__()
        self._at_most, self._window_s = at_most, window_s
        self._seen: dict[tuple[str, int, str, object], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if {"from", "to"} <= vars(record).keys():
            return True
        about = getattr(record, "partition", None)
        kind = (record.name, record.levelno, str(record.msg)[:KIND_CHARACTERS], about)
        began, count = self._seen.get(kind, (record.created, 0))
        if record.created - began >= self._window_s:
            if count > self._at_most:
                record.left_out = count - self._at_most
            began, count = record.created, 0
        if len(self._seen) >= MOST_KINDS:  # texts that differ every time are no kinds
            self._seen.clear()
        self._seen[kind] = (began, count + 1)
        return count < self._at_most


class _Json(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, service, logger, message, the extra fields, and the trace of an error."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class _Text(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)-7s {service} %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, its extra fields behind it."""
        fields = " ".join(f"{name}={value}" for name, value in _extra(record).items())
        return f"{super().format(record)} {fields}".rstrip()


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}
