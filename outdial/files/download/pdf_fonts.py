"""The fonts of a PDF: open ones from installed packages, found by letter, embedded as the subset in use."""

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

import uharfbuzz as hb

from outdial.files.download.pdf_document import PdfDocument

_PACKS = (
    ("fontpkg_noto_sans", "files/NotoSans[wdth,wght].ttf"),
    ("justmytype_intl_south_asia", "fonts/ofl/notosansdevanagari/NotoSansDevanagari[wdth,wght].ttf"),
    ("justmytype_intl_rtl", "fonts/ofl/notosansarabic/NotoSansArabic[wdth,wght].ttf"),
    ("justmytype_intl_cjk", "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"),
    ("justmytype_intl_cjk", "fonts/ofl/notosanstc/NotoSansTC[wght].ttf"),
    ("justmytype_intl_cjk", "fonts/ofl/notosansjp/NotoSansJP[wght].ttf"),
    ("justmytype_intl_cjk", "fonts/ofl/notosanskr/NotoSansKR[wght].ttf"),
    ("justmytype_intl_south_asia", "fonts/ofl/notosansbengali/NotoSansBengali[wdth,wght].ttf"),
    ("justmytype_intl_south_asia", "fonts/ofl/notosanstamil/NotoSansTamil[wdth,wght].ttf"),
    ("justmytype_intl_south_asia", "fonts/ofl/notosanstelugu/NotoSansTelugu[wdth,wght].ttf"),
    ("justmytype_intl_rtl", "fonts/ofl/notosanshebrew/NotoSansHebrew[wdth,wght].ttf"),
    ("justmytype_intl_sea", "fonts/ofl/notosansthai/NotoSansThai[wdth,wght].ttf"),
    ("justmytype_intl_sea", "fonts/ofl/notosanslao/NotoSansLao[wdth,wght].ttf"),
    ("justmytype_intl_sea", "fonts/ofl/notosanskhmer/NotoSansKhmer[wdth,wght].ttf"),
    ("justmytype_intl_sea", "fonts/ofl/notosansmyanmar/NotoSansMyanmar[wdth,wght].ttf"),
    ("justmytype_intl_africa", "fonts/ofl/notosansethiopic/NotoSansEthiopic[wdth,wght].ttf"),
)
_REGULAR = {"wght": 400.0}
_LAYOUT_TABLES = [int.from_bytes(tag, "big") for tag in (b"GSUB", b"GPOS", b"GDEF")]
_BFCHARS = 100
_NOTHING = "\u200b"
"""Stands for a further glyph of a letter: readers guess a letter where they are told none."""


@dataclass
class Typeface:
    """One font: what is measured and shaped with it, and which of its glyphs a document uses."""

    name: str
    face: hb.Face
    font: hb.Font
    used: dict[int, str] = field(default_factory=dict)
    """Glyph -> the letters that it stands for."""

    @property
    def upem(self) -> int:
        """Units of an em."""
        return int(self.face.upem)

    def glyph(self, letter: str) -> int:
        """The glyph of a letter, 0 when the font has none."""
        return int(self.font.get_nominal_glyph(ord(letter)) or 0)

    def advance(self, glyph: int) -> int:
        """Width of a glyph in thousandths of the size."""
        return int(self.font.get_glyph_h_advance(glyph) * 1000 / self.upem + 0.5)


class Fonts:
    """The fonts of one document, opened when a letter first needs them. The first one is for Latin."""

    def __init__(self) -> None:
        self._open: dict[int, Typeface] = {}
        self._by_letter: dict[str, int] = {}
        self.latin = self.at(0)

    def at(self, index: int) -> Typeface:
        """The font at an index of the list."""
        if index not in self._open:
            self._open[index] = _open(index)
        return self._open[index]

    def index_for(self, letter: str) -> int:
        """The first font that has the letter; -1 when none has."""
        found = self._by_letter.get(letter)
        if found is None:
            found = next((i for i in range(len(_PACKS)) if self.at(i).glyph(letter)), -1)
            self._by_letter[letter] = found
        return found

    def in_use(self) -> list[tuple[int, Typeface]]:
        """The fonts that glyphs were taken from."""
        return [(index, face) for index, face in sorted(self._open.items()) if face.used]


