"""Files that are no workbook, a broken one, a protected one, or one that unpacks to more than anybody has."""

import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.kit.odd_files.model import Make, OddFile, of_bytes, refused, taken
from tests.kit.workbooks import GOOD, HEADER, MAIN, OFFICE, PACKAGE, book, row, sheet, simple, text, zipped

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
ROWS = [row(i, text(f"98765{i:05d}"), text(f"Name {i}")) for i in range(2, 500)]
NO = "not-a-workbook"
ASHA = ("+919876543210", "Asha")


def _parts(**parts: str) -> Make:
    names = {name.replace("__", "/").replace("_x", ".x"): content for name, content in parts.items()}
    return lambda path: zipped(path, names)


def _cut(share: float) -> Make:
    def make(path: Path) -> Path:
        content = simple(path, HEADER, *ROWS).read_bytes()
        path.write_bytes(content[: int(len(content) * share)])
        return path

    return make


def _changed(at: int, content: bytes) -> Make:
    def make(path: Path) -> Path:
        whole = bytearray(simple(path, HEADER, *ROWS).read_bytes())
        whole[at : at + len(content)] = content
        path.write_bytes(whole)
        return path

    return make


def _corrupt_directory(path: Path) -> Path:
    whole = bytearray(simple(path, HEADER, *ROWS).read_bytes())
    whole[-200:-140] = bytes(60)
    path.write_bytes(whole)
    return path


def _before(content: bytes) -> Make:
    def make(path: Path) -> Path:
        path.write_bytes(content + simple(path, HEADER, GOOD).read_bytes())
        return path

    return make


def _without(part: str) -> Make:
    """A workbook that lacks one of its parts."""

    def make(path: Path) -> Path:
        strings = f'<sst xmlns="{MAIN}"><si><t>x</t></si></sst>'
        return book(path, {"S": sheet(HEADER, GOOD)}, strings, without=(part,))

    return make


def _encrypted_entry(path: Path) -> Path:
    content = bytearray(simple(path, HEADER, GOOD).read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(mark)
        while place >= 0:
            struct.pack_into("<H", content, place + at, 1)
            place = content.find(mark, place + 4)
    path.write_bytes(content)
    return path


def _claims(field: int, value: int) -> Make:
    """A zip whose directory says something else of its first part: 20 packed, 24 unpacked size, 10 method."""

    def make(path: Path) -> Path:
        content = bytearray(simple(path, HEADER, *ROWS).read_bytes())
        struct.pack_into("<H" if field == 10 else "<I", content, content.find(b"PK\x01\x02") + field, value)
        path.write_bytes(content)
        return path

    return make


def _repacked(
    rename: Callable[[str], str] = str, how: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> Make:
    """The same workbook as other programs pack it."""

    def make(path: Path) -> Path:
        simple(path, HEADER, GOOD)
        with zipfile.ZipFile(path) as whole:
            parts = {name: whole.read(name) for name in whole.namelist()}
        with zipfile.ZipFile(path, "w", how) as archive:
            archive.comment = comment
            archive.mkdir("xl")
            for name, content in parts.items():
                with archive.open(rename(name), "w", force_zip64=bool(comment)) as part:
                    part.write(content)
        return path

    return make


def _part_twice(path: Path) -> Path:
    simple(path, HEADER, GOOD)
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(
            "xl/worksheets/sheet1.xml", sheet(HEADER, row(2, text("+919876543211"), text("Ravi")))
        )
    return path


def _nested(path: Path) -> Path:
    """A zip of zips, as a mail program packs attachments."""
    inner = simple(path, HEADER, GOOD).read_bytes()
    return zipped(path, {"spring.xlsx": inner})


_CHART_ONLY = {
    "[Content_Types].xml": "<T/>",
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="C" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship '
    f'Id="rId1" Type="{OFFICE}/chartsheet" Target="chartsheets/sheet1.xml"/></Relationships>',
    "xl/chartsheets/sheet1.xml": "<chartsheet/>",
}
_MANY_STRINGS = f'<sst xmlns="{MAIN}">{"<si><t>A</t></si>" * 3_000_000}</sst>'

OTHER_FILES: dict[str, OddFile] = {
    "no bytes": refused("empty-file", of_bytes(b""), "0 bytes"),
    "noise behind a zip mark": refused(NO, of_bytes(b"PK\x03\x04" + bytes(range(256)) * 20), "damaged"),
    "noise": refused(NO, of_bytes(bytes(range(256)) * 20)),
    "only a zip mark": refused(NO, of_bytes(b"PK")),
    "old xls": refused(NO, of_bytes(OLE + bytes(600) + "Workbook".encode("utf-16-le")), ".xls"),
    "pdf": refused(NO, of_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"), "PDF"),
    "picture": refused(NO, of_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100)), "picture"),
    "gzip": refused(NO, of_bytes(b"\x1f\x8b\x08\x00" + bytes(100)), "gzip"),
    "7z": refused(NO, of_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100)), "7z"),
    "rar": refused(NO, of_bytes(b"Rar!\x1a\x07\x00" + bytes(100)), "RAR"),
    "rtf": refused(NO, of_bytes(b"{\\rtf1\\ansi PhoneNumber}"), "RTF"),
    "page saved as xls": refused(
        NO, of_bytes(b"<html><body><table><tr><td>PhoneNumber</td></tr></table>"), "web page"
    ),
    "spreadsheet of 2003 in xml": refused(
        NO, of_bytes(b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'), "XML"
    ),
    "json": refused(NO, of_bytes(b'[{"PhoneNumber": "9876543210"}]'), "JSON"),
    "word": refused(NO, _parts(word__document_xml="<w/>"), "Word"),
    "presentation": refused(NO, _parts(ppt__presentation_xml="<p/>"), "presentation"),
    "open document": refused(
        NO, lambda path: zipped(path, {"mimetype": "x", "content.xml": "<x/>"}), "OpenDocument"
    ),
    "numbers": refused(NO, lambda path: zipped(path, {"Index/Document.iwa": "x"}), "Numbers"),
    "other zip": refused(NO, lambda path: zipped(path, {"readme.txt": "x"}), "zip"),
    "workbook in a zip": refused(NO, _nested, "zip"),
    "empty zip": refused(NO, lambda path: zipped(path, {}), "zip"),
    "binary workbook": refused(
        NO, lambda path: zipped(path, {"[Content_Types].xml": "<T/>", "xl/workbook.bin": "x"}), ".xlsb"
    ),
    "password": refused(
        "encrypted",
        of_bytes(OLE + bytes(1_000) + "EncryptedPackage".encode("utf-16-le") + bytes(500)),
        "password",
    ),
    "encrypted parts": refused("encrypted", _encrypted_entry, "password"),
}

