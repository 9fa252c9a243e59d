"""Whatever a cell holds: its row is accounted for, and an accepted record comes back the same from a download."""

import csv
import tempfile
from datetime import datetime
from pathlib import Path

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell import WriteOnlyCell

from outdial.files.download import FORMATS, DownloadAbout, DownloadOptions, record_columns
from outdial.files.upload import UploadRejected, UploadRules, ValidRow
from tests.unit.files.uploads import Read, read

ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Australia/Lord_Howe")
COLUMNS = ("City", "Order no")
HEADER = ("PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "Skill", *COLUMNS)
TRICKY = (
    *(
        "=1+1",
        "'=1",
        "''+1",
        "'",
        "+44",
        "-5",
        "@x",
        "\t=1",
        "＝1",
        "_x0041_",
        "_x000D_",
        "_x005F_x0041_",
        "_",
    ),
    *(
        "007",
        "1e5",
        "TRUE",
        "#N/A",
        "2030-01-01",
        "12:30",
        "a,b",
        'a"b',
        "a;b\tc",
        "a\nb",
        "a\r\nb",
        "a\rb",
        " x ",
    ),
    *(
        "\u00a0x\u00a0",
        "\u200bx",
        "x" * 1_500,
        "\ufeffx",
        "\u2028",
        "\x85",
        "\x1f",
        "\x07",
        "]]>",
        "&amp;",
        "<b>",
    ),
)
PRINTED = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
)
TEXT = st.one_of(
    st.sampled_from(TRICKY), PRINTED, st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
PHONE = st.one_of(st.integers(9_876_500_000, 9_876_599_999), st.just("+14155550100"), TEXT)
PRIORITY = st.one_of(
    st.none(), st.integers(-1, 101), st.sampled_from(("5", "5.0", "07", "9.9E1", " 3 ")), TEXT
)
EXPIRY = st.one_of(
    st.none(),
    st.datetimes(datetime(2026, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001
    st.dates().map(str),
    st.datetimes(datetime(2027, 1, 1), datetime(2030, 1, 1)).map(str),  # noqa: DTZ001
    st.sampled_from(
        ("2030-01-01 00:00:00", "2027-10-31 01:30:00", "2027-11-07T01:30:00-05:00", "2030-06-01T10:00:00.5Z")
    ),
    TEXT,
)
ROWS = st.lists(st.tuples(PHONE, TEXT, PRIORITY, EXPIRY, TEXT, TEXT, TEXT, TEXT), min_size=1, max_size=5)
Cell = str | int | datetime | None


def _workbook(path: Path, rows: list[tuple[Cell, ...]]) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("S")
    sheet.append(HEADER)
    for row in rows:
        cells = [WriteOnlyCell(sheet, _allowed(value)) for value in row]
        for cell in cells:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
        sheet.append(cells)
    book.save(path)
    return path


def _allowed(value: Cell) -> Cell:
    """What openpyxl takes and XML can hold: it refuses control characters, and writes U+FFFE and U+FFFF as they are."""
    if not isinstance(value, str):
        return value
    return "".join(one for one in value if one in "\t\n\r" or (one >= " " and one not in "\ufffe\uffff"))


def _csv(path: Path, rows: list[tuple[Cell, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
    return path


def _download(path: Path, rows: list[ValidRow], zone: str, options: DownloadOptions) -> Path:
    columns = record_columns(COLUMNS)
    state = ("Pending", None, None, None, 0, None, None, 1, "up-1", 1, 1)
    made = [
        (i, row.phone, row.name, row.priority, row.expires_us, row.agent, row.skill, *row.extra, *state)
        for i, row in enumerate(rows, start=1)
    ]
    about = DownloadAbout("spring", "spring@9", "", 1, zone, len(made))
    path.write_bytes(b"".join(FORMATS[path.suffix[1:]].write(columns, about, [made], options)))
    return path


def _plain(rows: list[ValidRow]) -> list[tuple[object, ...]]:
    """The records without the numbers of their rows."""
    return [
        (row.phone, row.name, row.priority, row.expires_us, row.agent, row.skill, row.zone, row.extra)
        for row in rows
    ]


def _accounted(got: Read, rows: int) -> None:
    assert got.summary.read + got.summary.blank == rows
    assert got.summary.read == got.summary.valid + got.summary.invalid + got.summary.duplicates
    assert (len(got.rows), len(got.invalid)) == (
        got.summary.valid,
        got.summary.invalid + got.summary.duplicates,
    )
    assert {row.row for row in got.rows}.isdisjoint(row.row for row in got.invalid)


def _back_again(path: Path, sent: int, zone: str) -> None:
    rules = UploadRules("IN", zone, columns=COLUMNS)
    try:
        got = read(path, rules)
    except UploadRejected as rejected:
        assert rejected.code == "empty-file" or "NUL" in rejected.detail
        return
    _accounted(got, sent)
    if not got.rows:
        return
    for name, options in (
        ("a.csv", DownloadOptions()),
        ("b.csv", DownloadOptions(bom=True)),
        ("c.xlsx", DownloadOptions()),
    ):
        again = read(_download(path.parent / name, got.rows, zone, options), rules)
        assert (_plain(again.rows), again.invalid) == (_plain(got.rows), [])


@given(ROWS, st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_cells_of_a_workbook(rows: list[tuple[Cell, ...]], zone: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _back_again(_workbook(Path(folder) / "upload.xlsx", rows), len(rows), zone)


@given(ROWS, st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_cells_of_a_csv_file(rows: list[tuple[Cell, ...]], zone: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _back_again(_csv(Path(folder) / "upload.csv", rows), len(rows), zone)
