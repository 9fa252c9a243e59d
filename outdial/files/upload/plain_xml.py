"""What XML is plain enough to be read by patterns: UTF-8, no document type, nothing that a parser would change."""

import re
from typing import Final

MAX_HEAD: Final = 1 << 20
MAX_PENDING: Final = 4 << 20
_CONTROL: Final = bytes([*range(9), *range(11, 32)])
_ODD: Final = (b"]]>", "\ufffe".encode(), "\uffff".encode())
"""What is not allowed in XML, or read otherwise than it stands (a carriage return)."""
_ENTITY: Final = re.compile("&([^;&]{1,10});|&")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class Unusual(Exception):
    """It is written in a way that is left to the parser."""


def is_plain_head(head: bytes) -> bool:
    """Whether what stands before the content says nothing that changes how it is read."""
    utf8 = b"encoding" not in head or b'encoding="UTF-8"' in head or b'encoding="utf-8"' in head
    return utf8 and b"<!" not in head and b"\0" not in head


def plain_text(chunk: bytes) -> str | None:
    """The text of a chunk, or None when a parser must look at it."""
    if len(chunk.translate(None, _CONTROL)) != len(chunk):
        return None
    if any(odd[:1] in chunk and odd in chunk for odd in _ODD):  # one byte is found a hundred times as fast
        return None
    try:
        return chunk.decode()
    except UnicodeDecodeError:
        return None


def resolved(raw: str) -> str:
    """The text with its entities as what they stand for. Raises Unusual."""
    return _ENTITY.sub(_entity, raw)


def _entity(found: re.Match[str]) -> str:
    letter = _NAMED.get(found[1] or "")
    if letter is None:
        raise Unusual  # numeric ones too: which of them are allowed is the parser's knowledge
    return letter
