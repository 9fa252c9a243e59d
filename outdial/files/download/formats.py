"""The download formats by the names that people and programs use, and the name of a file."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from outdial.files.download.cells import LocalTimes
from outdial.files.download.csv_file import write_csv
from outdial.files.download.model import DownloadAbout, Format
from outdial.files.download.pdf_file import write_pdf
from outdial.files.download.xlsx_file import write_xlsx
from outdial.files.download.xml_file import write_xml

_XLSX = Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", write_xlsx)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "csv": Format("text/csv; charset=utf-8", "csv", write_csv),
        "xlsx": _XLSX,
        "excel": _XLSX,
        "xml": Format("application/xml", "xml", write_xml),
        "pdf": Format("application/pdf", "pdf", write_pdf),
    }
)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def file_name(about: DownloadAbout, extension: str) -> str:
    """`spring-20260301-093000.xlsx`: safe on every system; the time is local to the campaign."""
    campaign = _NOT_IN_NAMES.sub("-", about.campaign).strip("-.")[:80] or "campaign"
    time = LocalTimes(about.time_zone).plain(about.generated_at_us)
    return f"{campaign}-{time.translate(str.maketrans(' ', '-', '-:'))}.{extension}"
