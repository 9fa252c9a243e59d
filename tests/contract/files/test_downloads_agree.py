"""The four formats hold the same rows and columns, as readers that know nothing of our writers find them."""

import io
from collections.abc import Callable, Iterator, Sequence
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.files.download import (
    FORMATS,
    Column,
    DownloadAbout,
    DownloadBroken,
    DownloadOptions,
    record_columns,
)
from outdial.files.download.model import Value
from tests.contract.files import readers

ZONE = "Asia/Kolkata"
COLUMNS = record_columns(["City", "Order no. <1>"])
EXACT = DownloadOptions(exact=True)
CREATED_US = 1_772_323_200_000_000
FULL_READERS = {
    "csv": readers.read_csv,
    "xml": readers.read_xml,
    "xlsx": readers.read_xlsx,
    "xlsx by calamine": readers.read_calamine,
}
RIGHT_TO_LEFT = ("محمد علي", "שלום עולם")
NAMES = (
    "Asha Sharma",
    'O\'Brien, "Sinéad"',
    "=1+1",
    "+1 555",
    "-Anna",
    "@home",
    "राहुल शर्मा",
    "क्षितिज त्रिपाठी",
    *RIGHT_TO_LEFT,
    "Asha راهول mix محمد 12 end राहुल",
    "ગુજરાતી",
    "王小明",
    "さとう 佐藤",
    "김철수",
    "தமிழ் செல்வி",
    "ไทย",
    "Łukasz Žižek",
    "Ελένη Иван",
    '<tag> & "quote" ]]>',
    "a;b\tc",
    "two\nlines",
    "00123",
    "1e5",
    "TRUE",
    "#N/A",
    "https://example.org/",
    "  spaces  ",
    "_x0041_",
    "\\ (brackets) \\",
    "😀",
)


def _row(number: int, name: str | None = "Asha", extra: str | None = "Pune") -> tuple[Value, ...]:
    later = CREATED_US + number * 61_000_000
    return (
        *(
            number,
            f"+9198{number:08d}",
            name,
            number % 99 + 1,
            later if number % 2 else None,
            "agent-1",
            None,
        ),
        *(
            extra,
            "0007",
            "Pending",
            "NoAnswer",
            None,
            "",
            number % 5,
            later,
            None,
            1,
            "up-1",
            CREATED_US,
            later,
        ),
    )


def _about(rows: int) -> DownloadAbout:
    return DownloadAbout("spring", "spring@1234", 'status: "Fail" <or> Pending', CREATED_US, ZONE, rows)


def _batches(rows: Sequence[tuple[Value, ...]], size: int = 100) -> Iterator[Sequence[tuple[Value, ...]]]:
    return (rows[at : at + size] for at in range(0, len(rows), size))


def _write(kind: str, rows: Sequence[tuple[Value, ...]], options: DownloadOptions = EXACT) -> bytes:
    made = FORMATS[kind.partition(" ")[0]].write(COLUMNS, _about(len(rows)), _batches(rows), options)
    return b"".join(made)


def _expected(rows: Sequence[tuple[Value, ...]]) -> readers.Cells:
    return [[None if value == "" else value for value in row] for row in rows]


ROWS = {
    "no row": [],
    "one row": [_row(1)],
    "hostile names": [_row(i, name, name) for i, name in enumerate(NAMES, start=1)],
    "blank cells": [_row(i, None, "") for i in range(1, 5)],
    "several batches": [_row(i) for i in range(1, 1_051)],
}


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("kind", FULL_READERS)
def test_every_cell_comes_back(kind: str, rows: str) -> None:
    header, cells = FULL_READERS[kind](_write(kind, ROWS[rows]), COLUMNS, ZONE)
    assert cells == _expected(ROWS[rows])
    if kind != "xml":
        assert header == [column.name for column in COLUMNS]


@pytest.mark.parametrize("rows", ROWS)
def test_the_xml_is_of_the_published_form(rows: str) -> None:
    schema = xmlschema.XMLSchema("schemas/download.xsd")
    schema.validate(io.BytesIO(_write("xml", ROWS[rows])))


@pytest.mark.parametrize("rows", ROWS)
def test_the_pdf_shows_every_cell_in_order(rows: str) -> None:
    shown = readers.pdf_text(_write("pdf", ROWS[rows]))
    at = 0
    for row in ROWS[rows]:
        at = shown.find(str(row[1]), at)
        assert at >= 0
    # pdfium gives no letters beyond the first 65,536, and right-to-left words in the order of their places.
    for name in NAMES[:-1] if rows == "hostile names" else ():
        words = name.split() if name in RIGHT_TO_LEFT else [" ".join(name.split())]
        assert [word for word in words if word not in shown] == []


