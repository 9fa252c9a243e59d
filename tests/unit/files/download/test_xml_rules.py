"""XML: blank cells, characters that it cannot hold, names of extra columns, attributes."""

from xml.etree import ElementTree

import pytest

from outdial.files.download import Column, DownloadAbout, DownloadOptions
from outdial.files.download.model import Value
from outdial.files.download.xml_file import write_xml

COLUMNS = (Column("RecordId", "integer"), Column("Name"), Column('<"City" & co>', extra=True))


def _write(*rows: tuple[Value, ...], filters: str = "") -> bytes:
    about = DownloadAbout("spring", "spring@1", filters, 0, "UTC", len(rows))
    return b"".join(write_xml(COLUMNS, about, [rows], DownloadOptions()))


def _root(content: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(content)  # noqa: S314 - our own file


@pytest.mark.parametrize("blank", [None, ""])
def test_a_blank_cell_has_no_element(blank: str | None) -> None:
    (record,) = _root(_write((1, blank, blank)))
    assert [child.tag for child in record] == ["RecordId"]


def test_an_extra_column_has_its_name_as_an_attribute() -> None:
    (record,) = _root(_write((1, "Asha", "Pune")))
    extra = record.find("Extra")
    assert extra is not None
    assert (extra.attrib["name"], extra.text) == ('<"City" & co>', "Pune")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\x00b", "a\ufffdb"),
        ("\x0b\x1f", "\ufffd\ufffd"),
        ("a\ud800b", "a\ufffdb"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("a\rb\r\nc\td", "a\rb\r\nc\td"),
        ("]]>", "]]>"),
        ("<!DOCTYPE x>", "<!DOCTYPE x>"),
        ("&amp;", "&amp;"),
        ("\x85\u2028", "\x85\u2028"),
    ],
)
def test_text_is_kept_and_what_xml_cannot_hold_is_replaced(text: str, read: str) -> None:
    (record,) = _root(_write((1, text, None)))
    assert record.findtext("Name") == read


def test_attributes_keep_line_feeds_and_quotes() -> None:
    filters = 'a "b"\n<c>\t& d'
    assert _root(_write(filters=filters)).attrib["filters"] == filters


def test_no_row_is_a_root_without_children() -> None:
    assert list(_root(_write())) == []
