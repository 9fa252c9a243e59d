"""Every error answer: RFC 9457 problem documents whose codes come from schemas/errors.yaml alone."""

import errno
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from outdial.client.requests import Answer, OutcomeUnknown
from outdial.eventlog.ports import LogUnavailable
from outdial.files.upload import UploadRejected
from outdial.messages import schemas
from services.api.allowance import HTTP_NAMES

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 2
_PLAIN = {
    413: "too-large",
    404: "not-found",
    405: "method-not-allowed",
    401: "unauthenticated",
    403: "forbidden",
}
_RESERVED = frozenset({"type", "title", "status", "code", "detail"})


class Problem(Exception):
    """An answer that says what went wrong: a code of errors.yaml, a text for people, fields for programs."""

    def __init__(
        self, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.headers, self.fields = code, detail, dict(headers or {}), fields


def is_no_room(error: BaseException) -> bool:
    """Whether the disk took no more, or no more of this account."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def catalogue() -> Mapping[str, Any]:
    """Every code with its status, retry, means and do."""
    errors: Mapping[str, Any] = schemas.data("errors")["errors"]
    return errors


def row_texts() -> Mapping[str, str]:
    """The text of each code that a row of an upload can have."""
    rows: Mapping[str, str] = schemas.data("errors")["rows"]
    return rows


def sentence(code: str) -> str:
    """What a code means and what to do, for people."""
    entry = catalogue()[code]
    return f"{_upper(entry['means'])}. {_upper(entry['do'])}."


def document(problem: Problem) -> dict[str, Any]:
    """The problem document: RFC 9457 members first, then the fields that a program needs."""
    entry = catalogue()[problem.code]
    return {
        "type": f"/problems/{problem.code}",
        "title": _upper(entry["means"]),
        "status": entry["status"],
        "code": problem.code,
        "detail": problem.detail or sentence(problem.code),
        **{name: value for name, value in problem.fields.items() if name not in _RESERVED},
    }


def response(problem: Problem) -> JSONResponse:
    """The problem as an HTTP answer; what may succeed later says when to try again."""
    entry = catalogue()[problem.code]
    headers = dict(problem.headers)
    if entry["status"] in {429, 503}:
        headers.setdefault("Retry-After", str(RETRY_AFTER_S))
    if entry["status"] == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(document(problem), entry["status"], headers, MEDIA_TYPE)


def of_answer(answer: Answer) -> Problem:
    """A rejected command: code, text and details, with the position and version it was decided at."""
    details = dict(answer.details)
    fields = {"command_id": answer.command_id, "version": answer.version, **details}
    if answer.position:
        fields.setdefault("position", answer.position)
    if "allowed" in details:
        fields["allowed"] = [HTTP_NAMES[name] for name in details["allowed"] if name in HTTP_NAMES]
    return Problem(answer.code, _upper(str(details.get("text") or answer.message)), **fields)


def of_file(why: UploadRejected) -> Problem:
    """A file that is refused as a whole: its code, its text and what a program needs."""
    fields: dict[str, Any] = dict(why.fields)
    return Problem(why.code, why.detail, **fields)


def install(app: FastAPI) -> None:
    """Answer every exception that leaves a handler as a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(LogUnavailable, _on_log_unavailable)
    app.add_exception_handler(OutcomeUnknown, _on_outcome_unknown)
    app.add_exception_handler(OSError, _on_machine)
    app.add_exception_handler(psycopg.DataError, _on_nul)
    app.add_exception_handler(Exception, _on_anything)


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this type
    return response(error)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    errors = [_field_error(one) for one in error.errors()]
    told = "; ".join(f"{one['pointer']}: {one['detail']}" for one in errors[:5])
    return response(Problem("request-invalid", told, errors=errors))


async def _on_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    code = _PLAIN.get(error.status_code, "request-invalid" if error.status_code < 500 else "internal-error")
    return response(Problem(code, headers=error.headers))


async def _on_log_unavailable(_: Request, __: Exception) -> Response:
    return response(Problem("log-unavailable"))


async def _on_outcome_unknown(_: Request, error: Exception) -> Response:
    assert isinstance(error, OutcomeUnknown)  # noqa: S101 - registered for this type
    where = {"Location": f"/v1/commands/{error.command_id}"}
    return response(Problem("outcome-unknown", headers=where, command_id=error.command_id))


async def _on_machine(_: Request, error: Exception) -> Response:
    """A full disk is for the operator; whatever else the machine refuses is an error of ours."""
    if is_no_room(error):
        return response(Problem("disk-full"))
    raise error


async def _on_nul(_: Request, error: Exception) -> Response:
    """The client library itself refuses a text with the character NUL; what the server refuses is an error of ours."""
    if type(error) is not psycopg.DataError:
        raise error
    return response(Problem("request-invalid", "A text with the character NUL is in no record."))


async def _on_anything(_: Request, __: Exception) -> Response:
    """The server logs the error with its trace; the caller learns nothing of our inside."""
    return response(Problem("internal-error"))


def _field_error(error: Mapping[str, Any]) -> dict[str, str]:
    return {
        "pointer": pointer(error["loc"]),
        "code": re.sub(r"[^a-z]+", "-", str(error["type"])),
        "detail": str(error["msg"]),
    }


def pointer(place: Sequence[str | int]) -> str:
    """`#/filters/0/status` in the body (RFC 6901, a fragment); `query/limit`, `header/If-Match` elsewhere."""
    first, *rest = [str(part).replace("~", "~0").replace("/", "~1") for part in place] or ["body"]
    return "#" + "".join(f"/{part}" for part in rest) if first == "body" else "/".join([first, *rest])


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
