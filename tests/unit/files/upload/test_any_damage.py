"""However a workbook or a CSV file is damaged, it is refused with a reason or every row is accounted for."""

import tempfile
import zipfile
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from outdial.files.upload import UploadRejected
from tests.kit.odd_files import ODD_FILES
from tests.kit.workbooks import zipped
from tests.unit.files.uploads import india, read

WHOLE = (
    "of openpyxl",
    "of Excel",
    "of LibreOffice",
    "of XlsxWriter",
    "prefixed elements",
    "priority of every kind",
)
TEXTS = ("of Excel as CSV UTF-8", "of Excel as Unicode text", "csv with quotes", "csv with blank lines")
PIECES = (
    *(
        b'"',
        b"<",
        b">",
        b"&",
        b"/>",
        b"</row>",
        b"<row>",
        b'<c r="A1">',
        b"<v>",
        b"</v>",
        b"<is><t>",
        b"\0",
        b"\r\n",
    ),
    *(
        b"<!-- ",
        b" -->",
        b"<![CDATA[",
        b"&#65;",
        b"&#xD800;",
        b"_xD83D_",
        b"\xff\xfe",
        b"-1",
        b"1e308",
        b"9" * 400,
    ),
    *(
        b'r="XFD1048576"',
        b't="s"',
        b't="d"',
        b't="b"',
        b's="1"',
        b"xml:space",
        b"<x:c>",
        "名".encode(),
        b"=",
        b",",
        b";",
    ),
)
EDIT = st.tuples(
    st.floats(0, 1), st.integers(0, 30), st.one_of(st.sampled_from(PIECES), st.binary(max_size=6))
)
EDITS = st.lists(EDIT, min_size=1, max_size=4)


@cache
def _content(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return ODD_FILES[name].make(Path(folder) / "a").read_bytes()


@cache
def _parts(name: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(_content(name))
        with zipfile.ZipFile(path) as archive:
            return {part: archive.read(part) for part in sorted(archive.namelist())}


def _damaged(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """The content with some of its bytes taken out and others put there."""
    for where, length, piece in edits:
        at = int(where * len(content))
        content = content[:at] + piece + content[at + length :]
    return content


def _read(path: Path) -> None:
    try:
        got = read(path, india(columns=("City",), new_columns="add"))
    except UploadRejected as rejected:
        assert rejected.detail.endswith(".")
        (rejected.detail + str(rejected.fields)).encode()
        return
    assert got.summary.read == got.summary.valid + got.summary.invalid + got.summary.duplicates
    assert (len(got.rows), len(got.invalid)) == (
        got.summary.valid,
        got.summary.invalid + got.summary.duplicates,
    )
    "".join([*got.header.columns, got.header.sheet, *got.header.other_sheets]).encode()
    "".join(cell for row in got.invalid for cell in (*row.cells, row.reason)).encode()
    "".join(cell for row in got.rows for cell in (row.name, row.agent, row.skill, *row.extra)).encode()


@given(st.sampled_from(WHOLE), st.data(), EDITS)
@settings(max_examples=100, deadline=None)
def test_a_part_of_a_workbook(name: str, data: st.DataObject, edits: list[tuple[float, int, bytes]]) -> None:
    parts = _parts(name)
    part = data.draw(st.sampled_from([one for one in parts if one.endswith((".xml", ".rels"))]))
    with tempfile.TemporaryDirectory() as folder:
        _read(zipped(Path(folder) / "a.xlsx", {**parts, part: _damaged(parts[part], edits)}))


@given(st.sampled_from((*WHOLE, *TEXTS)), EDITS)
@settings(max_examples=100, deadline=None)
def test_the_bytes_of_a_file(name: str, edits: list[tuple[float, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        path.write_bytes(_damaged(_content(name), edits))
        _read(path)
