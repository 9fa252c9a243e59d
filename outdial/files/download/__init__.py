"""Download out: the same rows and columns as CSV, Excel, XML or PDF, streamed at flat memory."""

from outdial.files.download.csv_file import FORMULA_START, csv_head
from outdial.files.download.formats import FORMATS, file_name
from outdial.files.download.model import (
    Batches,
    Column,
    DownloadAbout,
    DownloadBroken,
    DownloadOptions,
    Format,
    record_columns,
)

__all__ = [
    "FORMATS",
    "FORMULA_START",
    "Batches",
    "Column",
    "DownloadAbout",
    "DownloadBroken",
    "DownloadOptions",
    "Format",
    "csv_head",
    "file_name",
    "record_columns",
]