@lru_cache(maxsize=len(_PACKS))
def _blob(index: int) -> hb.Blob:
    package, path = _PACKS[index]
    return hb.Blob.from_file_path(str(files(package).joinpath(path)))


def _open(index: int) -> Typeface:
    face = hb.Face(_blob(index))
    font = hb.Font(face)
    font.set_variations(_REGULAR)
    return Typeface(f"Noto{index}", face, font)


def embed_latin(pdf: PdfDocument, face: Typeface, widths: list[int]) -> int:
    """Embed the letters of Windows-1252 as a simple font: one byte a letter in the page."""
    letters = {ord(c) for c in bytes(range(32, 256)).decode("cp1252", "ignore")}
    data = _subset(face, letters, set())
    descriptor = _descriptor(pdf, face, f"OUTLAT+{face.name}", data)
    listed = " ".join(map(str, widths))
    return pdf.add(
        f"<</Type/Font/Subtype/TrueType/BaseFont/OUTLAT+{face.name}/Encoding/WinAnsiEncoding"
        f"/FirstChar 0/LastChar 255/Widths[{listed}]/FontDescriptor {descriptor} 0 R>>"
    )


def embed_shaped(pdf: PdfDocument, face: Typeface, index: int) -> int:
    """Embed the glyphs in use with what they stand for, so that search and copy work."""
    name = f"OUTSH{chr(65 + index)}+{face.name}"
    data = _subset(face, set(), set(face.used))
    descriptor = _descriptor(pdf, face, name, data)
    widths = " ".join([f"{glyph}[{face.advance(glyph)}]" for glyph in sorted(face.used)])
    system = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
    descendant = pdf.add(
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}{system}/CIDToGIDMap/Identity/DW 1000/W[{widths}]"
        f"/FontDescriptor {descriptor} 0 R>>"
    )
    unicode = pdf.add_stream(_to_unicode(face.used))
    return pdf.add(
        f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
        f"/ToUnicode {unicode} 0 R>>"
    )


def _subset(face: Typeface, letters: set[int], glyphs: set[int]) -> bytes:
    """Only the glyphs in use, at regular weight, keeping their numbers when they were taken by number."""
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(letters)
    wanted.glyph_set.update(glyphs)
    wanted.flags = hb.SubsetFlags.NOTDEF_OUTLINE | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    if glyphs:
        wanted.flags |= hb.SubsetFlags.RETAIN_GIDS
    wanted.drop_table_tag_set.update(_LAYOUT_TABLES)
    for axis in face.face.axis_infos:
        if axis.tag in _REGULAR:
            wanted.pin_axis_location(face.face, axis.tag, _REGULAR[axis.tag])
        else:
            wanted.pin_axis_to_default(face.face, axis.tag)
    return bytes(wanted.subset(face.face).blob.data)


def _descriptor(pdf: PdfDocument, face: Typeface, name: str, data: bytes) -> int:
    file = pdf.add_stream(data, f"/Length1 {len(data)}")
    extents = face.font.get_font_extents("ltr")
    up, down = (round(v * 1000 / face.upem) for v in (extents.ascender, extents.descender))
    flags = 32 if name.startswith("OUTLAT") else 4
    return pdf.add(
        f"<</Type/FontDescriptor/FontName/{name}/Flags {flags}/FontBBox[-1000 {down} 2000 {up}]/ItalicAngle 0"
        f"/Ascent {up}/Descent {down}/CapHeight 714/StemV 80/FontFile2 {file} 0 R>>"
    )


def _to_unicode(used: dict[int, str]) -> bytes:
    pairs = [f"<{g:04x}><{(text or _NOTHING).encode('utf-16-be').hex()}>" for g, text in sorted(used.items())]
    groups = [pairs[at : at + _BFCHARS] for at in range(0, len(pairs), _BFCHARS)]
    mapped = "\n".join([f"{len(g)} beginbfchar {' '.join(g)} endbfchar" for g in groups])
    return (
        "/CIDInit/ProcSet findresource begin 12 dict begin begincmap/CMapName/Outdial def/CMapType 2 def "
        f"1 begincodespacerange<0000><ffff>endcodespacerange\n{mapped}\nendcmap end end"
    ).encode()
