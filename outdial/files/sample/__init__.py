"""A sample workbook with the dirt that Excel files really have, and the exact account of what is in it."""

from outdial.files.sample.dirt import SampleSummary
from outdial.files.sample.workbook import (
    SAMPLE_AGENTS,
    SAMPLE_COLUMNS,
    SAMPLE_REGION,
    SAMPLE_SKILLS,
    SAMPLE_ZONE,
    write_sample,
)

__all__ = [
    "SAMPLE_AGENTS",
    "SAMPLE_COLUMNS",
    "SAMPLE_REGION",
    "SAMPLE_SKILLS",
    "SAMPLE_ZONE",
    "SampleSummary",
    "write_sample",
]
