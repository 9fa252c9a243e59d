"""Files with the same three records as different programs write them, down to their ways of storing a cell."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import openpyxl
from openpyxl.styles import Font, PatternFill

from tests.kit.odd_files.model import OddFile, of_bytes, taken
from tests.kit.workbooks import MAIN, OFFICE, PACKAGE, book, shared, zipped

RECORDS = (("+919876543210", "Asha"), ("+919876543211", "Ravi & Söhne"), ("+919876543212", "Li"))
_TEXTS = ("PhoneNumber", "Name", "+919876543210", "Asha", "Ravi &amp; Söhne", "Li")
_STRINGS = (
    f'<sst xmlns="{MAIN}" count="6" uniqueCount="6">{"".join(f"<si><t>{t}</t></si>" for t in _TEXTS)}</sst>'
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'


def _openpyxl(path: Path) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["Phone Number", "NAME", "Priority", "Expiry Date"])
    sheet.append([RECORDS[0][0], "Asha", 5, datetime(2030, 1, 1)])  # noqa: DTZ001 - a cell has no zone
    sheet.append([919876543211, "Ravi & Söhne", "7", None])
    sheet.append([919876543212.0, "Li", None, "2030-01-01"])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="FFFF00")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = "A1:D4"
    made.create_sheet("Notes").append(["PhoneNumber below"])
    made.save(path)
    return path


def _openpyxl_write_only(path: Path) -> Path:
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet()
    for line in (("PhoneNumber", "Name"), *RECORDS):
        sheet.append(line)
    made.save(path)
    return path


def _excel(path: Path) -> Path:
    """As Excel saves: shared texts, spans, ids of its own, a formula with its cached value, views and themes."""
    rows = (
        (
            '<row r="1" spans="1:2" x14ac:dyDescent="0.25"><c r="A1" s="1"'
            + shared(0)
            + '<c r="B1" s="1"'
            + shared(1)
        )
        + (
            '</row><row r="2" spans="1:2" x14ac:dyDescent="0.25"><c r="A2"'
            + shared(2)
            + '<c r="B2"'
            + shared(3)
        )
        + ('</row><row r="3" spans="1:2"><c r="A3" s="3"><v>9.19876543211E11</v></c><c r="B3"' + shared(4))
        + (
            '</row><row r="4" spans="1:2"><c r="A4"><f>A3+1</f><v>919876543212</v></c><c r="B4" t="str">'
            '<f>"L"&amp;"i"</f><v>Li</v></c></row><row r="5" spans="1:2" ht="30" customHeight="1"/>'
        )
    )
    sheet = (
        f'{_HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}" mc:Ignorable="x14ac xr" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac" '
        'xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision" xr:uid="{00000000-0001}">'
        '<dimension ref="A1:B5"/><sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
        '<sheetFormatPr defaultRowHeight="15" x14ac:dyDescent="0.25"/><cols><col min="1" max="2" width="20"/></cols>'
        f'<sheetData>{rows}</sheetData><pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" '
        'footer="0.3"/><tableParts count="1"><tablePart r:id="rId1"/></tableParts></worksheet>'
    )
    return book(path, {"Tabelle1": sheet}, _HEAD + _STRINGS)


def _libreoffice(path: Path) -> Path:
    """As LibreOffice saves: every attribute written out, `true` and `false` for 1 and 0, `t="n"` on numbers."""
    said = (
        'customFormat="false" ht="15" hidden="false" customHeight="false" outlineLevel="0" collapsed="false"'
    )
    sheet = (
        f'{_HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheetPr filterMode="false"/><dimension ref="A1:B4"/>'
        f'<sheetData><row r="1" {said}><c r="A1" s="1"{shared(0)}<c r="B1" s="1"{shared(1)}</row>'
        f'<row r="2" {said}><c r="A2" s="0"{shared(2)}<c r="B2" s="0"{shared(3)}</row>'
        f'<row r="3" {said}><c r="A3" s="0" t="n"><v>919876543211</v></c><c r="B3" s="0"{shared(4)}</row>'
        f'<row r="4" {said}><c r="A4" s="0" t="n"><f aca="false">919876543212</f><v>919876543212</v></c>'
        '<c r="B4" s="0" t="str"><f aca="false">&quot;L&quot;&amp;&quot;i&quot;</f><v>Li</v></c></row></sheetData>'
        '<headerFooter differentFirst="false"><oddHeader></oddHeader></headerFooter></worksheet>'
    )
    properties = '<workbookPr backupFile="false" showObjects="all" date1904="false"/><workbookProtection/>'
    return book(path, {"Sheet1": sheet}, _STRINGS, properties=properties)


def _google(path: Path) -> Path:
    """As Google exports: a thousand blank styled rows of 26 columns, `s` before `t`, no dimension."""
    columns = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    blank = "".join(
        f'<row r="{i}">{"".join(f"<c r={chr(34)}{c}{i}{chr(34)} s={chr(34)}2{chr(34)}/>" for c in columns)}</row>'
        for i in range(5, 300)
    )
    sheet = (
        f'{_HEAD}<worksheet xmlns="{MAIN}"><sheetPr><outlinePr summaryBelow="0"/></sheetPr><sheetData>'
        f'<row r="1"><c r="A1" s="1"{shared(0)}<c r="B1" s="1"{shared(1)}</row>'
        f'<row r="2"><c r="A2" s="1"{shared(2)}<c r="B2" s="1"{shared(3)}</row>'
        f'<row r="3"><c r="A3" s="1"><v>9.19876543211E11</v></c><c r="B3" s="1"{shared(4)}</row>'
        f'<row r="4"><c r="A4" s="1"><v>9.19876543212E11</v></c><c r="B4" s="1"{shared(5)}</row>{blank}</sheetData>'
        '<drawing r:id="rId1" xmlns:r="http://x"/></worksheet>'
    )
    return book(path, {"Form Responses 1": sheet}, _STRINGS)


def _xlsx_writer(path: Path) -> Path:
    """As XlsxWriter in constant memory: inline texts, spans, absolute targets below the root."""
    lines = [("PhoneNumber", "Name"), *((phone, name.replace("&", "&amp;")) for phone, name in RECORDS)]
    rows = "".join(
        f'<row r="{i}" spans="1:2">'
        + "".join(
            f'<c r="{c}{i}" t="inlineStr"><is><t>{value}</t></is></c>'
            for c, value in zip("AB", line, strict=True)
        )
        + "</row>"
        for i, line in enumerate(lines, start=1)
    )
    return _absolute(
        path,
        f'{_HEAD}<worksheet xmlns="{MAIN}"><dimension ref="A1"/><sheetData>{rows}</sheetData></worksheet>',
    )


def _absolute(path: Path, sheet: str) -> Path:
    """A workbook whose relations are absolute and whose parts lie in folders of their own."""
    return zipped(
        path,
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": _relations({"rId1": ("officeDocument", "/xl/main/workbook.xml")}),
            "xl/main/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="rId7"/></sheets></workbook>',
            "xl/main/_rels/workbook.xml.rels": _relations({"rId7": ("worksheet", "/Data/Sheet1.xml")}),
            "data/sheet1.xml": sheet,
        },
    )


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    listed = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


_EXCEL_CSV = "PhoneNumber;Name\r\n+919876543210;Asha\r\n919876543211;Ravi & Söhne\r\n919876543212;Li\r\n"

PROGRAMS: dict[str, OddFile] = {
    f"of {name}": taken(make, 3, {}, *RECORDS)
    for name, make in {
        "openpyxl": _openpyxl,
        "openpyxl, write only": _openpyxl_write_only,
        "Excel": _excel,
        "LibreOffice": _libreoffice,
        "Google": _google,
        "XlsxWriter": _xlsx_writer,
        "Excel as CSV UTF-8": of_bytes(b"\xef\xbb\xbf" + _EXCEL_CSV.encode()),
        "Excel as Unicode text": of_bytes(_EXCEL_CSV.replace(";", "\t").encode("utf-16")),
        "a program of lines in quotes": of_bytes(
            ('"' + _EXCEL_CSV.replace(";", '","').replace("\r\n", '"\n"')).encode().removesuffix(b'"')
        ),
    }.items()
}
