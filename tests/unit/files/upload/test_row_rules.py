"""Every row code, its text, and what is kept as typed."""

import json
from pathlib import Path

import pytest
import yaml

from outdial.files.upload import UploadRules
from tests.unit.files.uploads import INDIA, india, read_csv

PHONE = "9876543210"


def _fault(tmp_path: Path, header: str, line: str, rules: UploadRules = INDIA) -> tuple[str, str]:
    got = read_csv(tmp_path, f"{header}\n{line}\n", rules)
    (row,) = got.invalid
    assert (got.summary.read, got.summary.valid, got.summary.invalid) == (1, 0, 1)
    assert row.row == 2
    return row.column, row.code


@pytest.mark.parametrize(
    ("header", "line", "column", "code"),
    [
        ("PhoneNumber,Name", ",Asha", "PhoneNumber", "phone-missing"),
        ("PhoneNumber", "12345", "PhoneNumber", "phone-invalid"),
        ("PhoneNumber", "9.19877E+11", "PhoneNumber", "phone-invalid"),
        ("PhoneNumber,Name", f"{PHONE},a\x07b", "Name", "name-invalid"),
        ("PhoneNumber,Name", f'{PHONE},"two\nlines"', "Name", "name-invalid"),
        ("PhoneNumber,Name", f"{PHONE},{'x' * 201}", "Name", "name-invalid"),
        ("PhoneNumber,Priority", f"{PHONE},0", "Priority", "priority-invalid"),
        ("PhoneNumber,Priority", f"{PHONE},100", "Priority", "priority-invalid"),
        ("PhoneNumber,Priority", f"{PHONE},high", "Priority", "priority-invalid"),
        ("PhoneNumber,Priority", f"{PHONE},1.5", "Priority", "priority-invalid"),
        ("PhoneNumber,Priority", f"{PHONE},9999999999999999999", "Priority", "priority-invalid"),
        ("PhoneNumber,ExpiryDate", f"{PHONE},soon", "ExpiryDate", "expiry-invalid"),
        ("PhoneNumber,ExpiryDate", f"{PHONE},2025-12-31", "ExpiryDate", "expiry-past"),
        ("PhoneNumber,Name", f"{PHONE},{'y' * 2_000}", "Name", "name-invalid"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(
    tmp_path: Path, header: str, line: str, column: str, code: str
) -> None:
    assert _fault(tmp_path, header, line) == (column, code)


def test_a_row_of_more_than_2000_characters_is_refused(tmp_path: Path) -> None:
    rules = india(columns=("Notes",))
    assert _fault(tmp_path, "PhoneNumber,Notes", f"{PHONE},{'n' * 1_991}", rules) == ("", "row-too-long")
    assert read_csv(tmp_path, f"PhoneNumber,Notes\n{PHONE},{'n' * 1_990}\n", rules).summary.valid == 1


@pytest.mark.parametrize(
    ("method", "column", "word"), [("agentwise", "AgentId", "agent"), ("skillwise", "Skill", "skill")]
)
def test_agent_and_skill_are_needed_by_their_dial_method(
    tmp_path: Path, method: str, column: str, word: str
) -> None:
    rules = india(dial_method=method, agents=frozenset({"a1"}), skills=frozenset({"a1"}))
    assert _fault(tmp_path, f"PhoneNumber,{column}", f"{PHONE},", rules) == (column, f"{word}-missing")
    assert _fault(tmp_path, f"PhoneNumber,{column}", f"{PHONE},b2", rules) == (column, f"{word}-unknown")
    (row,) = read_csv(tmp_path, f"PhoneNumber,{column}\n{PHONE}, A1 \n", rules).rows
    assert "a1" in (row.agent, row.skill)


def test_agent_and_skill_are_taken_as_they_are_where_none_is_declared(tmp_path: Path) -> None:
    (row,) = read_csv(tmp_path, f"PhoneNumber,AgentId,Skill\n{PHONE},anna,sales\n").rows
    assert (row.agent, row.skill) == ("anna", "sales")


def test_all_faults_of_a_row_are_told(tmp_path: Path) -> None:
    got = read_csv(tmp_path, "PhoneNumber,Priority,ExpiryDate\n1,200,never\n")
    (row,) = got.invalid
    assert [row.code, *(fault.code for fault in row.further)] == [
        "phone-invalid",
        "priority-invalid",
        "expiry-invalid",
    ]
    assert row.reason.count(";") >= 2
    assert row.cells == ("1", "200", "never")


def test_a_number_seen_before_is_a_duplicate_unless_allowed(tmp_path: Path) -> None:
    content = f"PhoneNumber\n{PHONE}\n+91 98765-43210\n9876543211\n"
    got = read_csv(tmp_path, content)
    assert got.faults == {3: "duplicate-in-file"}
    assert (got.summary.read, got.summary.valid, got.summary.duplicates, got.summary.invalid) == (3, 2, 1, 0)
    assert read_csv(tmp_path, content, india(duplicates="allow")).summary.valid == 3


def test_a_refused_row_does_not_make_a_later_one_a_duplicate(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"PhoneNumber,Priority\n{PHONE},200\n{PHONE},2\n")
    assert (got.faults, got.rows[0].row) == ({2: "priority-invalid"}, 3)


@pytest.mark.parametrize(
    "name",
    [
        "D'Souza, Anna",
        "राहुल शर्मा",
        "محمد علي",
        "王小明",
        "=1+1",
        "-Anna",
        "@home",
        "a\u200db",
        "O\u2019Neil 😀",
    ],
)
def test_names_are_kept_as_typed(tmp_path: Path, name: str) -> None:
    quoted = json.dumps(name, ensure_ascii=False)
    (row,) = read_csv(tmp_path, f"PhoneNumber,Name\n{PHONE},{quoted}\n").rows
    assert row.name == name


@pytest.mark.parametrize(
    ("text", "priority"), [("", 1), ("5", 5), ("05", 5), ("7.0", 7), (" 99 ", 99), ("1", 1)]
)
def test_priorities_are_whole_numbers_and_one_when_blank(tmp_path: Path, text: str, priority: int) -> None:
    (row,) = read_csv(tmp_path, f"PhoneNumber,Priority\n{PHONE},{text}\n").rows
    assert row.priority == priority


def test_a_date_that_is_today_has_not_passed(tmp_path: Path) -> None:
    (row,) = read_csv(tmp_path, f"PhoneNumber,ExpiryDate\n{PHONE},2026-01-01\n").rows
    assert row.expires_us == 1_767_292_199_000_000


def test_a_shortened_number_that_shows_every_digit_is_read(tmp_path: Path) -> None:
    (row,) = read_csv(tmp_path, "PhoneNumber\n9.19876543210E+11\n").rows
    assert row.phone == "+919876543210"


def test_every_row_code_is_in_the_published_list() -> None:
    published = yaml.safe_load(Path("schemas/reasons.yaml").read_text(encoding="utf-8"))
    errors = yaml.safe_load(Path("schemas/errors.yaml").read_text(encoding="utf-8"))
    rows = errors.get("rows") or published["rows"]
    used = {
        *(
            "phone-missing",
            "phone-invalid",
            "name-invalid",
            "priority-invalid",
            "expiry-invalid",
            "expiry-past",
        ),
        *(
            "agent-missing",
            "agent-unknown",
            "skill-missing",
            "skill-unknown",
            "row-too-long",
            "duplicate-in-file",
        ),
    }
    assert used <= set(rows)
