"""Events: what happened. One dataclass per schema of schemas/events, field for field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from outdial.campaign.filter import Filter
from outdial.campaign.settings import CampaignSettings


@dataclass(frozen=True, slots=True)
class CampaignCreated:
    """The campaign exists and is Ready."""

    settings: CampaignSettings


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """The settings are these now."""

    settings: CampaignSettings


@dataclass(frozen=True, slots=True)
class CampaignStarted:
    """Dialling runs."""


@dataclass(frozen=True, slots=True)
class CampaignStopped:
    """Dialling is stopped."""


@dataclass(frozen=True, slots=True)
class CampaignCompleted:
    """Nothing was left to do."""


@dataclass(frozen=True, slots=True)
class CampaignReset:
    """The records named here are dialable again in a new pass; filters only say why these."""

    command_id: str
    records: bytes
    affected: int
    not_dialable: Mapping[str, int]
    filters: Sequence[Filter] = ()


@dataclass(frozen=True, slots=True)
class CampaignForceCompleted:
    """The records named here are Complete; so is the campaign."""

    command_id: str
    records: bytes
    affected: int
    never_dialled: int
    waiting: int


@dataclass(frozen=True, slots=True)
class RecordsDeleted:
    """The records named here are gone."""

    command_id: str
    upload_id: str
    records: bytes
    affected: int
    recoverable_until_us: int
    is_empty: bool
    filters: Sequence[Filter] = ()


@dataclass(frozen=True, slots=True)
class CommandUndone:
    """A command was undone."""

    command_id: str
    command_type: str
    records: bytes
    restored: int
    changed_since: int
    position: str


@dataclass(frozen=True, slots=True)
class UploadBegun:
    """An upload is open."""

    upload_id: str
    file_name: str
    file_sha256: bytes
    file_size: int
    duplicates: str
    mode: str
    columns: Sequence[str] = ()
    new_columns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RecordsAdded:
    """Rows of a chunk became records; the others are accounted for."""

    upload_id: str
    chunk: int
    block_id: str
    block_offset: int
    first_record: int
    row: Sequence[int] = ()
    block_row: Sequence[int] = ()
    priority: Sequence[int] = ()
    expires_us: Sequence[int] = ()
    agent: Sequence[str] = ()
    skill: Sequence[str] = ()
    zone: Sequence[str] = ()
    commitment: Sequence[bytes] = ()
    duplicate_row: Sequence[int] = ()
    duplicate_code: Sequence[str] = ()
    invalid_block_id: str = ""
    invalid_block_offset: int = 0
    invalid_row: Sequence[int] = ()
    invalid_code: Sequence[str] = ()
    invalid_column: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class UploadCommitted:
    """The upload's records are visible."""

    upload_id: str
    read: int
    accepted: int
    duplicate: int
    invalid: int


@dataclass(frozen=True, slots=True)
class UploadRejected:
    """The upload is void."""

    upload_id: str
    code: str
    column: str
    first_record: int
    records: int


@dataclass(frozen=True, slots=True)
class UploadAbandoned:
    """The uploader was gone; the upload is void."""

    upload_id: str
    first_record: int
    records: int


@dataclass(frozen=True, slots=True)
class AttemptsClaimed:
    """The attempts may be placed until originate_before."""

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
class AttemptsEnded:
    """The attempts ended."""

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
    status: Sequence[str] = ()
    reason: Sequence[str] = ()
    next_attempt_us: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class AttemptsCorrected:
    """A definite outcome arrived after Unknown or a withdrawal."""

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
    status: Sequence[str] = ()
    reason: Sequence[str] = ()
    next_attempt_us: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class AttemptsWithdrawn:
    """The claims were given back; nothing was dialled."""

    dialer_epoch: int
    record: Sequence[int] = ()
    attempt: Sequence[int] = ()
    cause: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DispositionRecorded:
    """An answered attempt has its result."""

    record: int
    attempt: int
    disposition: str
    agent: str
    callback_us: int
    is_correction: bool
    status: str
    reason: str
    next_attempt_us: int
    comment_block_id: str = ""
    comment_block_offset: int = 0


@dataclass(frozen=True, slots=True)
class DiallingTakenOver:
    """Claims of older dialers are refused from here on."""

    dialer_epoch: int


@dataclass(frozen=True, slots=True)
class RecordsExcluded:
    """The records are final: they can no longer be dialled."""

    record: Sequence[int] = ()
    reason: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ErasureConfirmed:
    """One holder has erased the records of a delete."""

    erasure_id: str
    holder: str


@dataclass(frozen=True, slots=True)
class RecordsErased:
    """The personal data of the delete is gone from every holder."""

    erasure_id: str
    affected: int


Event: TypeAlias = (
    CampaignCreated
    | SettingsChanged
    | CampaignStarted
    | CampaignStopped
    | CampaignCompleted
    | CampaignReset
    | CampaignForceCompleted
    | RecordsDeleted
    | CommandUndone
    | UploadBegun
    | RecordsAdded
    | UploadCommitted
    | UploadRejected
    | UploadAbandoned
    | AttemptsClaimed
    | AttemptsEnded
    | AttemptsCorrected
    | AttemptsWithdrawn
    | DispositionRecorded
    | DiallingTakenOver
    | RecordsExcluded
    | ErasureConfirmed
    | RecordsErased
)
