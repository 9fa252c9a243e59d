"""Headers: how columns are found, and why a file is refused for them."""

from pathlib import Path

import pytest

from outdial.files.upload import UploadRules
from tests.unit.files.uploads import INDIA, india, read_csv, refusal

ROW = "9876543210"


@pytest.mark.parametrize(
    "header",
    ["PhoneNumber", "phonenumber", "Phone Number", "PHONE_NUMBER", " phone  number ", "\ufeffPhoneNumber"],
)
def test_headers_match_without_regard_to_case_spaces_and_underscores(tmp_path: Path, header: str) -> None:
    assert read_csv(tmp_path, f"{header}\n{ROW}\n").rows[0].phone == "+919876543210"


def test_the_order_of_columns_is_free(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"skill,Priority,NAME,phone_number\nsales,5,Asha,{ROW}\n")
    (row,) = got.rows
    assert (row.skill, row.priority, row.name, row.phone) == ("sales", 5, "Asha", "+919876543210")
    assert got.header.columns == ("Skill", "Priority", "Name", "PhoneNumber")


def test_declared_columns_are_kept_as_text_in_their_declared_order(tmp_path: Path) -> None:
    got = read_csv(
        tmp_path, f"order no,PhoneNumber,CITY\n007,{ROW},Pune\n", india(columns=("City", "OrderNo"))
    )
    assert got.header.extra_columns == ("City", "OrderNo")
    assert got.rows[0].extra == ("Pune", "007")


def test_a_declared_column_that_the_file_does_not_have_is_blank(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"PhoneNumber\n{ROW}\n", india(columns=("City",)))
    assert got.rows[0].extra == ("",)


def test_new_columns_are_added_only_when_asked_for(tmp_path: Path) -> None:
    content = f"PhoneNumber,City,Town\n{ROW},Pune,x\n"
    got = read_csv(tmp_path, content, india(columns=("Town",), new_columns="add"))
    assert (got.header.extra_columns, got.header.added_columns) == (("Town", "City"), ("City",))
    assert got.rows[0].extra == ("x", "Pune")
    rejected = refusal(tmp_path / "upload.csv", india(columns=("Town",)))
    assert (rejected.code, rejected.fields["columns"]) == ("column-unknown", ["City"])
    assert "'City' (B)" in rejected.detail


def test_columns_that_only_a_download_has_are_ignored_and_listed(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"RecordId,PhoneNumber,Status,Last Attempt At,Problem\n7,{ROW},Fail,x,y\n")
    assert got.header.ignored_columns == ("RecordId", "Status", "Last Attempt At", "Problem")
    assert got.header.columns == ("PhoneNumber",)


def test_a_declared_column_wins_over_one_of_a_download(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"PhoneNumber,Reason\n{ROW},debt\n", india(columns=("Reason",)))
    assert got.rows[0].extra == ("debt",)


@pytest.mark.parametrize(
    ("content", "code", "named"),
    [
        ("Name,City\nAsha,Pune\n", "column-missing", "PhoneNumber"),
        ("Phone,Name\n1,Asha\n", "column-missing", "'Phone', 'Name'"),
        ("PhoneNumber,Name,name\n1,a,b\n", "column-repeated", "columns B and C"),
        ("PhoneNumber,phone_number\n1,2\n", "column-repeated", "columns A and B"),
        ("PhoneNumber,Shoe\n1,44\n", "column-unknown", "'Shoe' (B)"),
        ("PhoneNumber,,\n9876543210,,lost\n", "column-unknown", "C2"),
        ("PhoneNumber\n9876543210,lost\n", "column-unknown", "B2"),
        ("PhoneNumber,Name\n", "empty-file", "row 1"),
        ("PhoneNumber,Name\n,\n , \n", "empty-file", "row 1"),
        ("\n\n\n", "empty-file", "filled cell"),
        (",,,\n,,,\n", "empty-file", "filled cell"),
    ],
)
def test_a_file_whose_columns_do_not_fit_is_refused(
    tmp_path: Path, content: str, code: str, named: str
) -> None:
    path = tmp_path / "upload.csv"
    path.write_text(content, encoding="utf-8")
    rejected = refusal(path)
    assert rejected.code == code
    assert named in rejected.detail


@pytest.mark.parametrize(("method", "column"), [("agentwise", "AgentId"), ("skillwise", "Skill")])
def test_the_column_of_the_dial_method_must_be_there(tmp_path: Path, method: str, column: str) -> None:
    path = tmp_path / "upload.csv"
    path.write_text(f"PhoneNumber\n{ROW}\n", encoding="utf-8")
    rejected = refusal(path, india(dial_method=method))
    assert (rejected.code, rejected.fields["columns"]) == ("column-missing", [column])


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    got = read_csv(tmp_path, f"Spring calls\n\n,,\nPhoneNumber,Name\n{ROW},Asha\n")
    assert (got.header.row, got.rows[0].row) == (4, 5)


def test_more_rows_than_allowed_are_refused(tmp_path: Path) -> None:
    rules: UploadRules = india(max_rows=2)
    content = "PhoneNumber\n9876543210\n\n9876543211\n"
    assert read_csv(tmp_path, content, rules).summary.valid == 2
    path = tmp_path / "upload.csv"
    path.write_text(content + "9876543212\n", encoding="utf-8")
    rejected = refusal(path, rules)
    assert (rejected.code, rejected.fields["limit"]) == ("too-many-rows", 2)


def test_rows_come_in_chunks_and_blank_ones_only_count(tmp_path: Path) -> None:
    lines = "\n\n".join(f"98765{i:05d}" for i in range(30))
    got = read_csv(tmp_path, f"PhoneNumber\n{lines}\n", INDIA)
    assert (got.summary.read, got.summary.blank, got.rows[-1].row) == (30, 29, 60)
