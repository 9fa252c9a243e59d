"""The frame of a PDF file written front to back: objects, streams, page tree, closing table."""

import zlib
from dataclasses import dataclass

_BRANCH = 64
"""Pages under one node of the page tree, so that no list in the file is long."""
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class PageSize:
    """Width and height in points."""

    width: int
    height: int


class PdfDocument:
    """Objects are numbered first and written when their content is known; bytes wait until they are taken."""

    def __init__(self, size: PageSize) -> None:
        self.size = size
        self.pages = 0
        self._waiting: list[bytes] = []
        self._at = 0
        self._offsets: list[int] = [0]
        self._tree = self.number()
        self._branches: list[tuple[int, list[int]]] = []
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def take(self) -> bytes:
        """Return what is written since the last call."""
        waiting, self._waiting = self._waiting, []
        return b"".join(waiting)

    def number(self) -> int:
        """Reserve an object number."""
        self._offsets.append(0)
        return len(self._offsets) - 1

    def add(self, body: str, number: int = 0) -> int:
        """Write an object (PDF syntax, Latin-1) and return its number."""
        return self._object(body.encode("latin-1"), number)

    def add_stream(self, content: bytes, entries: str = "", number: int = 0) -> int:
        """Write a compressed stream with further dictionary entries and return its number."""
        packed = zlib.compress(content, _LEVEL)
        head = f"<<{entries}/Filter/FlateDecode/Length {len(packed)}>>stream\n".encode("latin-1")
        return self._object(head + packed + b"\nendstream", number)

    def add_form(self, content: bytes, resources: int, number: int = 0) -> int:
        """Write a form that pages share, in page coordinates."""
        size = self.size
        box = f"/Type/XObject/Subtype/Form/BBox[0 0 {size.width} {size.height}]"
        return self.add_stream(content, f"{box}/Resources {resources} 0 R", number)

    def add_page(self, content: bytes, resources: int) -> None:
        """Write one page."""
        if self.pages % _BRANCH == 0:
            self._branches.append((self.number(), []))
        parent, kids = self._branches[-1]
        stream = self.add_stream(content)
        kids.append(
            self.add(f"<</Type/Page/Parent {parent} 0 R/Resources {resources} 0 R/Contents {stream} 0 R>>")
        )
        self.pages += 1

    def close(self, title: str) -> None:
        """Write the page tree, the catalog and the table of objects."""
        box = f"/MediaBox[0 0 {self.size.width} {self.size.height}]"
        for number, kids in self._branches:
            self.add(
                f"<</Type/Pages/Parent {self._tree} 0 R/Count {len(kids)}/Kids[{_references(kids)}]>>", number
            )
        branches = _references([number for number, _ in self._branches])
        self.add(f"<</Type/Pages{box}/Count {self.pages}/Kids[{branches}]>>", self._tree)
        info = self.add(f"<</Producer(Outdial)/Title{hex_text(title)}>>")
        root = self.add(
            f"<</Type/Catalog/Pages {self._tree} 0 R/ViewerPreferences<</DisplayDocTitle true>>>>"
        )
        start = self._at
        count = len(self._offsets)
        rows = "".join([f"{offset:010d} 00000 n \n" for offset in self._offsets[1:]])
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n{rows}".encode())
        end = f"trailer<</Size {count}/Root {root} 0 R/Info {info} 0 R>>\nstartxref\n{start}\n%%EOF\n"
        self._write(end.encode())

    def _object(self, body: bytes, number: int) -> int:
        number = number or self.number()
        self._offsets[number] = self._at
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def _write(self, block: bytes) -> None:
        self._waiting.append(block)
        self._at += len(block)


def hex_text(text: str) -> str:
    """A text string of any letters (UTF-16BE with its mark), in hex."""
    return f"<feff{text.encode('utf-16-be', 'replace').hex()}>"


def _references(numbers: list[int]) -> str:
    return " ".join([f"{number} 0 R" for number in numbers])
