"""The text of a workbook's parts: text cells, the head of a sheet, the About sheet, what joins them."""

import re
from collections.abc import Iterator, Sequence

from outdial.files.download.cells import LocalTimes
from outdial.files.download.model import Column, DownloadAbout

MAX_SHEET_ROWS = 1_048_576
MAX_TEXT = 32_767
SHEET_END = "</sheetData></worksheet>"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SPECIAL = re.compile(
    "[&<>\r\n\t\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_|^\\s|\\s\\Z|  "
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_WIDTHS = {"instant": 20, "phone": 18, "integer": 11, "text": 18}


def text_cell(text: str) -> str:
    """A cell of inline text after its reference: never a formula, a number or a link, whatever it holds."""
    return f' t="inlineStr"><is>{text_body(text)}</is></c>'


def text_body(text: str) -> str:
    """The text element: cut at Excel's cell limit, control characters as `_xHHHH_` (ECMA-376, ST_Xstring)."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
    if _SPECIAL.search(text) is None:
        return f"<t>{text}</t>"
    text = _CONTROL.sub(_escape, _LOOKS_ESCAPED.sub("_x005F_", text))
    return f'<t xml:space="preserve">{escaped(text)}</t>'


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    return "\ufffd" if letter >= "\ud800" else f"_x{ord(letter):04X}_"


def escaped(text: str) -> str:
    """Text for an element or a quoted attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def column_letters(number: int) -> str:
    """A for 1, AA for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def sheet_head(columns: Sequence[Column], letters: Sequence[str]) -> str:
    """Begin a sheet of rows: header in bold and frozen, columns wide enough to be read."""
    widths = "".join(
        f'<col min="{i}" max="{i}" width="{_WIDTHS[column.kind]}" customWidth="1"/>'
        for i, column in enumerate(columns, start=1)
    )
    cells = "".join(
        f'<c r="{letter}1" s="2"{text_cell(column.name)}'
        for letter, column in zip(letters, columns, strict=True)
    )
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{pane}</sheetView>'
        f'</sheetViews><cols>{widths}</cols><sheetData><row r="1">{cells}</row>'
    )


def closing_parts(sheets: int, about: DownloadAbout) -> Iterator[tuple[str, str]]:
    """Yield name and content of every part that stands behind the sheets of rows."""
    last = sheets + 1
    names = [f"Records {n}" if n > 1 else "Records" for n in range(1, last)] + ["About"]
    yield f"xl/worksheets/sheet{last}.xml", _about_sheet(about)
    yield "xl/styles.xml", _STYLES
    listed = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in enumerate(names, start=1)
    )
    yield (
        "xl/workbook.xml",
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
    )
    targets = [("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, last + 1)] + [
        ("styles", "styles.xml")
    ]
    yield "xl/_rels/workbook.xml.rels", _relations(targets)
    yield "_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")])
    yield "[Content_Types].xml", _content_types(last)


def _about_sheet(about: DownloadAbout) -> str:
    times = LocalTimes(about.time_zone)
    rows = (
        ("Campaign", text_cell(about.campaign)),
        ("Log position", text_cell(about.log_position)),
        ("Filters", text_cell(about.filters)),
        ("Time", f' s="1"><v>{times.serial(about.generated_at_us)}</v></c>'),
        ("Time zone", text_cell(about.time_zone)),
        ("Rows", f"><v>{about.rows}</v></c>"),
    )
    cells = "".join(
        f'<row r="{i}"><c r="A{i}" s="2"{text_cell(name)}<c r="B{i}"{cell}</row>'
        for i, (name, cell) in enumerate(rows, start=1)
    )
    widths = "".join(f'<col min="{i}" max="{i}" width="{w}" customWidth="1"/>' for i, w in ((1, 14), (2, 60)))
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><cols>{widths}</cols><sheetData>{cells}{SHEET_END}'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def _content_types(sheets: int) -> str:
    parts = [(f"/xl/worksheets/sheet{i}.xml", "worksheet") for i in range(1, sheets + 1)]
    parts += [("/xl/styles.xml", "styles"), ("/xl/workbook.xml", "sheet.main")]
    listed = "".join(
        f'<Override PartName="{name}" ContentType="{_TYPES}.{kind}+xml"/>' for name, kind in parts
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )


_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
