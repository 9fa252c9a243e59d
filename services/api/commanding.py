"""A command from HTTP and back: headers in, one command through the log, the answer with headers out."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Protocol
from urllib.parse import quote
from uuid import uuid4

from fastapi import Header, Response
from fastapi.responses import JSONResponse

from outdial.campaign.commands import Command
from outdial.client.requests import Answer, OutcomeUnknown
from outdial.client.requests import Request as CommandRequest
from outdial.donotcall.commands import Command as ListCommand
from services.api import problems
from services.api.problems import Problem
from services.api.recent import Recent
from services.api.tokens import Caller

WAIT_S: Final = 5.0
MAX_TTL_S: Final = timedelta(days=1).total_seconds()
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Sender(Protocol):
    """Carries one command through the log (outdial.client.sender.CommandSender)."""

    async def send(self, request: CommandRequest, timeout_s: float = WAIT_S) -> Answer:
        """Raises LogUnavailable (nothing was appended) or OutcomeUnknown (sent, not answered in time)."""
        ...


@dataclass(frozen=True, slots=True)
class CommandHeaders:
    """What a caller says about a command beside its content. `is_own_key`: the caller chose the id."""

    command_id: str
    is_own_key: bool
    expected_version: int | None
    ttl_s: float
    traceparent: str


def command_headers(
    idempotency_key: Annotated[
        str | None, Header(description="the command's id; the same key is safe to repeat")
    ] = None,
    if_match: Annotated[str | None, Header(description="the version that the campaign must have")] = None,
    outdial_command_ttl: Annotated[
        float | None, Header(gt=0, le=MAX_TTL_S, description="seconds after which it is not carried out (30)")
    ] = None,
    traceparent: Annotated[str, Header(include_in_schema=False)] = "",
) -> CommandHeaders:
    """Read the headers of a command. Raises `request-invalid` for a key or version of the wrong form."""
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        raise _bad_header("Idempotency-Key", "1 to 128 printable ASCII characters without spaces")
    return CommandHeaders(
        command_id=idempotency_key or str(uuid4()),
        is_own_key=idempotency_key is not None,
        expected_version=version_of(if_match),
        ttl_s=30.0 if outdial_command_ttl is None else outdial_command_ttl,
        traceparent=traceparent if _TRACE.fullmatch(traceparent) else "",
    )


def version_of(if_match: str | None) -> int | None:
    """The version in an If-Match header: `"7"` or `7`; `*` and no header ask for none."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'\s*(?:W/)?"?(\d{1,18})"?\s*', if_match, re.ASCII)
    if found is None:
        raise _bad_header("If-Match", "one version, as the ETag of the campaign says")
    return int(found[1])


class InFlight:
    """The commands that this process waits for, so that a second one of the same id is told to ask later."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}

    def is_waiting(self, stream: str, command_id: str) -> bool:
        """Whether the command is on its way right now."""
        return (stream, command_id) in self._ids

    def streams(self, command_id: str) -> list[str]:
        """The streams on which a command of that id is on its way."""
        return [stream for stream, waiting in self._ids if waiting == command_id]

    @asynccontextmanager
    async def waiting(self, stream: str, command_id: str, command: str) -> AsyncIterator[None]:
        """Hold the id while its command is on its way. Raises `command-in-flight` when it already is."""
        if self.is_waiting(stream, command_id):
            where = {"Location": command_url(command_id, stream)}
            raise Problem("command-in-flight", headers=where, command_id=command_id)
        self._ids[stream, command_id] = command
        try:
            yield
        finally:
            del self._ids[stream, command_id]


@dataclass(frozen=True, slots=True)
class Order:
    """One command for one campaign or other stream, and on whose behalf."""

    campaign: str
    command: Command | ListCommand
    caller: Caller
    headers: CommandHeaders
    dry_run: bool = False


class Commands:
    """Sends commands; every rejection and every failure becomes a Problem."""

    def __init__(self, sender: Sender, wait_s: float = WAIT_S) -> None:
        self._sender, self._wait_s = sender, wait_s
        self.in_flight = InFlight()
        self.recent = Recent()

    async def ask(self, order: Order) -> Answer:
        """The accepted answer. Raises Problem when rejected, LogUnavailable, OutcomeUnknown."""
        headers = order.headers
        kind = type(order.command).__name__
        async with self.in_flight.waiting(order.campaign, headers.command_id, kind):
            answer = await self._sender.send(
                CommandRequest(
                    stream=order.campaign,
                    command=order.command,
                    command_id=headers.command_id,
                    actor=order.caller.actor,
                    expected_version=headers.expected_version,
                    ttl_s=headers.ttl_s,
                    dry_run=order.dry_run,
                    traceparent=headers.traceparent,
                ),
                self._wait_s,
            )
        self.recent.note(answer.stream, answer.last_sequence)
        if not answer.accepted:
            problem = problems.of_answer(answer)
            problem.headers.update(answer_headers(answer))
            raise problem
        return answer

    async def carry_out(self, order: Order, *, created: str = "") -> Response:
        """The HTTP answer: 200, 201 with `created` as Location, or 202 when the outcome is not known yet."""
        try:
            answer = await self.ask(order)
        except OutcomeUnknown:
            return unknown_yet(order.headers.command_id, order.campaign)
        if order.dry_run:
            return JSONResponse(preview(answer), headers=answer_headers(answer))
        headers = answer_headers(answer)
        if created:
            headers["Location"] = created
        return JSONResponse(accepted(answer), 201 if created else 200, headers)


def accepted(answer: Answer) -> dict[str, Any]:
    """What an accepted command answers: for programs, and a sentence for people."""
    return {
        **answer.details,
        "command_id": answer.command_id,
        "campaign": answer.stream,
        "version": answer.version,
        "position": answer.position,
        "affected": answer.affected,
        "changed": answer.changed,
        "message": answer.message,
    }


def preview(answer: Answer) -> dict[str, Any]:
    """What a dry run answers: how many records, which, and what is known of them. Nothing was appended."""
    told = {"campaign": answer.stream, "version": answer.version, "position": answer.position}
    return {**answer.details, **told, "affected": answer.affected, "message": answer.message}


def answer_headers(answer: Answer) -> dict[str, str]:
    """The headers that every answer of a command carries."""
    headers = {"Outdial-Command-Id": answer.command_id, "Outdial-Log-Position": answer.log_position}
    if answer.position:
        headers["ETag"] = f'"{answer.version}"'
    if answer.replayed:
        headers["Outdial-Replayed"] = "true"
    return headers


def unknown_yet(command_id: str, campaign: str) -> JSONResponse:
    """202: the command is in the log's hands; where its answer will stand."""
    headers = {
        "Location": command_url(command_id, campaign),
        "Outdial-Command-Id": command_id,
        "Retry-After": "1",
    }
    body = {
        "command_id": command_id,
        "campaign": campaign,
        "message": "The command was sent; its outcome is not known yet. Ask at Location.",
    }
    return JSONResponse(body, 202, headers)


def command_url(command_id: str, campaign: str) -> str:
    """Where the answer of a command stands; ids are scoped to their campaign."""
    return f"/v1/commands/{quote(command_id, safe='')}?campaign={quote(campaign, safe='')}"


def _bad_header(name: str, should: str) -> Problem:
    detail = f"{name} must be {should}."
    error = {"pointer": f"header/{name}", "code": "header-invalid", "detail": detail}
    return Problem("request-invalid", detail, errors=[error])
