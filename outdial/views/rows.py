"""The rows of the views that change with facts; field for field the columns of their tables, keys first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class CampaignRow:
    """Where a campaign stands. Its settings are kept by SQL alone: no fact needs them."""

    campaign: str
    partition: int
    position: str
    version: int
    sequence: int
    created_us: int
    updated_us: int
    undo: dict[str, Any] | None
    notice: dict[str, Any] | None


@dataclass(slots=True)
class UploadRow:
    """The account of an upload."""

    campaign: str
    upload_id: str
    state: str
    is_committed: bool
    first_record: int
    numbers: int
    read: int
    accepted: int
    duplicate: int
    invalid: int
    code: str
    column_name: str
    begun_us: int
    ended_us: int
    file_name: str
    file_sha256: bytes
    file_size: int
    duplicates: str
    mode: str
    columns: Sequence[str]
    new_columns: Sequence[str]
    actor: str


@dataclass(slots=True)
class StateRow:
    """What changes of a record per attempt. A fact takes it out of the undo slot: `previous_…` is cleared by SQL."""

    campaign: str
    record: int
    attempts: int
    claims: int
    pass_number: int
    claim_pass: int
    last_attempt_us: int
    next_attempt_us: int
    updated_us: int
    is_open: bool
    is_awaiting: bool
    status: str
    reason: str
    disposition: str
    last_agent: str
    deleted_by: str | None


@dataclass(slots=True)
class AttemptRow:
    """One attempt with its evidence, and what agents said of it."""

    campaign: str
    record: int
    attempt: int
    pass_number: int
    claimed_us: int
    originate_before_us: int
    ring_us: int = 0
    answer_us: int = 0
    connect_us: int = 0
    hangup_us: int = 0
    cause: int = 0
    sip_code: int = 0
    outcome: str = ""
    agent: str = ""
    caller_id: str = ""
    zone: str = ""
    dispositions: list[dict[str, Any]] = field(default_factory=list)
