"""Workbooks and CSV files made by hand, cell by cell, as other programs write them and as nobody should."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DATE, DATE_TIME = 1, 2
"""Styles of a book: 1 is a date, 2 a date with time, 3 a number format with leading zeros."""

STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="0000000000"/></numFmts>'
    '<cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)


def text(value: str) -> str:
    """A cell of inline text, after its reference."""
    return f' t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def number(value: str, style: int = 0) -> str:
    """A numeric cell, after its reference."""
    return f' s="{style}"><v>{value}</v></c>'


def shared(index: int) -> str:
    """A cell that refers to a shared text."""
    return f' t="s"><v>{index}</v></c>'


def row(number: int, *cells: str) -> str:
    """A row of cells from column A on; an empty string is no cell."""
    letters = (chr(65 + i) for i in range(26))
    made = "".join(
        f'<c r="{letter}{number}"{cell}' for letter, cell in zip(letters, cells, strict=False) if cell
    )
    return f'<row r="{number}">{made}</row>'


def sheet(*rows: str, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    """The XML of a sheet."""
    return f'<worksheet xmlns="{namespace}">{before}<sheetData>{"".join(rows)}</sheetData>{after}</worksheet>'


def book(
    path: Path,
    sheets: Mapping[str, str],
    strings: str | None = None,
    *,
    hidden: Sequence[str] = (),
    properties: str = "",
    extra: Mapping[str, str | bytes] | None = None,
    without: Sequence[str] = (),
    very_hidden: Sequence[str] = (),
) -> Path:
    """Write a workbook of sheets by name; `extra` are further parts, those `without` are left out."""
    parts: dict[str, str | bytes] = {}
    listed, relations, overrides = "", "", ""
    for i, (name, xml) in enumerate(sheets.items(), start=1):
        state = ' state="hidden"' if name in hidden else ""
        state = ' state="veryHidden"' if name in very_hidden else state
        listed += f'<sheet name="{name}" sheetId="{i}"{state} r:id="rId{i}"/>'
        relations += f'<Relationship Id="rId{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        overrides += f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{TYPES}.worksheet+xml"/>'
        parts[f"xl/worksheets/sheet{i}.xml"] = xml
    relations += f'<Relationship Id="rId900" Type="{OFFICE}/styles" Target="styles.xml"/>'
    if strings is not None:
        relations += f'<Relationship Id="rId901" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        parts["xl/sharedStrings.xml"] = strings
    parts["xl/styles.xml"] = STYLES
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{properties}<sheets>{listed}</sheets></workbook>'
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>'
    )
    top = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    parts["_rels/.rels"] = f'<Relationships xmlns="{PACKAGE}/relationships">{top}</Relationships>'
    parts["[Content_Types].xml"] = f'<Types xmlns="{PACKAGE}/content-types">{overrides}</Types>'
    parts.update(extra or {})
    return zipped(path, {name: content for name, content in parts.items() if name not in without})


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """Write a zip of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return path


def simple(path: Path, *rows: str) -> Path:
    """Write a workbook of one sheet."""
    return book(path, {"Sheet1": sheet(*rows)})


HEADER = row(1, text("PhoneNumber"), text("Name"))
GOOD = row(2, text("+919876543210"), text("Asha"))
