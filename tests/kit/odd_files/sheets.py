"""Workbooks whose sheets are hostile, broken, or only unusual."""

from collections.abc import Sequence
from pathlib import Path

from tests.kit.odd_files.model import Make, OddFile, refused, taken
from tests.kit.workbooks import GOOD, HEADER, MAIN, STRICT, book, row, shared, sheet, simple, text

NO = "not-a-workbook"
ASHA = ("+919876543210", "Asha")
_LAUGHS = "<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def _rows(*rows: str) -> Make:
    return lambda path: simple(path, *rows)


def _xml(xml: str | bytes) -> Make:
    """A workbook whose only sheet is this."""
    return lambda path: book(path, {"S": ""}, extra={"xl/worksheets/sheet1.xml": xml})


def _doctype(definitions: str, value: str) -> Make:
    return _xml(f"<!DOCTYPE x [{definitions}]>" + sheet(HEADER, row(2, text(value))))


def _strings(strings: str, *rows: str) -> Make:
    return lambda path: book(path, {"S": sheet(*rows)}, strings)


def _named(*names: str, hidden: Sequence[str] = ()) -> Make:
    """A workbook of sheets with these names; the last one has the records."""
    notes = sheet(row(1, text("Read me")))
    sheets = {**dict.fromkeys(names, notes), names[-1]: sheet(HEADER, GOOD)}
    return lambda path: book(path, sheets, hidden=hidden)


def _very_hidden(path: Path) -> Path:
    old, now = sheet(HEADER, row(2, text("12"))), sheet(HEADER, GOOD)
    return book(path, {"Old": old, "Now": now}, very_hidden=("Old",))


def _many_sheets(path: Path) -> Path:
    notes = sheet(row(1, text("x")))
    return book(path, {**{f"Month {i}": notes for i in range(300)}, "Rows": sheet(HEADER, GOOD)})


_PLAIN = sheet(HEADER, GOOD)
_PREFIXED = _PLAIN.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")
_WITHOUT_REFERENCES = (
    f"<row><c{text('PhoneNumber')}<c{text('Name')}</row><row><c{text(ASHA[0])}<c{text('Asha')}</row>"
)
_ONE = f'<sst xmlns="{MAIN}"><si><t>x</t></si></sst>'

