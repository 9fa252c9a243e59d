"""The quick way of reading shared texts never differs from the XML parser, and reads no further than it is asked."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outdial.files.upload import UploadRejected
from outdial.files.upload.parts import parse_blocks
from outdial.files.upload.shared_strings import SharedStrings, strings_handlers

HEAD = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="9" uniqueCount="9">'
TEXTS = (
    "<si><t>{text}</t></si>",
    '<si><t xml:space="preserve"> {text} </t></si>',
    "<si><t/></si>",
    "\n  <si><t>{text}</t></si>",
    "<si><t></t></si>",
    "<si>\n<t>{text}</t>\n</si>",
    "<si><r><t>{text}</t></r><r><rPr/><t>b</t></r></si>",
    '<si><t>{text}</t><rPh sb="0" eb="1"><t>p</t></rPh></si>',
    "<si><t>{text}</t><t>more</t></si>",
    "<si><t><![CDATA[{text}]]></t></si>",
    "<si><t>{text}</t><!-- c --></si>",
    "<si/>",
    "<x:si><x:t>{text}</x:t></x:si>",
    "<si><t>{text}</si>",
    "junk",
    "<t>{text}</t>",
)
LETTERS = (
    "Asha",
    "a &amp; b",
    "&lt;&quot;&apos;&gt;",
    "&#233;",
    "&other;",
    "&",
    "_x000D_",
    "_x0041_b",
    "Zoë 東京",
    "\r\n",
    "]]>",
)
_TEXT = st.one_of(st.sampled_from(TEXTS[:4]), st.sampled_from(TEXTS[:4]), st.sampled_from(TEXTS))


@st.composite
def _parts(draw: st.DrawFn) -> str:
    start = draw(
        st.sampled_from(['<?xml version="1.0" encoding="UTF-8"?>\n', "", "<!DOCTYPE sst>", "<!-- c -->"])
    )
    head = draw(st.sampled_from([HEAD, HEAD, HEAD, "<sst>", '<sst a=">">', "<sst/>", '<x:sst xmlns:x="a">']))
    made = "".join(
        draw(_TEXT).format(text=draw(st.sampled_from(LETTERS))) for _ in range(draw(st.integers(0, 8)))
    )
    return start + head + made + draw(st.sampled_from(["</sst>", "</sst>", "</sst>\n", "</sst>x", ""]))


def _blocks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def _parsed(content: bytes) -> tuple[list[str], str]:
    strings: list[str] = []
    try:
        for _ in parse_blocks(_blocks(content, 100_000), "s", strings_handlers(strings)):
            pass
    except UploadRejected as rejected:
        return strings, rejected.code
    return strings, ""


def _shared(content: bytes, size: int) -> tuple[list[str], str]:
    shared, found = SharedStrings(_blocks(content, size), "s"), list[str]()
    try:
        while True:
            found.append(shared[len(found)])
    except UploadRejected as rejected:
        return found, rejected.code
    except IndexError:
        return found, ""


@given(_parts(), st.sampled_from([1, 7, 64, 100_000]))
@settings(max_examples=1_500, deadline=None)
@example(HEAD + "<si><t>a</t></si></sst>", 7)
def test_scanning_gives_what_parsing_gives(part: str, size: int) -> None:
    parsed, why = _parsed(part.encode())
    shared, why_shared = _shared(part.encode(), size)
    assert why_shared == why
    if not why:
        assert shared == parsed


def test_no_more_is_read_than_a_cell_asks_for() -> None:
    read: list[int] = []

    def blocks() -> Iterator[bytes]:
        yield HEAD.encode()
        for number in range(100):
            read.append(number)
            yield f"<si><t>text {number}</t></si>".encode()
        yield b"</sst>"

    shared = SharedStrings(blocks(), "s")
    assert (shared[2], len(read)) == ("text 2", 3)
    shared.read_all()
    assert (shared[99], len(read)) == ("text 99", 100)


def test_a_text_that_is_not_there_is_none() -> None:
    with pytest.raises(IndexError):
        SharedStrings()[0]


def test_damage_behind_the_last_text_that_is_used_is_found() -> None:
    shared = SharedStrings(iter([f"{HEAD}<si><t>a</t></si>".encode(), b"<si>"]), "s")
    assert shared[0] == "a"
    with pytest.raises(UploadRejected):
        shared.read_all()
