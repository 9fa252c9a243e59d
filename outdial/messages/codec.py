"""Avro single-object encoding of every message: C3 01, CRC-64-AVRO fingerprint, body.

Source: Apache Avro specification 1.12, "Single-object encoding". Readers take unknown fingerprints
from the schema topic (`learn`), so that a rolling upgrade never meets a schema that it cannot read.
"""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import fastavro
from fastavro.schema import fingerprint as avro_fingerprint
from fastavro.schema import to_parsing_canonical_form

from outdial.messages.schemas import schema_texts

MARKER: Final = b"\xc3\x01"
PREFIX_LENGTH: Final = 10
CONTENT_TYPE: Final = "application/avro"
FINGERPRINTS: Final = 1024  # kept, each is computed byte by byte; more than there will ever be schemas


class Undecodable(ValueError):
    """The bytes are no message of ours: not framed, of an unknown schema, or damaged."""


class UnknownSchema(Undecodable):
    """Well framed, but nobody has published the schema yet; `fingerprint` is its 8 bytes."""

    def __init__(self, fingerprint: bytes) -> None:
        super().__init__(f"schema {fingerprint.hex()} is not published")
        self.fingerprint = fingerprint


@lru_cache(FINGERPRINTS)
def fingerprint(schema_text: str) -> bytes:
    """The 8 bytes of CRC-64-AVRO, little-endian as they stand in the frame."""
    form = to_parsing_canonical_form(json.loads(schema_text))
    return bytes.fromhex(avro_fingerprint(form, "CRC-64-AVRO"))


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    parsed: Any
    reader: Any  # the current schema of that name: older writings are read as the newest


class Codec:
    """Encodes with the current schemas, decodes with whatever schema a message was written with."""

    def __init__(self, schemas: Iterable[str] | None = None) -> None:
        self._current: dict[str, tuple[bytes, Any]] = {}
        self._known: dict[bytes, _Known] = {}
        for text in schema_texts().values() if schemas is None else schemas:
            parsed: Any = fastavro.parse_schema(json.loads(text))
            mark = fingerprint(text)
            if mark in self._known:
                raise ValueError(f"{parsed['name']} and {self._known[mark].name} have equal fingerprints")
            self._current[parsed["name"]] = (MARKER + mark, parsed)
            self._known[mark] = _Known(parsed["name"], parsed, None)

    def learn(self, schema_text: str) -> bytes:
        """Know one more writer's schema; returns its fingerprint."""
        mark = fingerprint(schema_text)
        if mark not in self._known:
            parsed: Any = fastavro.parse_schema(json.loads(schema_text))
            current = self._current.get(parsed["name"])
            self._known[mark] = _Known(parsed["name"], parsed, current and current[1])
        return mark

    def encode(self, name: str, fields: Mapping[str, Any]) -> bytes:
        """Frame one message; ValueError or TypeError when fields and schema differ."""
        prefix, parsed = self._current[name]
        out = io.BytesIO()
        out.write(prefix)
        fastavro.schemaless_writer(out, parsed, fields)
        return out.getvalue()

    def encode_prefix(self, name: str) -> bytes:
        """Fingerprint of the schema that `encode` writes with, 8 bytes."""
        return self._current[name][0][len(MARKER) :]

    def name_of(self, data: bytes) -> str | None:
        """Name of the schema that a message was written with; None when it is none of ours. Decodes nothing."""
        known = self._known.get(data[len(MARKER) : PREFIX_LENGTH]) if data[: len(MARKER)] == MARKER else None
        return known.name if known is not None else None

    def lacks(self, data: bytes) -> bool:
        """Whether a message is well framed, and its schema is not known (yet)."""
        return len(data) >= PREFIX_LENGTH and data[:2] == MARKER and data[2:PREFIX_LENGTH] not in self._known

    def decode(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """Name and fields of one framed message; Undecodable when it is none."""
        if len(data) < PREFIX_LENGTH or data[:2] != MARKER:
            raise Undecodable("not in Avro single-object encoding")
        known = self._known.get(data[2:PREFIX_LENGTH])
        if known is None:
            raise UnknownSchema(data[2:PREFIX_LENGTH])
        body = io.BytesIO(data)
        body.seek(PREFIX_LENGTH)
        try:
            fields: Any = fastavro.schemaless_reader(body, known.parsed, known.reader)
        except Exception as error:  # fastavro raises whatever the damage leads to
            raise Undecodable(f"{known.name}: {type(error).__name__}: {error}") from error
        if body.tell() != len(data):
            raise Undecodable(f"{known.name}: {len(data) - body.tell()} bytes after the end")
        return known.name, fields
