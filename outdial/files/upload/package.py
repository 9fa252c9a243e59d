"""The parts of a workbook around its sheets: sheet list, shared strings, date styles, within limits."""

import posixpath
import re
import zipfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from outdial.files.upload.cells import DAY_ZERO_1900, DAY_ZERO_1904
from outdial.files.upload.container import not_a_workbook, part_key
from outdial.files.upload.model import UploadLimits
from outdial.files.upload.parts import Attributes, Handlers, local, parse_blocks, read_part
from outdial.files.upload.shared_strings import SharedStrings

_DATE_FORMATS = frozenset({14, 15, 16, 17, 18, 19, 20, 21, 22, 27, 30, 36, 45, 46, 47, 50, 57})
_DATE_LETTERS = re.compile("[dmyhs]", re.IGNORECASE)
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|General', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the workbook: its name, the part that holds it, and whether people see it."""

    name: str
    part: str
    visible: bool


class Package:
    """An open workbook: sheets in their order, texts, date styles, the day its dates count from."""

    def __init__(self, archive: zipfile.ZipFile, limits: UploadLimits) -> None:
        self.archive = archive
        self.limits = limits
        self.day_zero = DAY_ZERO_1900
        self._names = {part_key(name): name for name in archive.namelist()}
        self._parts: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._reading: list[Generator[bytes, None, None]] = []
        self.sheets: tuple[Sheet, ...] = ()
        self.date_styles: frozenset[str] = frozenset()
        self.strings = SharedStrings()

    def load(self) -> None:
        """Read what the sheets refer to, texts later, as cells ask for them. UploadRejected if it is damaged."""
        self.sheets = self._read_sheets()
        self.date_styles = self._read_date_styles()
        self.strings = self._shared_strings()

    def parse(self, part: str, handlers: Handlers) -> Iterator[None]:
        """Parse one part within the limits of the upload."""
        return parse_blocks(self.read(part), part, handlers)

    def read(self, part: str) -> Iterator[bytes]:
        """Yield the bytes of one part within the limits of the upload."""
        blocks = read_part(self.archive, part, self.limits.unpacked_bytes)
        self._reading.append(blocks)
        return blocks

    def close(self) -> None:
        """Stop reading whatever part is being read."""
        for blocks in self._reading:
            blocks.close()

    def _part(self, name: str) -> str | None:
        return self._names.get(part_key(name))

    def _run(self, part: str, handlers: Handlers) -> None:
        for _ in self.parse(part, handlers):
            pass

    def _read_sheets(self) -> tuple[Sheet, ...]:
        book = self._book_part()
        targets = self._relations(book)
        found: list[tuple[str, str, bool]] = []

        def start(tag: str, attributes: Attributes) -> None:
            name = local(tag)
            if name == "sheet":
                relation = next((v for k, v in attributes.items() if local(k) == "id" and ":" in k), "")
                seen = attributes.get("state", "visible") == "visible"
                found.append((attributes.get("name", ""), relation, seen))
            elif name == "workbookPr" and attributes.get("date1904", "0") in {"1", "true", "on"}:
                self.day_zero = DAY_ZERO_1904

        self._run(book, Handlers(start))
        sheets = [Sheet(name, targets.get(relation, ""), seen) for name, relation, seen in found]
        return tuple(sheet for sheet in sheets if self._kinds.get(sheet.part) == "worksheet")

    def _book_part(self) -> str:
        top = self._relations("")
        book = next((part for part in top.values() if part.lower().endswith("workbook.xml")), "")
        part = self._part(book or "xl/workbook.xml")
        if part is None:
            raise not_a_workbook("The file has no workbook in it.")
        return part

    def _relations(self, part: str) -> dict[str, str]:
        folder, _, name = part.replace("\\", "/").rpartition("/")
        relations = self._part(f"{folder}/_rels/{name}.rels")
        targets: dict[str, str] = {}
        if relations is None:
            return targets

        def start(tag: str, attributes: Attributes) -> None:
            if local(tag) != "Relationship" or attributes.get("TargetMode") == "External":
                return
            target = attributes.get("Target", "")
            known = self._part(posixpath.normpath(posixpath.join(folder, target)))
            if known:
                targets[attributes.get("Id", "")] = known
                kind = attributes.get("Type", "").rpartition("/")[2]
                self._parts[kind], self._kinds[known] = known, kind

        self._run(relations, Handlers(start))
        return targets

    def _read_date_styles(self) -> frozenset[str]:
        part = self._parts.get("styles")
        formats: dict[int, bool] = {}
        styles: list[int] = []
        inside = [False]

        def start(tag: str, attributes: Attributes) -> None:
            name = local(tag)
            if name == "numFmt":
                code = _NOT_CODE.sub("", attributes.get("formatCode", ""))
                formats[_int(attributes.get("numFmtId"))] = bool(_DATE_LETTERS.search(code))
            elif name == "cellXfs":
                inside[0] = True
            elif name == "xf" and inside[0]:
                styles.append(_int(attributes.get("numFmtId")))

        def end(tag: str) -> None:
            if local(tag) == "cellXfs":
                inside[0] = False

        if part:
            self._run(part, Handlers(start, end))
        return frozenset(str(i) for i, f in enumerate(styles) if formats.get(f, f in _DATE_FORMATS))

    def _shared_strings(self) -> SharedStrings:
        part = self._parts.get("sharedStrings")
        return SharedStrings(self.read(part), part) if part else SharedStrings()


def _int(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        return 0
