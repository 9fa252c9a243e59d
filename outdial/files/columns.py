"""The names of the columns that uploads and downloads have in common, and how headers are compared."""

import re

PHONE, NAME, PRIORITY = "PhoneNumber", "Name", "Priority"
EXPIRY, AGENT, SKILL = "ExpiryDate", "AgentId", "Skill"
UPLOAD_COLUMNS = (PHONE, NAME, PRIORITY, EXPIRY, AGENT, SKILL)

RECORD_ID = "RecordId"
STATE_COLUMNS = (
    "Status",
    "Reason",
    "Disposition",
    "LastAgentId",
    "Attempts",
    "LastAttemptAt",
    "NextAttemptAt",
    "Pass",
    "UploadId",
    "CreatedAt",
    "UpdatedAt",
)
PROBLEM = "Problem"
"""The column that an errors workbook adds; ignored when the workbook is sent back."""

DOWNLOAD_ONLY = (RECORD_ID, *STATE_COLUMNS, PROBLEM)

_SEPARATORS = re.compile(r"[\s_\u200b\u200e\u200f\u2060\ufeff]+")


def header_key(header: str) -> str:
    """Return what two headers share when they mean the same column: no case, spaces or underscores."""
    return _SEPARATORS.sub("", header).casefold()