BROKEN_WORKBOOKS: dict[str, OddFile] = {
    **{f"cut at {share:.0%}": refused(NO, _cut(share)) for share in (0.01, 0.1, 0.6, 0.9, 0.99, 0.9999)},
    "corrupt from the start": refused(NO, _changed(200, bytes(range(200)))),
    "corrupt in the middle": refused(NO, _changed(3_000, bytes(64))),
    "corrupt directory": refused(NO, _corrupt_directory),
    "part larger than said": refused(NO, _claims(24, 500)),
    "part packed longer than the file": refused(NO, _claims(20, 2**31)),
    "part packed in an unknown way": refused(NO, _claims(10, 97)),
    "no workbook part": refused(NO, _without("xl/workbook.xml"), "no workbook"),
    "no sheet part": refused("empty-file", _without("xl/worksheets/sheet1.xml")),
    "no relations of the workbook": refused("empty-file", _without("xl/_rels/workbook.xml.rels")),
    "no content types": refused(NO, _without("[Content_Types].xml"), "zip"),
    "no sheets": refused("empty-file", lambda path: book(path, {})),
    "only a chart sheet": refused("empty-file", lambda path: zipped(path, _CHART_ONLY)),
    "broken styles": refused(
        NO, lambda path: book(path, {"S": sheet(HEADER, GOOD)}, extra={"xl/styles.xml": "<styleSheet"})
    ),
    "sheet outside the package": refused(
        "empty-file",
        lambda path: book(
            path,
            {"S": sheet(HEADER, GOOD)},
            extra={
                "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship '
                f'Id="rId1" Type="{OFFICE}/worksheet" Target="../../../../etc/passwd"/></Relationships>'
            },
        ),
    ),
    "sheet behind a link": refused(
        "empty-file",
        lambda path: book(
            path,
            {"S": sheet(HEADER, GOOD)},
            extra={
                "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship '
                f'Id="rId1" Type="{OFFICE}/worksheet" Target="http://localhost/s.xml" TargetMode="External"/>'
                "</Relationships>"
            },
        ),
    ),
}

BOMBS: dict[str, OddFile] = {
    "many parts": refused(
        "too-large",
        lambda path: book(
            path, {"S": sheet(HEADER, GOOD)}, extra={f"xl/media/{i}.png": "" for i in range(2_500)}
        ),
        "2,5",
    ),
    "bomb of spaces": refused(
        "too-large", lambda path: book(path, {"S": sheet(HEADER, GOOD) + " " * (40 << 20)})
    ),
    "bomb in one cell": refused(
        "too-large", lambda path: simple(path, HEADER, row(2, text("A" * (40 << 20))))
    ),
    "bomb of shared texts": refused(
        "too-large", lambda path: book(path, {"S": sheet(HEADER)}, _MANY_STRINGS)
    ),
    "bomb of rows": refused(
        "too-large", lambda path: simple(path, HEADER, "<row><c><v>1</v></c></row>" * 1_500_000)
    ),
    "claim of four gigabytes": refused("too-large", _claims(24, 2**32 - 2)),
}

PACKED: dict[str, OddFile] = {
    "bytes before the zip": refused(NO, _before(b"MZ" + bytes(50))),
    "part names with backslashes": taken(_repacked(lambda name: name.replace("/", "\\")), 1, {}, ASHA),
    "part names in capitals": taken(_repacked(str.upper), 1, {}, ASHA),
    "part names from the root": taken(_repacked(lambda name: f"/{name}"), 1, {}, ASHA),
    "stored, not packed": taken(_repacked(how=zipfile.ZIP_STORED), 1, {}, ASHA),
    "packed by bzip2": taken(_repacked(how=zipfile.ZIP_BZIP2), 1, {}, ASHA),
    "zip64 with a comment": taken(_repacked(comment=b"made by hand"), 1, {}, ASHA),
    "a part twice": taken(_part_twice, 1, {}, ("+919876543211", "Ravi")),
}
CONTAINERS = {**OTHER_FILES, **BROKEN_WORKBOOKS, **BOMBS, **PACKED}
