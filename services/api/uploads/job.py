"""One uploaded file on its way: what is known of it before the log knows, kept beside the file on disk."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["queued", "checking", "committed", "rejected", "withdrawn"]
FINAL: frozenset[State] = frozenset({"committed", "rejected", "withdrawn"})


@dataclass(frozen=True, slots=True)
class UploadJob:
    """A file and how far it is.

    `begun`: BeginUpload was sent, so the log may know it; `begins` earlier tries had to wait. `chunks`
    and `read` are set when every chunk was accepted and the commit may have been sent: from then on only the
    commit is repeated. `rows_done` counts what was read, `columns` are the file's. `resumed`: an earlier process
    was cut off. `log_position` is where the log told its end.
    """

    campaign: str
    upload_id: str
    command_id: str
    actor: str
    file_name: str
    sha256: str
    size: int
    duplicates: str
    mode: str
    new_columns: str
    created_us: int
    state: State = "queued"
    begun: bool = False
    begins: int = 0
    chunks: int | None = None
    read: int = 0
    rows_done: int = 0
    accepted: int = 0
    duplicate: int = 0
    invalid: int = 0
    columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    other_sheets: tuple[str, ...] = ()
    resumed: bool = False
    ended_us: int = 0
    log_position: str = ""
    code: str = ""
    column: str = ""
    text: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def begin_id(self) -> str:
        """The id of the command that opens it: the caller's, until another upload was open at that moment."""
        return f"{self.command_id}/{self.begins}" if self.begins else self.command_id

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in FINAL


def to_json(job: UploadJob) -> str:
    """The job as it is kept on disk."""
    return json.dumps(asdict(job), ensure_ascii=False)


def from_json(text: str) -> UploadJob:
    """A job as it was kept. Raises ValueError or TypeError when the text is none."""
    said = json.loads(text)
    for name in ("columns", "ignored_columns", "other_sheets"):
        said[name] = tuple(said.get(name, ()))
    return UploadJob(**said)
