"""Find the header row and tell what each of its columns means to the campaign."""

import re
from dataclasses import dataclass

from outdial.files.columns import AGENT, DOWNLOAD_ONLY, PHONE, SKILL, UPLOAD_COLUMNS, header_key
from outdial.files.upload.cell_values import column_letters
from outdial.files.upload.cells import Cell, text_of
from outdial.files.upload.model import Header, UploadRejected, UploadRules

HEADER_WITHIN = 20
"""Rows at the top of a sheet that are searched for the header (titles and blank rows may stand above it)."""
MAX_EXTRA = 100
MAX_NAME = 100
"""Further columns and characters of their names, as in the campaign's settings."""
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd]")
_PHONE_KEY = header_key(PHONE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in a row: indexes into its cells; -1 for a column that the file does not have."""

    header: Header
    product: dict[str, int]
    extra: tuple[int, ...]
    read: tuple[int, ...]
    ignored: frozenset[int]

    def at(self, column: str) -> int:
        """The index of a product column, or -1."""
        return self.product.get(column, -1)


def is_header(cells: list[Cell]) -> bool:
    """Whether a row has a PhoneNumber column."""
    return any(isinstance(cell, str) and header_key(cell) == _PHONE_KEY for cell in cells)


def layout_of(row: int, cells: list[Cell], rules: UploadRules, sheet: str = "") -> Layout:
    """Return what the columns mean. Raises UploadRejected: column-repeated, -missing, -unknown."""
    titles = {index: title for index, cell in enumerate(cells) if (title := " ".join(text_of(cell).split()))}
    refuse_repeated(titles)
    known = {header_key(name): name for name in UPLOAD_COLUMNS}
    declared = {header_key(name): name for name in rules.columns}
    only_download = {header_key(name) for name in DOWNLOAD_ONLY} - set(declared)
    product: dict[str, int] = {}
    extra: dict[str, int] = {}
    added: list[str] = []
    ignored: dict[int, str] = {}
    for index, title in titles.items():
        key = header_key(title)
        if key in known:
            product[known[key]] = index
        elif key in declared:
            extra[declared[key]] = index
        elif key in only_download:
            ignored[index] = title
        else:
            extra[title] = index
            added.append(title)
    _refuse_missing(product, rules, list(titles.values()))
    _refuse_unknown(added, extra, rules)
    order = (*rules.columns, *added)
    read = tuple(index for index in titles if index not in ignored)
    names = {index: name for name, index in (*product.items(), *extra.items())}
    header = Header(
        columns=tuple(names[index] for index in read),
        extra_columns=order,
        added_columns=tuple(added),
        ignored_columns=tuple(ignored.values()),
        sheet=sheet,
        row=row,
    )
    return Layout(header, product, tuple(extra.get(name, -1) for name in order), read, frozenset(ignored))


def no_phone_column(found: list[str]) -> UploadRejected:
    """No sheet has a PhoneNumber column: say which headers were found instead."""
    seen = ", ".join(repr(title[:40]) for title in found[:20]) or "none"
    detail = (
        f"No visible sheet has a column PhoneNumber (found: {seen}). Name the column with the numbers so."
    )
    return UploadRejected("column-missing", detail, {"columns": [PHONE], "found": found[:20]})


def refuse_repeated(titles: dict[int, str]) -> None:
    """Raise UploadRejected, column-repeated, where two titles mean the same column."""
    seen: dict[str, int] = {}
    for index, title in titles.items():
        first = seen.setdefault(header_key(title), index)
        if first != index:
            where = f"columns {column_letters(first + 1)} and {column_letters(index + 1)}"
            detail = f"The column {title[:60]!r} stands twice ({where}). Remove or rename one of the two."
            raise UploadRejected("column-repeated", detail, {"columns": [title[:60]]})


def _refuse_missing(product: dict[str, int], rules: UploadRules, found: list[str]) -> None:
    if PHONE not in product:
        raise no_phone_column(found)
    needed = {"agentwise": AGENT, "skillwise": SKILL}.get(rules.dial_method)
    if needed and needed not in product:
        detail = f"The campaign dials {rules.dial_method} and the file has no column {needed}. Add it."
        raise UploadRejected("column-missing", detail, {"columns": [needed], "found": found[:20]})


def _refuse_unknown(added: list[str], extra: dict[str, int], rules: UploadRules) -> None:
    if added and rules.new_columns != "add":
        names = ", ".join(f"{title[:60]!r} ({column_letters(extra[title] + 1)})" for title in added[:10])
        known = ", ".join((*UPLOAD_COLUMNS, *rules.columns))
        detail = f"The campaign has no column {names}. It knows {known}. Remove it, or let it be added."
        raise UploadRejected("column-unknown", detail, {"columns": [title[:60] for title in added[:50]]})
    odd = [title for title in added if len(title) > MAX_NAME or _ODD.search(title)]
    if odd or len({*rules.columns, *added}) > MAX_EXTRA:
        names = f" (not {', '.join(repr(title[:60]) for title in odd[:5])})" if odd else ""
        detail = (
            f"At most {MAX_EXTRA} further columns are taken, with names of up to {MAX_NAME} characters and without"
            f" control characters{names}. Rename or remove columns."
        )
        raise UploadRejected(
            "column-unknown", detail, {"columns": [title[:60] for title in (odd or added)[:50]]}
        )
