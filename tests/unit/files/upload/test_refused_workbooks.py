"""Workbooks that are broken, hostile or none at all: each is refused with a code, and costs little."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from outdial.files.upload import UploadLimits
from tests.unit.files.uploads import INDIA, LIMITS, refusal
from tests.unit.files.workbooks import (
    GOOD,
    HEADER,
    MAIN,
    OFFICE,
    PACKAGE,
    book,
    row,
    shared,
    sheet,
    simple,
    text,
    zipped,
)

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
Make = Callable[[Path], Path]


def _bytes(content: bytes) -> Make:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


def _parts(**parts: str) -> Make:
    names = {name.replace("__", "/").replace("_x", ".x"): content for name, content in parts.items()}
    return lambda path: zipped(path, names)


def _cut(share: float) -> Make:
    def make(path: Path) -> Path:
        whole = simple(
            path, HEADER, *[row(i, text(f"98765{i:05d}"), text(f"Name {i}")) for i in range(2, 500)]
        )
        content = whole.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        return path

    return make


def _corrupt(path: Path) -> Path:
    simple(path, HEADER, *[row(i, text(f"98765{i:05d}"), text(f"Name {i}")) for i in range(2, 500)])
    content = bytearray(path.read_bytes())
    content[200:400] = bytes(range(200))
    path.write_bytes(content)
    return path


def _doctype(definitions: str, value: str) -> Make:
    xml = f"<!DOCTYPE x [{definitions}]>" + sheet(HEADER, row(2, text(value)))
    return lambda path: book(path, {"S": xml})


def _encrypted_entry(path: Path) -> Path:
    simple(path, HEADER, GOOD)
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            struct.pack_into("<H", content, place + at, 1)
            place = content.find(mark, place + 4)
    path.write_bytes(content)
    return path


LAUGHS = "<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

NOT_WORKBOOKS: dict[str, Make] = {
    "noise": _bytes(b"PK\x03\x04" + bytes(range(256)) * 20),
    "noise without mark": _bytes(bytes(range(256)) * 20),
    "old xls": _bytes(OLE + bytes(600) + "Workbook".encode("utf-16-le")),
    "word": _parts(word__document_xml="<w/>"),
    "presentation": _parts(ppt__presentation_xml="<p/>"),
    "open document": lambda path: zipped(path, {"mimetype": "x", "content.xml": "<x/>"}),
    "numbers": lambda path: zipped(path, {"Index/Document.iwa": "x"}),
    "other zip": lambda path: zipped(path, {"readme.txt": "x"}),
    "empty zip": lambda path: zipped(path, {}),
    "binary workbook": lambda path: zipped(path, {"[Content_Types].xml": "<T/>", "xl/workbook.bin": "x"}),
    "no workbook part": lambda path: zipped(path, {"[Content_Types].xml": "<T/>", "xl/styles.xml": "<s/>"}),
    "cut at 10 %": _cut(0.1),
    "cut at 60 %": _cut(0.6),
    "cut at 99 %": _cut(0.99),
    "corrupt": _corrupt,
    "cut sheet": lambda path: book(path, {"S": sheet(HEADER, GOOD)[:-30]}),
    "no xml": lambda path: book(path, {"S": "PhoneNumber"}),
    "empty sheet part": lambda path: book(path, {"S": ""}),
    "external entity": _doctype('<!ENTITY e SYSTEM "file:///etc/hostname">', "&e;"),
    "external parameter": _doctype('<!ENTITY % e SYSTEM "http://localhost/">%e;', "x"),
    "billion laughs": _doctype(LAUGHS, "&i;"),
    "unknown entity": lambda path: simple(path, HEADER, row(2, text("&e;"))),
    "wrong encoding": lambda path: book(path, {"S": '<?xml version="1.0" encoding="klingon"?><worksheet/>'}),
    "shared text missing": lambda path: simple(path, HEADER, row(2, shared(7))),
    "shared text below zero": lambda path: book(
        path, {"S": sheet(HEADER, row(2, shared(-1)))}, f'<sst xmlns="{MAIN}"><si><t>x</t></si></sst>'
    ),
    "shared text no number": lambda path: simple(path, HEADER, row(2, ' t="s"><v>one</v></c>')),
    "row number too high": lambda path: simple(
        path, HEADER, '<row r="1048577"><c r="A1"' + text("1") + "</row>"
    ),
    "row number of 30 digits": lambda path: simple(
        path, HEADER, f'<row r="{"9" * 30}"><c' + text("1") + "</row>"
    ),
    "row number of 9,000 digits": lambda path: simple(
        path, HEADER, f'<row r="{"9" * 9_000}"><c' + text("1") + "</row>"
    ),
    "doctype in strings": lambda path: book(path, {"S": sheet(HEADER)}, "<!DOCTYPE x><sst/>"),
    "broken styles": lambda path: book(
        path, {"S": sheet(HEADER, GOOD)}, extra={"xl/styles.xml": "<styleSheet"}
    ),
}

OTHERS: dict[str, tuple[str, Make]] = {
    "no bytes": ("empty-file", _bytes(b"")),
    "no rows": ("empty-file", simple),
    "no sheets": ("empty-file", lambda path: book(path, {})),
    "only a header": ("empty-file", lambda path: simple(path, HEADER)),
    "only a chart sheet": (
        "empty-file",
        lambda path: zipped(
            path,
            {
                "[Content_Types].xml": "<T/>",
                "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
                '<sheet name="C" sheetId="1" r:id="rId1"/></sheets></workbook>',
                "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship '
                f'Id="rId1" Type="{OFFICE}/chartsheet" Target="chartsheets/sheet1.xml"/></Relationships>',
                "xl/chartsheets/sheet1.xml": "<chartsheet/>",
            },
        ),
    ),
    "password": (
        "encrypted",
        _bytes(OLE + bytes(1_000) + "EncryptedPackage".encode("utf-16-le") + bytes(500)),
    ),
    "encrypted entries": ("encrypted", _encrypted_entry),
    "far cell": (
        "column-unknown",
        lambda path: simple(path, HEADER, GOOD, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    ),
    "far column": (
        "column-unknown",
        lambda path: simple(path, HEADER, '<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>'),
    ),
    "no column": (
        "column-unknown",
        lambda path: simple(path, HEADER, '<row r="2"><c r="2"><v>1</v></c></row>'),
    ),
    "stray cell": (
        "column-unknown",
        lambda path: simple(path, HEADER, row(2, text("9876543210"), "", "", text("x"))),
    ),
    "many parts": (
        "too-large",
        lambda path: book(
            path, {"S": sheet(HEADER, GOOD)}, extra={f"xl/media/{i}.png": "" for i in range(2_500)}
        ),
    ),
    "bomb of spaces": ("too-large", lambda path: book(path, {"S": sheet(HEADER, GOOD) + " " * (40 << 20)})),
    "bomb in one cell": ("too-large", lambda path: simple(path, HEADER, row(2, text("A" * (40 << 20))))),
    "bomb of shared texts": (
        "too-large",
        lambda path: book(
            path, {"S": sheet(HEADER)}, f'<sst xmlns="{MAIN}">{"<si><t>A</t></si>" * 3_000_000}</sst>'
        ),
    ),
    "bomb of rows": (
        "too-large",
        lambda path: simple(path, HEADER, "<row><c><v>1</v></c></row>" * 1_500_000),
    ),
}


@pytest.mark.parametrize("name", NOT_WORKBOOKS)
def test_what_is_no_sound_workbook_is_refused(tmp_path: Path, name: str) -> None:
    rejected = refusal(NOT_WORKBOOKS[name](tmp_path / "a.xlsx"))
    assert rejected.code == "not-a-workbook"
    assert ".xlsx" in rejected.detail


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_be_taken_is_refused_for_its_own_reason(tmp_path: Path, name: str) -> None:
    code, make = OTHERS[name]
    assert refusal(make(tmp_path / "a.xlsx")).code == code


def test_a_claim_of_millions_of_rows_is_refused_by_counting(tmp_path: Path) -> None:
    path = simple(
        tmp_path / "a.xlsx", HEADER, *[f"<row><c><v>{9876500000 + i}</v></c></row>" for i in range(3_000)]
    )
    assert refusal(path, INDIA.__class__("IN", "UTC", max_rows=2_000)).code == "too-many-rows"


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        (UploadLimits(file_bytes=500), 500),
        (UploadLimits(unpacked_bytes=1_000), 1_000),
        (UploadLimits(zip_entries=3), 3),
    ],
)
def test_limits_are_told(tmp_path: Path, limits: UploadLimits, limit: int) -> None:
    rejected = refusal(simple(tmp_path / "a.xlsx", HEADER, GOOD), INDIA, limits)
    assert (rejected.code, rejected.fields["limit"]) == ("too-large", limit)


def test_a_part_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = simple(tmp_path / "a.xlsx", HEADER, *[row(i, text(f"98765{i:05d}")) for i in range(2, 2_000)])
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\x01\x02")
    struct.pack_into("<I", content, place + 24, 500)
    path.write_bytes(content)
    assert refusal(path, INDIA, LIMITS).code == "not-a-workbook"