HOSTILE_SHEETS: dict[str, OddFile] = {
    "external entity": refused(
        NO, _doctype('<!ENTITY e SYSTEM "file:///etc/hostname">', "&e;"), "document type"
    ),
    "external parameter": refused(
        NO, _doctype('<!ENTITY % e SYSTEM "http://localhost/">%e;', "x"), "document type"
    ),
    "billion laughs": refused(NO, _doctype(_LAUGHS, "&i;"), "document type"),
    "doctype in shared texts": refused(NO, _strings("<!DOCTYPE x><sst/>", HEADER), "document type"),
    "unknown entity": refused(NO, _rows(HEADER, row(2, text("&e;")))),
    "entity of a character that xml has not": refused(NO, _rows(HEADER, row(2, text("&#0;")))),
    "far cell": refused(
        "column-unknown",
        _rows(HEADER, GOOD, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "XFD",
    ),
    "far column": refused("column-unknown", _rows(HEADER, '<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>')),
    "no column": refused("column-unknown", _rows(HEADER, '<row r="2"><c r="2"><v>1</v></c></row>')),
    "row number too high": refused(
        NO, _rows(HEADER, f'<row r="1048577"><c r="A1"{text("1")}</row>'), "1,048,576"
    ),
    "row number of 30 digits": refused(NO, _rows(HEADER, f'<row r="{"9" * 30}"><c{text("1")}</row>')),
    "row number of 9,000 digits": refused(NO, _rows(HEADER, f'<row r="{"9" * 9_000}"><c{text("1")}</row>')),
    "negative row number": taken(_rows(HEADER, f'<row r="-5"><c{text(ASHA[0])}<c{text("Asha")}</row>')),
    "shared text missing": refused(NO, _rows(HEADER, row(2, shared(7))), "not there"),
    "shared text out of range": refused(NO, _strings(_ONE, HEADER, row(2, shared(1)))),
    "shared text below zero": refused(NO, _strings(_ONE, HEADER, row(2, shared(-1)))),
    "shared text of 5,000 digits": refused(
        NO, _strings(_ONE, HEADER, row(2, f' t="s"><v>{"9" * 5_000}</v></c>'))
    ),
    "shared text no number": refused(NO, _rows(HEADER, row(2, ' t="s"><v>one</v></c>'))),
    "negative style": taken(_rows(HEADER, row(2, f' s="-1"{text("9876543210")}', text("Asha"))), 1, {}, ASHA),
    "huge style": taken(
        _rows(HEADER, row(2, ' s="99999999999"><v>9876543210</v></c>', text("Asha"))), 1, {}, ASHA
    ),
    "no xml": refused(NO, _xml("PhoneNumber"), "XML"),
    "empty sheet part": refused(NO, _xml("")),
    "cut sheet": refused(NO, _xml(_PLAIN[:-30])),
    "text behind the sheet": refused(NO, _xml(_PLAIN + "<worksheet/>")),
    "elements that do not match": refused(NO, _xml(_PLAIN.replace("</row>", "</roe>", 1))),
    "encoding nobody has": refused(
        NO, _xml('<?xml version="1.0" encoding="klingon"?><worksheet/>'), "klingon"
    ),
    "bytes that are not utf-8": refused(NO, _xml(_PLAIN.encode().replace(b"Asha", b"As\xe9a"))),
    "nul in a cell": refused(NO, _xml(_PLAIN.encode().replace(b"Asha", b"As\0ha"))),
    "deep nesting": taken(_xml(sheet(HEADER, GOOD, after="<a>" * 20_000 + "</a>" * 20_000)), 1, {}, ASHA),
    "sheet of another kind of xml": refused("empty-file", _xml("<note><to>x</to></note>")),
}

UNUSUAL_SHEETS: dict[str, OddFile] = {
    **{
        f"dimension {claim or 'blank'}": taken(
            _xml(sheet(HEADER, GOOD, before=f'<dimension ref="{claim}"/>')), 1, {}, ASHA
        )
        for claim in ("A1", "A1:XFD1048576", "A1:B17000000", "nonsense", "")
    },
    "rows that only are formatted to the end": taken(
        _rows(HEADER, GOOD, *(f'<row r="{i}" s="1" customFormat="1"/>' for i in range(3, 5_000))), 1, {}, ASHA
    ),
    "last row formatted": taken(
        _rows(HEADER, GOOD, '<row r="1048576"><c r="A1048576" s="1"/></row>'), 1, {}, ASHA
    ),
    "last column formatted": taken(
        _rows(HEADER, GOOD.replace("</row>", '<c r="XFD2" s="1"/></row>')), 1, {}, ASHA
    ),
    "last column formatted, read by the parser": taken(
        _xml(_PREFIXED.replace("</x:row>", '<x:c r="XFD2" s="1"/></x:row>')), 1, {}, ASHA
    ),
    "no references": taken(_rows(_WITHOUT_REFERENCES), 1, {}, ASHA),
    "lower-case references": refused(
        "column-unknown", _rows(HEADER, f'<row r="2"><c r="a2"{text(ASHA[0])}</row>')
    ),
    "cells in no order": taken(
        _rows(HEADER, f'<row r="2"><c r="B2"{text("Asha")}<c r="A2"{text(ASHA[0])}</row>'), 1, {}, ASHA
    ),
    "a row number twice": taken(
        _rows(HEADER, GOOD, row(2, text("9876543211"), text("Ravi"))), 2, {}, ASHA, ("+919876543211", "Ravi")
    ),
    "rows in no order": taken(
        _rows(HEADER, row(9, text(ASHA[0]), text("Asha")), row(3, text("12"))), 1, {10: "phone-invalid"}, ASHA
    ),
    "prefixed elements": taken(_xml(_PREFIXED), 1, {}, ASHA),
    "strict namespace": taken(_xml(sheet(HEADER, GOOD, namespace=STRICT)), 1, {}, ASHA),
    "utf-16": taken(_xml(('<?xml version="1.0" encoding="UTF-16"?>' + _PLAIN).encode("utf-16")), 1, {}, ASHA),
    "byte order mark": taken(_xml(b"\xef\xbb\xbf" + _PLAIN.encode()), 1, {}, ASHA),
    "comments between rows": taken(
        _xml(_PLAIN.replace("<sheetData>", "<sheetData><!-- row --><?x y?>")), 1, {}, ASHA
    ),
    "cdata": taken(_xml(_PLAIN.replace("Asha", "<![CDATA[Asha]]>")), 1, {}, ASHA),
    "white space everywhere": taken(_xml(_PLAIN.replace("><", ">\r\n  <")), 1, {}, ASHA),
    "blank rows between": taken(
        _rows(HEADER, row(2), row(3, text(" "), text("\u00a0")), row(7, text(ASHA[0]), text("Asha"))),
        1,
        {},
        ASHA,
    ),
    "only blank rows": refused("empty-file", _rows(HEADER, row(2), row(3, text(" "))), "header"),
    "no rows": refused("empty-file", _rows()),
    "only a header": refused("empty-file", _rows(HEADER), "row 1"),
    "very hidden sheet": taken(_very_hidden, 1, {}, ASHA),
    "hidden sheet before": taken(_named("Old", "Rows", hidden=("Old",)), 1, {}, ASHA),
    "only the hidden sheet has numbers": refused(
        "column-missing", _named("Notes", "Rows", hidden=("Rows",)), "Read me"
    ),
    "every sheet hidden": refused("empty-file", _named("A", "B", hidden=("A", "B")), "visible"),
    "records on the last of 300 sheets": taken(_many_sheets, 1, {}, ASHA),
    "sheet name of hostile characters": taken(
        _named("../../etc/passwd", "=cmd|' /C calc'!A0", "&lt;script&gt;alert(1)&lt;/script&gt;"), 1, {}, ASHA
    ),
    "sheet name of 5,000 letters": taken(_named("n" * 5_000), 1, {}, ASHA),
    "sheet name of control characters": taken(_named("a&#10;b&#9;c\u202edcba"), 1, {}, ASHA),
    "empty sheet name": taken(_named(""), 1, {}, ASHA),
    "macros": taken(
        lambda path: book(
            path, {"S": _PLAIN}, extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 macro"}
        ),
        1,
        {},
        ASHA,
    ),
    "pictures, links and queries": taken(
        lambda path: book(
            path,
            {"S": _PLAIN},
            extra={
                "xl/media/image1.png": b"\x89PNG",
                "xl/externalLinks/externalLink1.xml": "<!DOCTYPE x><x/>",
                "xl/connections.xml": "<connections/>",
                "customXml/item1.xml": "<!DOCTYPE y><y/>",
            },
        ),
        1,
        {},
        ASHA,
    ),
}

SHEETS = {**HOSTILE_SHEETS, **UNUSUAL_SHEETS}
