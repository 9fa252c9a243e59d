"""The quick way of reading a sheet never differs from the XML parser, whatever is written how."""

import io
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outdial.files.upload import UploadLimits, UploadRejected
from outdial.files.upload.cell_values import CellValues
from outdial.files.upload.cells import Cell
from outdial.files.upload.package import Package, Sheet
from outdial.files.upload.scan import RowScanner
from outdial.files.upload.shared_strings import SharedStrings
from outdial.files.upload.sheet import parsed_rows, scanned_rows

SHEET = Sheet("S", "xl/worksheets/sheet1.xml", True)
HEAD, END = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>',
    "</sheetData></worksheet>",
)
CELLS = (
    '<c r="{ref}"><v>{n}</v></c>',
    '<c r="{ref}" s="1"><v>{n}</v></c>',
    '<c r="{ref}" t="s"><v>0</v></c>',
    '<c r="{ref}" s="2" t="s"><v>1</v></c>',
    '<c t="s" r="{ref}"><v>1</v></c>',
    '<c r="{ref}" t="s"><v>9</v></c>',
    '<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c>',
    '<c r="{ref}" t="inlineStr"><is><t xml:space="preserve"> {text} </t></is></c>',
    '<c r="{ref}" t="inlineStr"><is><r><t>{text}</t></r><r><t>b</t></r></is></c>',
    '<c r="{ref}" t="inlineStr"><is><t>{text}</t><rPh sb="0" eb="1"><t>p</t></rPh></is></c>',
    '<c r="{ref}" t="str"><f>A1&amp;"x"</f><v>{text}</v></c>',
    '<c r="{ref}"><f t="shared" ref="A1:A9" si="0">B1</f><v>{n}</v></c>',
    '<c r="{ref}"><f t="shared" si="0"/><v>{n}</v></c>',
    '<c r="{ref}"><f>1&lt;2</f></c>',
    '<c r="{ref}" t="b"><v>1</v></c>',
    '<c r="{ref}" t="e"><v>#N/A</v></c>',
    '<c r="{ref}" t="d"><v>2026-01-02T00:00:00</v></c>',
    '<c r="{ref}" s="1"/>',
    '<c r="{ref}"></c>',
    '<c r="{ref}"><v/></c>',
    "<c><v>{n}</v></c>",
    '<c r="{ref}"><v><![CDATA[{n}]]></v></c>',
    '<c r="{ref}"><v>{n}</v><!-- c --></c>',
    '<c r="{ref}" ><v>{n}</v></c >',
    "<c r='{ref}'><v>{n}</v></c>",
    '<c r="{ref}" x="&gt;"><v>{n}</v></c>',
    '<c r="{ref}"><v>{n}</v><v>2</v></c>',
    '<c r="{ref}"><v>{n}</c>',
    '<c r="{ref}" r="B2"><v>{n}</v></c>',
    '<c r="XFD1"><v>{n}</v></c>',
    '\n  <c r="{ref}">\n <v>{n}</v>\n</c>\n',
)
ROWS = (
    '<row r="{n}">{cells}</row>',
    '<row r="{n}" spans="1:3" ht="15" x14ac:dyDescent="0.25">{cells}</row>',
    '<row spans="1:3" r="{n}">{cells}</row>',
    "<row>{cells}</row>",
    '<row r="{n}"/>',
    '<row r="1">{cells}</row>',
    '<row r="9999999999">{cells}</row>',
    '\n<row r="{n}">{cells}</row>\n',
    '\r\n<row r="{n}">{cells}</row>',
    '<!-- x --><row r="{n}">{cells}</row>',
    '<row r="{n}">{cells}',
    "<row r='{n}'>{cells}</row>",
    '<row r="{n}" a=">">{cells}</row>',
    "junk<row>{cells}</row>",
)
# Plain ones more often, so that the odd one stands in the middle of what is taken quickly.
_CELL = st.one_of(
    st.sampled_from(CELLS[:8]), st.sampled_from(CELLS[:8]), st.sampled_from(CELLS[:8]), st.sampled_from(CELLS)
)
_ROW = st.one_of(
    st.sampled_from(ROWS[:2]), st.sampled_from(ROWS[:2]), st.sampled_from(ROWS[:2]), st.sampled_from(ROWS)
)
_TEXTS = st.sampled_from(
    [
        "Asha",
        "राहुल 😀",
        "a&amp;b",
        "&lt;x&gt;",
        "&#65;",
        "&#0;",
        "&e;",
        "a & b",
        "]]>",
        "\x07",
        "\r\n",
        "\ufffe",
        "_x0041_",
        "",
    ]
)


