"""What the sample counts in the files that it downloads."""

from pathlib import Path

from fpdf import FPDF

from deploy.local.sample import pdf_rows


def document(path: Path, *lines: str) -> Path:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=10)
    for line in lines:
        made.cell(text=line, new_x="LMARGIN", new_y="NEXT")
    made.output(str(path))
    return path


def test_a_cell_that_goes_on_with_digits_in_a_line_of_its_own_is_no_record(tmp_path: Path) -> None:
    assert pdf_rows(document(tmp_path / "a.pdf", "1 u-50866119", "97672", "2 u-50866119", "8607")) == 2


def test_a_record_that_is_missing_is_missed(tmp_path: Path) -> None:
    assert pdf_rows(document(tmp_path / "a.pdf", "1 a", "3 c")) == 1
