"""One file out of a multipart request onto the disk: streamed, hashed, and everything bounded."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.api.problems import Problem

MAX_FIELD: Final = 1_000
MAX_PARTS: Final = 20
MAX_FILE_NAME: Final = 200


@dataclass(slots=True)
class Incoming:
    """What a multipart request brought: its file at `path` (if there was one) and its plain fields."""

    path: Path
    file_name: str = ""
    sha256: str = ""
    size: int = 0
    has_file: bool = False
    fields: dict[str, str] = field(default_factory=dict)


async def take_in(content_type: str, body: AsyncIterator[bytes], path: Path, limit: int) -> Incoming:
    """Read the whole body. Raises Problem: request-invalid, too-large. The file is removed then."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise _malformed("Send the file as multipart/form-data in the field `file`.")
    parts = _Parts(path, limit)
    try:
        parser = MultipartParser(boundary, parts.callbacks())  # type: ignore[arg-type]  # its TypedDict wants every key
        async for block in body:
            await asyncio.to_thread(parser.write, block)
        parser.finalize()
        return parts.finished()
    except MultipartParseError as error:
        raise _malformed("The body is no well-formed multipart/form-data.") from error
    finally:
        parts.close()


class _Parts:
    """Collects the parts of one request as the parser finds them."""

    def __init__(self, path: Path, limit: int) -> None:
        self._incoming = Incoming(path)
        self._limit = limit
        self._digest = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self._is_file = False
        self._name = ""
        self._value = bytearray()
        self._header, self._content = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._parts = 0
        self._ended = False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_end": self._finish,
        }

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def finished(self) -> Incoming:
        if not self._ended:
            raise _malformed("The body ended before its last part did.")
        self._incoming.sha256 = self._digest.hexdigest()
        return self._incoming

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _malformed(f"At most {MAX_PARTS} parts are taken.")
        self._headers, self._value = {}, bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._content)
        self._header, self._content = bytearray(), bytearray()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = self._name == "file"
        if not self._is_file:
            return
        if self._incoming.has_file:
            raise _malformed("One request carries one file.")
        self._incoming.has_file = True
        self._incoming.file_name = _plain_name(options.get(b"filename", b"").decode("utf-8", "replace"))
        self._file = self._incoming.path.open("wb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._value += data[start:end]
            if len(self._value) > MAX_FIELD:
                raise _malformed(f"The field {self._name[:40]!r} is longer than {MAX_FIELD} characters.")
            return
        self._incoming.size += end - start
        if self._incoming.size > self._limit:
            detail = f"The file is larger than {self._limit >> 20:,} MiB. Split it over several files."
            raise Problem("too-large", detail, limit=self._limit)
        block = data[start:end]
        self._digest.update(block)
        assert self._file is not None  # noqa: S101 - opened when its headers were read
        self._file.write(block)

    def _end(self) -> None:
        if not self._is_file:
            self._incoming.fields[self._name] = self._value.decode("utf-8", "replace")

    def _finish(self) -> None:
        self._ended = True


def _plain_name(name: str) -> str:
    """The last part of a file name, for people; never used as a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[-MAX_FILE_NAME:]


def _malformed(detail: str) -> Problem:
    return Problem(
        "request-invalid", detail, errors=[{"pointer": "#/file", "code": "missing", "detail": detail}]
    )
