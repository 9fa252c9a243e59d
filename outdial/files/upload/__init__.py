"""Upload in: a workbook or CSV file becomes chunks of checked rows, read in a bounded child process."""

from outdial.files.upload.model import (
    Header,
    InvalidRow,
    RowFault,
    UploadChunk,
    UploadLimits,
    UploadRejected,
    UploadRules,
    UploadSummary,
    ValidRow,
)
from outdial.files.upload.reading import UploadReaderFailed, UploadReading, read_upload
from outdial.files.upload.records import read_records

__all__ = [
    "Header",
    "InvalidRow",
    "RowFault",
    "UploadChunk",
    "UploadLimits",
    "UploadReaderFailed",
    "UploadReading",
    "UploadRejected",
    "UploadRules",
    "UploadSummary",
    "ValidRow",
    "read_records",
    "read_upload",
]