def test_the_pdf_repeats_its_header_and_numbers_its_pages() -> None:
    pages = readers.pdf_pages(_write("pdf", ROWS["several batches"]))
    assert len(pages) > 10
    for number, page in enumerate(pages, start=1):
        assert "RecordId PhoneNumber Name" in page
        assert f"Page {number} of {len(pages)}" in page


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xml", "pdf"])
def test_no_row_is_a_whole_file_with_its_header(kind: str) -> None:
    content = _write(kind, [])
    if kind == "pdf":
        assert "RecordId" in readers.pdf_text(content)
    else:
        header, cells = FULL_READERS[kind](content, COLUMNS, ZONE)
        assert cells == []
        assert header == ([] if kind == "xml" else [column.name for column in COLUMNS])


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xml", "pdf"])
@pytest.mark.parametrize("announced", [0, 4, 6])
def test_rows_other_than_announced_never_look_complete(kind: str, announced: int) -> None:
    rows = [_row(i) for i in range(1, 6)]
    with pytest.raises(DownloadBroken, match=f"{announced} rows were announced and 5 came"):
        list(FORMATS[kind].write(COLUMNS, _about(announced), _batches(rows, 2), EXACT))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xml", "pdf"])
def test_a_source_that_fails_midway_fails_the_file(kind: str) -> None:
    def source() -> Iterator[Sequence[tuple[Value, ...]]]:
        yield [_row(i) for i in range(1, 3_000)]
        raise ConnectionError("the database went away")

    made = FORMATS[kind].write(COLUMNS, _about(9_000), source(), EXACT)
    with pytest.raises(ConnectionError):
        list(made)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xml", "pdf"])
def test_rows_are_taken_only_as_bytes_are_taken(kind: str) -> None:
    taken = 0

    def source() -> Iterator[Sequence[tuple[Value, ...]]]:
        nonlocal taken
        for at in range(0, 20_000, 1_000):
            taken += 1
            yield [_row(i) for i in range(at + 1, at + 1_001)]

    made = FORMATS[kind].write(COLUMNS, _about(20_000), source(), EXACT)
    next(made), next(made)
    assert taken <= 4
    made.close()  # type: ignore[attr-defined]


def test_what_is_said_about_the_rows_is_the_same_everywhere() -> None:
    about, rows = _about(1), [_row(1)]
    root = ElementTree.fromstring(_write("xml", rows))  # noqa: S314 - our own file
    assert root.attrib == {
        "campaign": "spring",
        "log-position": "spring@1234",
        "filters": about.filters,
        "generated-at": "2026-03-01T05:30:00+05:30",
        "time-zone": ZONE,
        "rows": "1",
    }
    told = dict(readers.about_sheet(_write("xlsx", rows)))
    assert (told["Campaign"], told["Log position"]) == ("spring", "spring@1234")
    assert (told["Filters"], told["Rows"], told["Time zone"]) == (about.filters, 1, ZONE)
    first_page = readers.pdf_pages(_write("pdf", rows))[0]
    for part in ("Campaign: spring", "spring@1234", about.filters, "2026-03-01T05:30:00+05:30", "Rows: 1"):
        assert part in first_page


_ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
_XML_TEXT = _ANY_TEXT.filter(
    lambda text: (
        all(c >= " " or c in "\t\n\r" for c in text) and "\ufffe" not in text and "\uffff" not in text
    )
)


def _one_text(kind: str, text: str, read: Callable[..., tuple[list[str], readers.Cells]]) -> object:
    columns = (Column("RecordId", "integer"), Column("Name"), Column("City", extra=True))
    about = DownloadAbout(text, "a@1", text, CREATED_US, ZONE, 1)
    made = FORMATS[kind].write(columns, about, [[(1, text, text)]], EXACT)
    ((_, name, city),) = read(b"".join(made), columns, ZONE)[1]
    assert name == city
    return name or ""


@given(_ANY_TEXT)
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back_from_exact_csv(text: str) -> None:
    assert _one_text("csv", text, readers.read_csv) == text.replace("\0", "")


@given(_XML_TEXT)
@settings(max_examples=300, deadline=None)
def test_any_text_that_xml_can_hold_comes_back_from_xml(text: str) -> None:
    assert _one_text("xml", text, readers.read_xml) == text


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_at_all_leaves_xml_and_xlsx_well_formed(text: str) -> None:
    _one_text("xml", text, readers.read_xml)
    _one_text("xlsx", text, readers.read_xlsx)


@given(_XML_TEXT)
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_from_xlsx(text: str) -> None:
    assert _one_text("xlsx", text, readers.read_calamine) == text


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_leaves_a_pdf_that_opens(text: str) -> None:
    about = DownloadAbout(text, "a@1", text, CREATED_US, ZONE, 1)
    made = FORMATS["pdf"].write((Column("Name"), Column(text or "x")), about, [[(text, text)]], EXACT)
    assert len(readers.pdf_pages(b"".join(made))) >= 1
