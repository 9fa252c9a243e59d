"""The sample workbook: sheets before the table, title above it, and its rows."""

import random
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from outdial.files.sample import values
from outdial.files.sample.dirt import Dirt, SampleSummary
from outdial.files.sample.values import SampleCell

SAMPLE_REGION, SAMPLE_ZONE = "GB", "Europe/London"
SAMPLE_COLUMNS = ("City",)
SAMPLE_AGENTS, SAMPLE_SKILLS = values.AGENTS, values.SKILLS
SAMPLE_HEADER = (" phone_number", "NAME ", "Priority", "Expiry Date", "AgentID", "skill", "City", "Status")
MAX_SAMPLE_ROWS = 1_000_000


def write_sample(path: Path, rows: int, seed: int = 1) -> SampleSummary:
    """Write a workbook of `rows` filled rows for a campaign of SAMPLE_REGION, SAMPLE_ZONE, SAMPLE_COLUMNS.

    The table stands on the third sheet under a title; a visible sheet without numbers and a hidden one with
    old numbers stand before it. Expiry dates are in 2035; the same seed gives the same file.
    """
    if not 1 <= rows <= MAX_SAMPLE_ROWS:
        raise ValueError(f"a sample has 1 to {MAX_SAMPLE_ROWS:,} rows, not {rows}")
    book = Workbook(write_only=True)
    _write_notes(book.create_sheet("Read me"))
    _write_old(book.create_sheet("Old numbers"))
    sheet = book.create_sheet("Contacts")
    sheet.append(["Spring calls"])
    sheet.append([])
    sheet.append(list(SAMPLE_HEADER))
    dirt = Dirt(random.Random(seed))  # noqa: S311 - a sample is no secret
    for cells in dirt.rows(rows):
        sheet.append([_cell(sheet, value) for value in cells])
    book.save(path)
    return dirt.summary(rows)


def _write_notes(sheet: WriteOnlyWorksheet) -> None:
    sheet.append(["Contacts of the spring campaign. The rows are on the sheet Contacts."])


def _write_old(sheet: WriteOnlyWorksheet) -> None:
    sheet.sheet_state = "hidden"  # type: ignore[attr-defined]  # its stub lacks it
    sheet.append(["PhoneNumber", "Name"])
    sheet.append(["020 7946 0999", "Last year"])


def _cell(sheet: WriteOnlyWorksheet, value: SampleCell) -> Cell | SampleCell:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"  # a name such as =1+1 is a name
    return cell
