"""Uploaded files on disk with their jobs until they are over; a crash leaves a whole job or none."""

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.api.uploads.job import UploadJob, from_json, to_json

RECEIPT_S: Final = 12 * 3600
"""How long a job is kept after its end: shorter than the bound within which deleted people must be gone."""
_FILE, _JOB = "file", "job.json"
log = logging.getLogger(__name__)


class UploadStore:
    """A folder per upload below `root`. Blocking; call it from a thread when files are large."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def incoming(self) -> Path:
        """A fresh path for a file that is still coming in."""
        folder = self._root / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{os.getpid()}-{os.urandom(8).hex()}"

    def adopt(self, incoming: Path, job: UploadJob) -> None:
        """Take a file that came in whole, and its job."""
        folder = self._root / job.upload_id
        folder.mkdir(parents=True, exist_ok=True)
        incoming.replace(folder / _FILE)
        self.save(job)

    def save(self, job: UploadJob) -> None:
        """Write the job; the old one stays whole until the new one is."""
        target = self._root / job.upload_id / _JOB
        part = target.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(to_json(job))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)

    def file(self, job: UploadJob) -> Path:
        """Where the file of a job is."""
        return self._root / job.upload_id / _FILE

    def drop_file(self, job: UploadJob) -> None:
        """Remove the file; its job stays as a receipt for a while."""
        self.file(job).unlink(missing_ok=True)

    def forget(self, job: UploadJob) -> None:
        """Remove everything of a job."""
        shutil.rmtree(self._root / job.upload_id, ignore_errors=True)

    def load(self) -> Iterator[UploadJob]:
        """Every job that was left by earlier processes; what never came in whole is removed."""
        shutil.rmtree(self._root / "incoming", ignore_errors=True)
        if not self._root.is_dir():
            return
        for folder in sorted(self._root.iterdir()):
            try:
                yield from_json((folder / _JOB).read_text(encoding="utf-8"))
            except (OSError, ValueError, TypeError, KeyError) as error:
                log.warning(
                    "upload without a readable job is removed",
                    extra={"upload": folder.name, "why": str(error)},
                )
                shutil.rmtree(folder, ignore_errors=True)
