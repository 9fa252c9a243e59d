"""Commands: what somebody wants. One dataclass per schema of schemas/commands, field for field."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from outdial.campaign.filter import Filter
from outdial.campaign.settings import AbandonLimit, CallingWindow, CampaignSettings, Disposition, RetryRule


@dataclass(frozen=True, slots=True)
class CreateCampaign:
    """Create a campaign; it is Ready."""

    settings: CampaignSettings


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Change settings; what is null stays."""

    name: str | None = None
    region: str | None = None
    time_zone: str | None = None
    campaign_type: str | None = None
    dial_method: str | None = None
    columns: Sequence[str] | None = None
    agents: Sequence[str] | None = None
    skills: Sequence[str] | None = None
    dispositions: Sequence[Disposition] | None = None
    caller_id: str | None = None
    ring_timeout_s: int | None = None
    retry: Sequence[RetryRule] | None = None
    max_attempts: int | None = None
    calling_window: Sequence[CallingWindow] | None = None
    abandon: AbandonLimit | None = None
    date_format: str | None = None
    wrap_up_s: int | None = None
    default_disposition: str | None = None
    max_calls: int | None = None


@dataclass(frozen=True, slots=True)
class StartCampaign:
    """Start or resume dialling."""


@dataclass(frozen=True, slots=True)
class StopCampaign:
    """Stop dialling."""


@dataclass(frozen=True, slots=True)
class ResetCampaign:
    """Make the matching records dialable again in a new pass; the campaign is Ready."""

    filters: Sequence[Filter] = ()
    selection: str | None = None


@dataclass(frozen=True, slots=True)
class DeleteRecords:
    """Delete the matching records for good."""

    filters: Sequence[Filter] = ()
    confirm_affected: int | None = None
    confirm_selection: str | None = None


@dataclass(frozen=True, slots=True)
class ForceComplete:
    """Complete the campaign; active records become Complete."""


@dataclass(frozen=True, slots=True)
class UndoCommand:
    """Undo the last Reset or Force Complete, or a Delete within its grace."""

    command_id: str


@dataclass(frozen=True, slots=True)
class BeginUpload:
    """Open an upload."""

    upload_id: str
    file_name: str
    file_sha256: bytes
    file_size: int
    duplicates: str
    mode: str
    columns: Sequence[str] = ()
    new_columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AddRecords:
    """One chunk of an upload."""

    upload_id: str
    chunk: int
    block_id: str
    block_offset: int
    row: Sequence[int] = ()
    priority: Sequence[int] = ()
    expires_us: Sequence[int] = ()
    agent: Sequence[str] = ()
    skill: Sequence[str] = ()
    zone: Sequence[str] = ()
    commitment: Sequence[bytes] = ()
    invalid_block_id: str = ""
    invalid_block_offset: int = 0
    invalid_row: Sequence[int] = ()
    invalid_code: Sequence[str] = ()
    invalid_column: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CommitUpload:
    """Close an upload; its records become visible at once."""

    upload_id: str
    chunks: int
    read: int


@dataclass(frozen=True, slots=True)
class RejectUpload:
    """Give an upload up: nothing of it stays."""

    upload_id: str
    code: str
    column: str


@dataclass(frozen=True, slots=True)
class AbandonUpload:
    """End an upload whose uploader is gone."""

    upload_id: str
    idle_since_us: int


@dataclass(frozen=True, slots=True)
class WithdrawUpload:
    """Delete the records of one upload."""

    upload_id: str


@dataclass(frozen=True, slots=True)
class ClaimAttempts:
    """Claim records for dialling."""

    dialer_epoch: int
    originate_before_us: int
    caller_id: str
    tzdata_version: str
    window_applied: str
    do_not_call_version: int
    mode: str
    pacing_rule: str
    record: Sequence[int] = ()
    attempt: Sequence[int] = ()
    pass_number: Sequence[int] = ()
    zone: Sequence[str] = ()
    zone_source: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class EndAttempts:
    """Report how attempts ended."""

    dialer_epoch: int
    record: Sequence[int] = ()
    attempt: Sequence[int] = ()
    pass_number: Sequence[int] = ()
    outcome: Sequence[str] = ()
    ring_us: Sequence[int] = ()
    answer_us: Sequence[int] = ()
    connect_us: Sequence[int] = ()
    hangup_us: Sequence[int] = ()
    cause: Sequence[int] = ()
    sip_code: Sequence[int] = ()
    agent: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class WithdrawAttempts:
    """Give claims back that were never originated."""

    dialer_epoch: int
    record: Sequence[int] = ()
    attempt: Sequence[int] = ()
    cause: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RecordDisposition:
    """Record what an agent made of an answered attempt."""

    record: int
    attempt: int
    disposition: str
    agent: str
    callback_us: int = 0
    comment_block_id: str = ""
    comment_block_offset: int = 0


@dataclass(frozen=True, slots=True)
class TakeOverDialling:
    """A new dialer of the group takes over."""

    dialer_epoch: int


@dataclass(frozen=True, slots=True)
class ExcludeRecords:
    """Make records final that can no longer be dialled."""

    record: Sequence[int] = ()
    reason: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CompleteIfDone:
    """Complete the campaign if nothing is left to do."""


@dataclass(frozen=True, slots=True)
class ConfirmErasure:
    """One holder has erased the records of a delete."""

    erasure_id: str
    holder: str


Command: TypeAlias = (
    CreateCampaign
    | ChangeSettings
    | StartCampaign
    | StopCampaign
    | ResetCampaign
    | DeleteRecords
    | ForceComplete
    | UndoCommand
    | BeginUpload
    | AddRecords
    | CommitUpload
    | RejectUpload
    | AbandonUpload
    | WithdrawUpload
    | ClaimAttempts
    | EndAttempts
    | WithdrawAttempts
    | RecordDisposition
    | TakeOverDialling
    | ExcludeRecords
    | CompleteIfDone
    | ConfirmErasure
)
