"""A workbook of many rows as Excel writes it: shared texts, numbers, date cells; a few rows that are refused."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

REGION: Final = "IN"
ZONE: Final = "Asia/Kolkata"
COLUMNS: Final = ("City", "Order", "Segment", "Language")
AGENTS: Final = tuple(f"agent-{number}" for number in range(1, 21))
SKILLS: Final = ("sales", "hindi", "support")
REFUSED_EVERY: Final = 200
"""Of so many rows one has a number that nobody can dial; another one repeats an earlier number."""
BLOCK: Final = 2_000
_HEADER: Final = ("PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "Skill", *COLUMNS)
_CITIES: Final = ("Pune", "Mumbai", "Leeds", "São Paulo", "New Delhi", "Kraków", "पुणे", "東京")
_SEGMENTS: Final = ("gold", "silver", "", "new &amp; old")
_LANGUAGES: Final = ("en-IN", "hi-IN", "mr-IN")
_FIRST: Final = (
    "Asha Sharma",
    "John Smith",
    "Łukasz Žižek",
    "राहुल शर्मा",
    "محمد علي",
    "O'Brien, Sinéad",
    "王小明",
)
_FIXED: Final = (*_HEADER, *AGENTS, *SKILLS, *_CITIES, *_SEGMENTS, *_LANGUAGES, "12345")
_PLACE: Final = {text: at for at, text in enumerate(_FIXED)}
_REFUSED: Final = _PLACE["12345"]
_TEXT: Final = '<t xml:space="preserve">'
_MAIN: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_KIND: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PARTS: Final = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_OFFICE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_OFFICE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_OFFICE}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_OFFICE}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="rId1" Type="{_KIND}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_KIND}">'
    '<sheets><sheet name="Contacts" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="rId1" Type="{_KIND}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_KIND}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{_KIND}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/styles.xml": f"<styleSheet {_MAIN}>"
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
}


def write_workbook(path: Path, rows: int) -> int:
    """Write the workbook of `rows` rows below its header; returns how many of them can become records."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _XML + content)
        _write(archive, "xl/sharedStrings.xml", _strings(rows))
        _write(archive, "xl/worksheets/sheet1.xml", _sheet(rows))
    return rows - 2 * (rows // REFUSED_EVERY)


def _write(archive: zipfile.ZipFile, name: str, pieces: Iterator[str]) -> None:
    with archive.open(name, "w", force_zip64=True) as part:
        part.write(_XML.encode())
        for piece in pieces:
            part.write(piece.encode())


def _strings(rows: int) -> Iterator[str]:
    yield f'<sst {_MAIN} uniqueCount="{len(_FIXED) + 2 * rows}">'
    yield "".join(f"<si>{_TEXT}{text}</t></si>" for text in _FIXED)
    for start in range(0, rows, BLOCK):
        block = range(start, min(start + BLOCK, rows))
        yield "".join(f"<si>{_TEXT}{_phone(n)}</t></si><si>{_TEXT}{_name(n)}</t></si>" for n in block)
    yield "</sst>"


def _sheet(rows: int) -> Iterator[str]:
    yield f'<worksheet {_MAIN}><dimension ref="A1:J{rows + 1}"/><sheetData>'
    yield _row(1, "".join(f'<c r="{"ABCDEFGHIJ"[at]}1" t="s"><v>{at}</v></c>' for at in range(len(_HEADER))))
    for start in range(0, rows, BLOCK):
        yield "".join(_row(n + 2, _cells(n)) for n in range(start, min(start + BLOCK, rows)))
    yield "</sheetData></worksheet>"


def _row(number: int, cells: str) -> str:
    return f'<row r="{number}" spans="1:10">{cells}</row>'


def _cells(n: int) -> str:
    at, own = n + 2, len(_FIXED) + 2 * n
    kind = n % REFUSED_EVERY
    phone = {REFUSED_EVERY - 2: _REFUSED, REFUSED_EVERY - 1: own - 4}.get(
        kind, own
    )  # - 4: the number of two rows before
    words = (AGENTS[n % 20], SKILLS[n % 3], _CITIES[n * 7 % 8])
    agent, skill, city = (_PLACE[word] for word in words)
    segment, language = _PLACE[_SEGMENTS[n % 4]], _PLACE[_LANGUAGES[n % 3]]
    return "".join(
        (
            *(_text("A", at, phone), _text("B", at, own + 1), _number("C", at, 1 + n % 99)),
            *(_number("D", at, 49_500 + n % 900, ' s="1"'), _text("E", at, agent), _text("F", at, skill)),
            *(_text("G", at, city), _number("H", at, 10_000_000 + n)),
            *(_text("I", at, segment), _text("J", at, language)),
        )
    )


def _text(column: str, row: int, place: int) -> str:
    return f'<c r="{column}{row}" t="s"><v>{place}</v></c>'


def _number(column: str, row: int, number: int, style: str = "") -> str:
    return f'<c r="{column}{row}"{style}><v>{number}</v></c>'


def _phone(n: int) -> str:
    """As people write them: with and without country code, with spaces and dashes, a few from abroad."""
    digits = f"{9_000_000_000 + n * 7_919 % 999_999_937}"
    if n % 50 == 7:
        return f"+44 7{400 + n // 1_000_000} {n % 1_000_000:06d}"
    ways = (
        f"+91{digits}",
        digits,
        f"0{digits}",
        f"+91 {digits[:5]} {digits[5:]}",
        f"{digits[:5]}-{digits[5:]}",
        f"91{digits}",
    )
    return ways[(0, 0, 1, 1, 2, 3, 4, 5)[n % 8]]


def _name(n: int) -> str:
    return f"{_FIRST[n % len(_FIRST)]} {n % 50_000}"
