"""The child process: same answers as in this process, bounded, and gone when it should be."""

from pathlib import Path

import psutil
import pytest

from outdial.files.upload import UploadLimits, UploadReaderFailed, UploadRejected, UploadRules, read_upload
from tests.kit.odd_files import ODD_FILES
from tests.kit.workbooks import GOOD, HEADER, MAIN, book, row, sheet, simple, text
from tests.unit.files.uploads import INDIA, NOW_US, india, read


def _many(path: Path, rows: int) -> Path:
    made = [row(i, text(f"98{i:08d}"), text(f"Name 😀 {i}")) for i in range(2, rows + 2)]
    return simple(path, HEADER, *made)


OTHERS: set[psutil.Process] = set()


@pytest.fixture(autouse=True)
def others() -> None:
    """Children that other tests of this run keep, as a broker is one."""
    OTHERS.clear()
    OTHERS.update(psutil.Process().children(recursive=True))


def _children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if child not in OTHERS]


def test_the_child_gives_what_is_in_the_file(tmp_path: Path) -> None:
    path = _many(tmp_path / "a.xlsx", 1_200)
    expected = read(path)
    with read_upload(path, INDIA, NOW_US) as reading:
        assert reading.header == expected.header
        chunks = list(reading)
    assert [len(chunk.rows) + len(chunk.invalid) for chunk in chunks] == [500, 500, 200]
    assert [found for chunk in chunks for found in chunk.rows] == expected.rows
    assert [found for chunk in chunks for found in chunk.invalid] == expected.invalid
    assert reading.summary == expected.summary


def test_rules_with_everything_reach_the_child(tmp_path: Path) -> None:
    rules = UploadRules(
        "IN",
        "Asia/Kolkata",
        "agentwise",
        ("City",),
        frozenset({"a1"}),
        frozenset({"s1"}),
        "DD/MM/YYYY",
        "add",
        "allow",
        10,
    )
    path = tmp_path / "a.csv"
    path.write_text(
        "PhoneNumber,AgentId,Skill,ExpiryDate,City,Town\n9876543210,A1,s1,31/12/2030,Pune,x\n",
        encoding="utf-8",
    )
    with read_upload(path, rules, NOW_US) as reading:
        (chunk,) = reading
    (found,) = chunk.rows
    assert (found.agent, found.skill, found.extra, reading.header.added_columns) == (
        "a1",
        "s1",
        ("Pune", "x"),
        ("Town",),
    )
    assert found.expires_us == 1_924_972_199_000_000


def test_a_refused_file_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Name\nAsha\n", encoding="utf-8")
    with pytest.raises(UploadRejected) as refused:
        read_upload(path, INDIA, NOW_US)
    assert (refused.value.code, refused.value.fields["columns"]) == ("column-missing", ["PhoneNumber"])
    assert _children() == []


def test_a_fault_late_in_the_file_comes_after_its_chunks(tmp_path: Path) -> None:
    path = _many(tmp_path / "a.xlsx", 1_200)
    with read_upload(path, india(max_rows=1_100), NOW_US) as reading:
        chunks = iter(reading)
        assert len(next(chunks).rows) == 500
        with pytest.raises(UploadRejected, match="too-many-rows"):
            list(chunks)


def test_leaving_early_ends_the_child(tmp_path: Path) -> None:
    with read_upload(_many(tmp_path / "a.xlsx", 20_000), INDIA, NOW_US) as reading:
        next(iter(reading))
        assert len(_children()) == 1
    assert _children() == []


def test_a_file_that_takes_too_much_memory_is_too_large_and_the_parent_lives(tmp_path: Path) -> None:
    strings = "".join(f"<si><t>{i:09d}{'x' * 30}</t></si>" for i in range(400_000))
    path = book(tmp_path / "b.xlsx", {"S": sheet(HEADER, GOOD)}, f'<sst xmlns="{MAIN}">{strings}</sst>')
    limits = UploadLimits(memory_bytes=48 << 20)
    with pytest.raises(UploadRejected) as refused, read_upload(path, INDIA, NOW_US, limits) as reading:
        list(reading)
    assert refused.value.code == "too-large"
    assert _children() == []


def test_a_file_that_takes_too_long_is_too_large(tmp_path: Path) -> None:
    """A million rows, so that no machine is quick enough to read them in the one second they have."""
    path = tmp_path / "a.csv"
    path.write_text("PhoneNumber,Name\n" + "9876543210,Asha\n" * 1_000_000, encoding="utf-8")
    with (
        pytest.raises(UploadRejected) as refused,
        read_upload(path, INDIA, NOW_US, UploadLimits(cpu_s=1)) as reading,
    ):
        list(reading)
    assert refused.value.code == "too-large"


def test_a_file_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(UploadReaderFailed, match="FileNotFoundError"):
        read_upload(tmp_path / "none.xlsx", INDIA, NOW_US)


WORST = (
    "far cell",
    "billion laughs",
    "bomb in one cell",
    "bomb of rows",
    "dimension A1:B17000000",
    "cell of two megabytes",
    "csv of 100,000 commas",
    "deep nesting",
)


@pytest.mark.parametrize("name", WORST)
def test_the_worst_files_cost_little_and_this_process_lives(tmp_path: Path, name: str) -> None:
    expected = ODD_FILES[name]
    path = expected.make(tmp_path / "a.xlsx")
    before = psutil.Process().memory_info().rss
    limits = UploadLimits(memory_bytes=192 << 20, cpu_s=10)
    read: list[int] = []
    code = ""
    try:
        with read_upload(path, india(columns=("City",)), NOW_US, limits) as reading:
            read = [len(chunk.rows) for chunk in reading]
    except UploadRejected as why:
        code = why.code
    assert (code, sum(read)) == (expected.code, expected.valid)
    assert psutil.Process().memory_info().rss - before < 16 << 20
    assert _children() == []
