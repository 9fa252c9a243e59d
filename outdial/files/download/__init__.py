"""Download out: the same rows and columns as CSV, Excel, XML or PDF, streamed at flat memory."""

from outdial.files.download.csv_copied import COPY_FORM, csv_select, write_copied
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
    "COPY_FORM",
    "FORMATS",
    "Batches",
    "Column",
    "DownloadAbout",
    "DownloadBroken",
    "DownloadOptions",
    "Format",
    "csv_select",
    "file_name",
    "record_columns",
    "write_copied",
]
