"""The state of one campaign: what decide reads and evolve makes. Values only; no rule."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from outdial.campaign.book import RecordBook
from outdial.campaign.positions import Position
from outdial.campaign.settings import CampaignSettings


@dataclass(slots=True)
class Upload:
    """One upload: its records are `records` numbers from `first_record`. State: checking, committed, rejected,
    abandoned or withdrawn. Times in microseconds UTC."""

    upload_id: str
    file_name: str
    duplicates: str
    mode: str
    new_columns: tuple[str, ...]
    begun_us: int
    touched_us: int  # last chunk
    first_record: int
    state: str = "checking"
    records: int = 0
    chunks: int = 0
    accepted: int = 0
    duplicate: int = 0
    invalid: int = 0
    code: str = ""
    column: str = ""

    @property
    def is_open(self) -> bool:
        """Chunks may still come."""
        return self.state == "checking"

    @property
    def read(self) -> int:
        """Rows that are accounted for."""
        return self.accepted + self.duplicate + self.invalid


@dataclass(frozen=True, slots=True)
class ChunkRef:
    """Where the personal data of a chunk's records stands: record `first_record + i` is row `block_rows[i]` of the
    block. `block_size` counts its rows as written, duplicates included."""

    upload_id: str
    block_id: str
    block_offset: int
    first_record: int
    block_rows: range | tuple[int, ...]
    block_size: int


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A further block of personal data: rejected rows of an upload (`record` 0), or a comment on a record."""

    block_id: str
    block_offset: int
    upload_id: str
    record: int


@dataclass(slots=True, eq=False)
class UndoSlot:
    """The former columns of the records that the last Reset or Force Complete touched. `records` shrinks as facts
    touch them; `numbers` are those of the columns, ascending."""

    command_id: str
    command_type: str
    position: Position
    records: BitMap
    numbers: npt.NDArray[np.uint32]
    columns: dict[str, npt.NDArray[np.generic]]

    @property
    def changed_since(self) -> int:
        """Records that can no longer be restored."""
        return len(self.numbers) - len(self.records)


@dataclass(frozen=True, slots=True)
class DeleteSlot:
    """A delete within its grace. `position` is the one before."""

    command_id: str
    upload_id: str
    records: BitMap
    recoverable_until_us: int
    position: Position
    version: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """A delete whose personal data is not gone from every holder yet; begins when `due_us` has passed."""

    erasure_id: str
    records: BitMap
    decided_us: int
    due_us: int
    confirmed: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class CampaignState:
    """One campaign. `sequence` counts every event, `version` administrative changes. Before CampaignCreated
    `sequence` is 0 and `settings` None. Owned by one fold: `evolve` changes it in place.
    Two states are compared by `snapshot.fingerprint`."""

    campaign_id: str
    settings: CampaignSettings | None = None
    position: Position = Position.READY
    version: int = 0
    sequence: int = 0
    created_us: int = 0
    updated_us: int = 0
    dialer_epoch: int = 0
    book: RecordBook = field(default_factory=RecordBook)
    uploads: dict[str, Upload] = field(default_factory=dict)
    chunks: list[ChunkRef] = field(default_factory=list)
    further_blocks: list[BlockRef] = field(default_factory=list)
    undo: UndoSlot | None = None
    deletes: dict[str, DeleteSlot] = field(default_factory=dict)
    erasures: dict[str, Erasure] = field(default_factory=dict)

    @property
    def stream(self) -> str:
        """The stream that this is the state of."""
        return self.campaign_id

    def is_present(self, record: int) -> bool:
        """Whether the record is there: never deleted, not void."""
        return self.book.is_present(record)

    @property
    def open_upload(self) -> Upload | None:
        """The upload that is open; there is at most one, the last."""
        last = next(reversed(self.uploads.values()), None)
        return last if last is not None and last.is_open else None

    @property
    def required_settings(self) -> CampaignSettings:
        """The settings of a campaign that exists."""
        if self.settings is None:
            raise ValueError(f"campaign {self.campaign_id} does not exist")
        return self.settings


def initial(campaign_id: str) -> CampaignState:
    """The state of a campaign before its first event."""
    return CampaignState(campaign_id)
