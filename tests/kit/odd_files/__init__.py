"""The corpus of odd upload files: each made by name at test time, with what must come of it."""

from collections.abc import Mapping
from typing import Final

from tests.kit.odd_files.cells import CELLS, HEADERS
from tests.kit.odd_files.containers import CONTAINERS
from tests.kit.odd_files.delimited import DELIMITED
from tests.kit.odd_files.model import OddFile
from tests.kit.odd_files.programs import PROGRAMS
from tests.kit.odd_files.sheets import SHEETS

ODD_FILES: Final[Mapping[str, OddFile]] = {
    **CONTAINERS,
    **SHEETS,
    **CELLS,
    **HEADERS,
    **DELIMITED,
    **PROGRAMS,
}

__all__ = ["ODD_FILES", "OddFile"]
