"""What kind of file it is, by content and never by name; a zip is checked before anything is unpacked."""

import zipfile
from pathlib import Path
from typing import BinaryIO, Literal

from outdial.files.upload.model import UploadLimits, UploadRejected

Kind = Literal["workbook", "csv"]

SAVE_AS = "Open it in Excel and save it as Excel workbook (.xlsx) or as CSV UTF-8."
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"{\\rtf": "an RTF document",
}


def kind_of(path: Path, limits: UploadLimits) -> Kind:
    """Return what the file is. Raises UploadRejected: empty-file, too-large, encrypted, not-a-workbook."""
    size = path.stat().st_size
    if size == 0:
        raise UploadRejected("empty-file", "The file is empty (0 bytes). Choose the one with the rows.")
    if size > limits.file_bytes:
        detail = f"The file has {size:,} bytes; at most {limits.file_bytes:,} are taken."
        raise too_large(detail, limits.file_bytes)
    with path.open("rb") as file:
        head = file.read(8)
        if head.startswith(b"PK"):
            _check_zip(file, limits)
            return "workbook"
        if head == _OLE:
            raise _old_or_encrypted(file)
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise not_a_workbook(f"The file is {name}, not a workbook.")
    return "csv"


def part_key(name: str) -> str:
    """How parts are compared: no case (ECMA-376, part 2), with either slash as programs write them."""
    return name.lower().replace("\\", "/").lstrip("/")


def not_a_workbook(detail: str) -> UploadRejected:
    """A file that is no workbook, with what to do."""
    return UploadRejected("not-a-workbook", f"{detail} {SAVE_AS}")


def too_large(detail: str, limit: int) -> UploadRejected:
    """A file that is too large, packed or unpacked, with what to do."""
    return UploadRejected("too-large", f"{detail} Split the rows over several files.", {"limit": limit})


def _old_or_encrypted(file: BinaryIO) -> UploadRejected:
    file.seek(0)
    if _ENCRYPTED_STREAM in file.read(4 << 20):
        return UploadRejected(
            "encrypted", "The workbook is protected by a password. Save a copy without one."
        )
    return not_a_workbook("The file is an old Excel file (.xls) or another Office document of that time.")


def _check_zip(file: BinaryIO, limits: UploadLimits) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise not_a_workbook("The file is damaged or was cut off on its way.") from error
    if len(entries) > limits.zip_entries:
        raise too_large(f"The workbook has {len(entries):,} parts inside.", limits.zip_entries)
    _check_contents({part_key(entry.filename) for entry in entries})
    if any(entry.flag_bits & 1 for entry in entries):
        raise UploadRejected("encrypted", "The workbook is encrypted. Save a copy without a password.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes:
        detail = f"Unpacked it would have {unpacked:,} bytes; at most {limits.unpacked_bytes:,} are read."
        raise too_large(detail, limits.unpacked_bytes)
    for entry in entries:
        if entry.file_size > 8 << 20 and entry.file_size > limits.part_ratio * max(entry.compress_size, 1):
            detail = f"The part {entry.filename[:80]!r} unpacks to over {limits.part_ratio} times its size."
            raise too_large(detail, limits.part_ratio)


def _check_contents(names: set[str]) -> None:
    if "[content_types].xml" in names and any(n.startswith("xl/") for n in names):
        if any(n.endswith("workbook.bin") for n in names):
            raise not_a_workbook("The file is a binary workbook (.xlsb).")
        return
    if any(n.startswith("word/") for n in names):
        raise not_a_workbook("The file is a Word document, not a workbook.")
    if any(n.startswith("ppt/") for n in names):
        raise not_a_workbook("The file is a presentation, not a workbook.")
    if "content.xml" in names and "mimetype" in names:
        raise not_a_workbook("The file is an OpenDocument file.")
    if any(n.endswith(".iwa") for n in names):
        raise not_a_workbook("The file is a Numbers document.")
    raise not_a_workbook("The file is a zip archive without a workbook in it.")