@st.composite
def _sheets(draw: st.DrawFn) -> str:
    made = ""
    for number in range(1, draw(st.integers(0, 12)) + 1):
        cells = "".join(
            draw(_CELL).format(ref=f"{letter}{number}", n=draw(st.integers(0, 60_000)), text=draw(_TEXTS))
            for letter in "ABCD"[: draw(st.integers(0, 4))]
        )
        made += draw(_ROW).format(n=number, cells=cells)
    return (
        draw(st.sampled_from(['<?xml version="1.0" encoding="UTF-8"?>\n', ""]))
        + HEAD
        + made
        + draw(st.sampled_from([END, END, END, "</sheetData>", END + " ", END + "x", ""]))
    )


@st.composite
def _sheets_of_rows_alike(draw: st.DrawFn) -> str:
    """Rows of few shapes again and again, a value or a cell differing now and then."""
    shapes = draw(st.lists(st.lists(_CELL, max_size=4), min_size=1, max_size=3))
    made = ""
    for number in range(1, draw(st.integers(2, 12)) + 1):
        shape = list(draw(st.sampled_from(shapes)))
        if shape and draw(st.integers(0, 4)) == 0:
            shape[draw(st.integers(0, len(shape) - 1))] = draw(_CELL)
        cells = "".join(
            cell.format(ref=f"{letter}{number}", n=draw(st.integers(0, 60_000)), text=draw(_TEXTS))
            for letter, cell in zip(
                draw(st.sampled_from(["ABCD", "ABCD", "BCEF", "BADC"])), shape, strict=False
            )
        )
        made += draw(_ROW).format(n=number, cells=cells)
    return HEAD + made + END


def _values() -> CellValues:
    with zipfile.ZipFile(io.BytesIO(), "w") as archive:
        package = Package(archive, UploadLimits())
    package.strings = SharedStrings(iter([b"<sst><si><t>shared</t></si><si><t>texts</t></si></sst>"]), "s")
    package.date_styles = frozenset({"1"})
    return CellValues(package, SHEET)


def _outcome(rows: object) -> tuple[list[tuple[int, list[Cell]]], str]:
    got: list[tuple[int, list[Cell]]] = []
    try:
        for number, cells in rows:  # type: ignore[attr-defined]
            got.append((number, list(cells)))
    except UploadRejected as rejected:
        return got, rejected.code
    return got, ""


def _both(content: bytes, size: int) -> None:
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    by_parser, why_parser = _outcome(parsed_rows(iter(blocks), SHEET, _values()))
    by_scanner, why_scanner = _outcome(scanned_rows(iter(blocks), SHEET, _values()))
    assert why_scanner == why_parser
    if not why_parser:
        assert by_scanner == by_parser
        assert [[type(cell) for cell in cells] for _, cells in by_scanner] == [
            [type(cell) for cell in cells] for _, cells in by_parser
        ]


@given(_sheets(), st.sampled_from([1, 7, 64, 333, 100_000]))
@settings(max_examples=1_200, deadline=None)
@example(HEAD + '<row r="1"><c r="A1"><v>1</v></c></row>' + END + "<", 64)
def test_scanning_gives_what_parsing_gives(sheet: str, size: int) -> None:
    _both(sheet.encode(), size)


@given(_sheets_of_rows_alike(), st.sampled_from([1, 333, 100_000]))
@settings(max_examples=1_200, deadline=None)
@example(
    HEAD
    + '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
    + '<row r="2"><c r="A2" t="inlineStr"><is><t>a &amp; b</t></is></c></row>'
    + END,
    100_000,
)
def test_rows_of_a_known_shape_are_read_as_the_parser_reads_them(sheet: str, size: int) -> None:
    _both(sheet.encode(), size)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8"])
@pytest.mark.parametrize("declared", ["UTF-8", "utf-8", "UTF-16", "ISO-8859-1", ""])
def test_encodings_are_left_to_the_parser(encoding: str, declared: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    sheet = declaration + HEAD + '<row r="1"><c r="A1" t="inlineStr"><is><t>Zoë</t></is></c></row>' + END
    _both(sheet.encode(encoding), 100)


def test_plain_rows_are_really_scanned() -> None:
    row = '<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="B{n}" s="1"><v>45000</v></c></row>'
    sheet = HEAD + "".join(row.format(n=n) for n in range(1, 101)) + END
    scanner = RowScanner(iter([sheet.encode()]), _values())
    assert len(list(scanner.rows())) == 100
    assert scanner.left.decode() == END
