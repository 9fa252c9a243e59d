"""What an upload answers: the queue's knowledge while it runs, the views' when it is over, in one form."""

from collections.abc import Mapping
from typing import Any

from services.api.models.form import rfc3339
from services.api.problems import catalogue, sentence
from services.api.uploads.job import UploadJob


def receipt(job: UploadJob | None, view: Mapping[str, Any] | None) -> dict[str, Any]:
    """The receipt of an upload of which at least one side knows.

    Counts and row errors are the views' as soon as they have them; before that they are the queue's.
    """
    if job is None:
        return dict(view or {})
    told = _of_job(job)
    if view is None:
        return told
    seen = dict(view)
    if seen["state"] in {"queued", "checking"} and job.is_over:  # the views are a moment behind
        seen["state"] = job.state
    for name in ("accepted", "duplicate", "invalid", "read"):
        seen[name] = max(int(seen.get(name) or 0), told[name])
    beside = {
        name: told[name]
        for name in (
            *("rows_done", "ignored_columns", "other_sheets", "resumed", "file_size"),
            *("created_at", "log_position"),
        )
    }
    if job.state == "withdrawn":
        seen["state"] = "withdrawn"
    if job.code:
        beside |= {"code": job.code, "text": told["text"], "column": job.column, **_fields(job)}
    return {**seen, **beside}


def _of_job(job: UploadJob) -> dict[str, Any]:
    return {
        **_fields(job),
        "upload_id": job.upload_id,
        "campaign": job.campaign,
        "file_name": job.file_name,
        "file_size": job.size,
        "state": job.state,
        "read": job.read,
        "accepted": job.accepted,
        "duplicate": job.duplicate,
        "invalid": job.invalid,
        "rows_done": job.rows_done,
        "errors": [],
        "ignored_columns": list(job.ignored_columns),
        "other_sheets": list(job.other_sheets),
        "resumed": job.resumed,
        "code": job.code or None,
        "column": job.column or None,
        "text": job.text or (sentence(job.code) if job.code in catalogue() else None),
        "actor": job.actor,
        "created_at": rfc3339(job.created_us),
        "ended_at": rfc3339(job.ended_us),
        "log_position": job.log_position or None,
    }


def _fields(job: UploadJob) -> dict[str, Any]:
    return {name: value for name, value in job.fields.items() if name not in {"code", "text", "state"}}
