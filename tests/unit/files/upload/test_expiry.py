"""Expiry dates: which forms are read and which instant each means."""

from datetime import UTC, datetime

import pytest

from outdial.files.upload.cells import Cell, NumberText
from outdial.files.upload.expiry import ExpiryInvalid, ExpiryReader, reads_dates
from tests.unit.files.uploads import local


def _utc(expires_us: int | None) -> str:
    assert expires_us is not None
    return datetime.fromtimestamp(expires_us / 1_000_000, UTC).isoformat()


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2026-03-01", "2026-03-01T18:29:59+00:00"),
        (local(2026, 3, 1), "2026-03-01T18:29:59+00:00"),
        ("2026-03-01 00:00:00", "2026-02-28T18:30:00+00:00"),
        ("2026-03-01 18:00:00", "2026-03-01T12:30:00+00:00"),
        ("2026-03-01 18:00", "2026-03-01T12:30:00+00:00"),
        (local(2026, 3, 1, 18), "2026-03-01T12:30:00+00:00"),
        ("2026-03-01T18:00:00+02:00", "2026-03-01T16:00:00+00:00"),
        ("2026-03-01T18:00:00Z", "2026-03-01T18:00:00+00:00"),
        ("  2026-03-01 ", "2026-03-01T18:29:59+00:00"),
        ("2028-02-29", "2028-02-29T18:29:59+00:00"),
    ],
)
def test_dates_mean_instants_in_the_campaigns_zone(cell: Cell, instant: str) -> None:
    assert _utc(ExpiryReader("Asia/Kolkata").read(cell)) == instant


def test_the_end_of_a_day_follows_the_clock_change_of_the_zone() -> None:
    reader = ExpiryReader("Europe/London")
    assert _utc(reader.read("2026-03-28")) == "2026-03-28T23:59:59+00:00"
    assert _utc(reader.read("2026-03-29")) == "2026-03-29T22:59:59+00:00"


@pytest.mark.parametrize(
    ("form", "text", "instant"),
    [
        ("DD/MM/YYYY", "05/03/2026", "2026-03-05T23:59:59+00:00"),
        ("MM/DD/YYYY", "05/03/2026", "2026-05-03T23:59:59+00:00"),
        ("DD.MM.YYYY HH:MM", "05.03.2026 14:30", "2026-03-05T14:30:00+00:00"),
        ("%d %b %Y", "05 Mar 2026", "2026-03-05T23:59:59+00:00"),
        ("DD/MM/YYYY", "2026-03-05", "2026-03-05T23:59:59+00:00"),
    ],
)
def test_the_campaigns_own_form_is_read_beside_the_usual_ones(form: str, text: str, instant: str) -> None:
    assert _utc(ExpiryReader("UTC", form).read(text)) == instant


@pytest.mark.parametrize("cell", [None, "", "   "])
def test_a_blank_cell_never_expires(cell: Cell) -> None:
    assert ExpiryReader("UTC").read(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "soon",
        "2026-13-01",
        "2026-02-30",
        "05/03/2026",
        "2026-3-5",
        NumberText("46000"),
        "2026-03-01 25:00:00",
        "9999-12-31",
    ],
)
def test_what_is_no_date_is_refused(cell: Cell) -> None:
    with pytest.raises(ExpiryInvalid):
        ExpiryReader("UTC").read(cell)


@pytest.mark.parametrize("form", ["", "DD/MM/YYYY", "YYYY-MM-DD HH:MM", "%d %b %Y", "MM/DD/YY"])
def test_a_form_that_tells_days_apart_is_good(form: str) -> None:
    assert reads_dates(form)


@pytest.mark.parametrize("form", ["DD/MM", "YYYY", "soon", "%Y-%q", "%", "HH:MM"])
def test_a_form_that_does_not_is_not(form: str) -> None:
    assert not reads_dates(form)
