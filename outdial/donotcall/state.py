"""The state of one do-not-call list: what decide reads and evolve makes. Values only; no number, no rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap

from outdial.campaign.state import BlockRef, ChunkRef, Erasure, Upload
from outdial.donotcall.lists import list_of, stream_of


@dataclass(slots=True, eq=False)
class DoNotCallList:
    """One list. Entries are numbered from 1; `size` is the next one. `attempts`: calls whose wish is carried out.
    Owned by one fold: `evolve` changes it in place. Two states are compared by `snapshot.fingerprint`."""

    list_id: str
    name: str = ""
    sequence: int = 0
    created_us: int = 0
    updated_us: int = 0
    size: int = 1
    entries: BitMap = field(default_factory=BitMap)
    chunks: list[ChunkRef] = field(default_factory=list)
    attempts: set[str] = field(default_factory=set)
    erasures: dict[str, Erasure] = field(default_factory=dict)

    @property
    def stream(self) -> str:
        """The stream that this is the state of."""
        return stream_of(self.list_id)

    @property
    def version(self) -> int:
        """What every event of a list raises: all of them change it."""
        return self.sequence

    @property
    def position(self) -> str:
        """A list has none."""
        return ""

    @property
    def uploads(self) -> Mapping[str, Upload]:
        """A list has none: each chunk counts at once."""
        return {}

    @property
    def further_blocks(self) -> Sequence[BlockRef]:
        """A list has none."""
        return ()

    def is_present(self, entry: int) -> bool:
        """Whether the entry is on the list."""
        return entry in self.entries


def initial(stream: str) -> DoNotCallList:
    """The state of a list before its first event."""
    return DoNotCallList(list_of(stream))
