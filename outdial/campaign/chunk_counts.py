"""How many rows of an upload chunk became no record: duplicates, whoever found them, and invalid ones."""

from typing import Final, NamedTuple

from outdial.campaign.events import RecordsAdded

DUPLICATE: Final = "duplicate-"


class Refused(NamedTuple):
    """Rows of a chunk that became no record."""

    duplicate: int
    invalid: int


def refused(event: RecordsAdded) -> Refused:
    """A number that stands twice in the file is a duplicate, though the reader sent it among the rejected rows."""
    found_by_reader = sum(code.startswith(DUPLICATE) for code in event.invalid_code)
    return Refused(len(event.duplicate_row) + found_by_reader, len(event.invalid_row) - found_by_reader)
