"""PDF: pages for any number of columns, long cells, long filters, fonts by letter."""

import io

import pypdfium2
import pytest

from outdial.files.download import Column, DownloadAbout, DownloadOptions, record_columns
from outdial.files.download.model import Value
from outdial.files.download.pdf_cells import page_for
from outdial.files.download.pdf_file import write_pdf


def _write(columns: tuple[Column, ...], *rows: tuple[Value, ...], filters: str = "") -> bytes:
    about = DownloadAbout("spring", "spring@1", filters, 0, "UTC", len(rows))
    return b"".join(write_pdf(columns, about, [rows], DownloadOptions()))


def _pages(content: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(io.BytesIO(content))]


def test_few_columns_stand_on_a4_and_more_on_larger_pages() -> None:
    assert page_for((Column("Name"), Column("City")))[0].width == 842
    assert page_for(record_columns())[0].width == 1191
    assert page_for(record_columns(f"c{i}" for i in range(150)))[0].width > 2384


@pytest.mark.parametrize("extra", [0, 5, 60, 200])
def test_the_columns_fill_the_width_of_the_page_and_no_more(extra: int) -> None:
    size, widths = page_for(record_columns(f"c{i}" for i in range(extra)))
    assert size.width - 48 - len(widths) <= sum(widths) <= size.width - 48


def test_a_long_cell_goes_on_in_the_next_lines_and_nothing_is_lost() -> None:
    words = " ".join(f"word{i}" for i in range(150))
    unbroken = "x" * 900
    text = " ".join(
        _pages(_write((Column("Name"), *map(Column, "abcdefgh")), (words, *[None] * 7, unbroken)))[0].split()
    )
    assert all(f"word{i}" in text for i in range(150))
    assert text.count("x") == 900


def test_a_cell_longer_than_a_page_goes_on_over_pages() -> None:
    pages = _pages(_write((Column("Name"), *map(Column, "abcdefghijkl")), ("n" * 8_000, *["z"] * 12)))
    assert len(pages) > 1
    assert sum(page.count("n") for page in pages) >= 8_000


def test_filters_of_any_length_leave_room_for_rows() -> None:
    pages = _pages(_write((Column("Name"),), ("Asha",), filters="status: Fail; " * 2_000))
    assert "Asha" in " ".join(pages)
    assert "Rows: 1" in pages[0]
    assert "…" in pages[0]


def test_a_long_column_name_leaves_room_for_rows() -> None:
    pages = _pages(_write((Column("Name"), Column("x" * 5_000, extra=True)), ("Asha", "Pune")))
    assert "Asha" in pages[0]


def test_only_fonts_that_are_needed_are_in_the_file() -> None:
    latin = _write((Column("Name"),), ("Zoë",))
    chinese = _write((Column("Name"),), ("王小明",))
    assert (latin.count(b"/FontFile2"), chinese.count(b"/FontFile2")) == (1, 2)
    assert len(latin) < 60_000
    assert len(chinese) < 120_000


def test_brackets_and_backslashes_are_text() -> None:
    assert "a(b)c\\d" in _pages(_write((Column("Name"),), ("a(b)c\\d",)))[0]


def test_control_characters_do_not_reach_the_page() -> None:
    assert "a b c" in _pages(_write((Column("Name"),), ("a\nb\x00c",)))[0]
