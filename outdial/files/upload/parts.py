"""The parts of a workbook as bytes and as XML, read block by block within limits."""

import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from outdial.files.upload.container import not_a_workbook, too_large
from outdial.files.upload.model import UploadRejected

BLOCK = 65_536
_ENCODINGS = frozenset({"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ISO-8859-1"})
_NO_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]
Attributes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Handlers:
    """What to call while a part is parsed."""

    start: Callable[[str, Attributes], None]
    end: Callable[[str], None] | None = None
    text: Callable[[str], None] | None = None


def local(tag: str) -> str:
    """The tag without its namespace prefix."""
    return tag.rpartition(":")[2]


def damaged(part: str, why: str) -> UploadRejected:
    """A workbook whose part cannot be read."""
    return not_a_workbook(f"The workbook is damaged: its part {part[:80]!r} {why}.")


def read_part(archive: zipfile.ZipFile, part: str, limit: int) -> Generator[bytes, None, None]:
    """Yield the bytes of a part. UploadRejected: not-a-workbook if damaged, too-large past `limit` bytes."""
    done = 0
    try:
        with archive.open(part) as file:
            while block := file.read(BLOCK):
                done += len(block)
                if done > limit:
                    raise too_large(f"The part {part[:80]!r} is larger than {limit:,} bytes.", limit)
                yield block
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise damaged(part, "cannot be unpacked") from error
    except KeyError as error:
        raise damaged(part, "is missing") from error


def parse_blocks(blocks: Iterable[bytes], part: str, handlers: Handlers) -> Iterator[None]:
    """Parse XML block by block, giving way after each. A DOCTYPE is refused, entities are never fetched.

    Raises UploadRejected: not-a-workbook for what is no proper XML.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = BLOCK
    parser.StartElementHandler = handlers.start
    parser.EndElementHandler = handlers.end
    parser.CharacterDataHandler = handlers.text

    def refuse(*_: object) -> None:
        raise damaged(part, "declares a document type, which no workbook does")

    def declare(_: str, encoding: str | None, __: int) -> None:
        if encoding and encoding.upper() not in _ENCODINGS:
            raise damaged(part, f"is in {encoding[:40]}, which no workbook is")

    parser.StartDoctypeDeclHandler = refuse
    parser.XmlDeclHandler = declare
    for block in blocks:
        _feed(parser, block, part)
        yield
    _feed(parser, b"", part)
    yield


def _feed(parser: expat.XMLParserType, block: bytes, part: str) -> None:
    try:
        parser.Parse(block, not block)
    except expat.ExpatError as error:
        if error.code == _NO_MEMORY:
            raise MemoryError from error
        raise damaged(part, f"is no proper XML ({expat.ErrorString(error.code)})") from error
