"""Checks the columns of an upload chunk before they enter history: whoever sent it, nothing odd gets in."""

from collections.abc import Sequence
from typing import Final

from outdial.campaign.commands import AddRecords
from outdial.campaign.dates import is_zone

MAX_ROWS: Final = 500
COMMITMENT_LENGTH: Final = 16
MAX_NAME: Final = 100
_MAX_INSTANT_US: Final = 2**62 - 1
_MAX_ROW: Final = 2**31 - 1

Problem = tuple[str, str, str]


def check_rows(command: AddRecords) -> list[Problem]:
    """(pointer, code, detail) of everything wrong; empty when the chunk may be taken."""
    found: list[Problem] = []
    count = len(command.row)
    if max(count, len(command.invalid_row)) > MAX_ROWS:
        found.append(("#/row", "too-many", f"more than {MAX_ROWS} rows"))
    if not _within(command.priority, 1, 99):
        found.append(("#/priority", "out-of-range", "a priority is a whole number from 1 to 99"))
    if not _within(command.expires_us, 0, _MAX_INSTANT_US):
        found.append(("#/expires_us", "out-of-range", "an instant in microseconds UTC, 0 = never"))
    if not _within(command.row, 0, _MAX_ROW) or not _within(command.invalid_row, 0, _MAX_ROW):
        found.append(("#/row", "out-of-range", "a row number of the file"))
    found += [("#/zone", "unknown", f"{zone!r} is no IANA zone") for zone in _bad_zones(command)]
    if any(len(name) > MAX_NAME for name in {*command.agent, *command.skill}):
        found.append(("#/agent", "too-long", f"agents and skills have at most {MAX_NAME} characters"))
    if count and len(command.commitment) != count:
        found.append(("#/commitment", "length", "one commitment a row"))
    if not set(map(len, command.commitment)) <= {COMMITMENT_LENGTH}:
        found.append(("#/commitment", "length", f"a commitment has {COMMITMENT_LENGTH} bytes"))
    if count and not command.block_id:
        found.append(("#/block_id", "missing", "the block that holds the rows' personal data"))
    return found


def _within(values: Sequence[int], least: int, most: int) -> bool:
    return not values or least <= min(values) <= max(values) <= most


def _bad_zones(command: AddRecords) -> list[str]:
    return [zone for zone in sorted(set(command.zone)) if zone and not is_zone(zone)]
