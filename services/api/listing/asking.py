"""The dependency of routes that change the do-not-call list in their path."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import uuid4

from fastapi import Depends, Response
from fastapi.responses import JSONResponse

from outdial.client.requests import Answer
from outdial.donotcall.commands import Command, RemoveFromDoNotCall
from outdial.donotcall.lists import INTERNAL, list_of, stream_of
from services.api.asking import HeadersOf
from services.api.commanding import Order, answer_headers
from services.api.deps import CommandsOf
from services.api.listing.deps import ListId, ListViewsOf
from services.api.listing.filling import Filled
from services.api.tokens import Caller

MOST_ENTRIES: Final = 500


class AskedList:
    """The list and headers of one request; sends its commands and answers."""

    def __init__(self, list_id: ListId, headers: HeadersOf, commands: CommandsOf, views: ListViewsOf) -> None:
        self.list_id, self.headers, self._commands, self._views = list_id, headers, commands, views

    async def exists(self) -> None:
        """Raises Problem `list-unknown`; the internal list comes with its first number."""
        if self.list_id != INTERNAL:
            await self._views.one(self.list_id)

    async def carry_out(self, command: Command, caller: Caller, *, dry_run: bool = False) -> Response:
        """Send the command and give the whole HTTP answer."""
        headers = replace(self.headers, command_id=str(uuid4())) if dry_run else self.headers
        answer = await self._commands.ask(Order(self._stream, command, caller, headers, dry_run))
        return JSONResponse(answered(answer), 200, answer_headers(answer))

    async def remove(self, phones: Sequence[str], caller: Caller) -> Response:
        """Take E.164 numbers off; those that are not on the list are counted."""
        await self._views.one(self.list_id)
        found = await self._views.found(sorted(set(phones) - {""}), self.list_id)
        entries = sorted(one["entry"] for one in found)
        answers = [
            await self._commands.ask(Order(self._stream, RemoveFromDoNotCall(part), caller, headers))
            for part, headers in self._parts(entries)
        ]
        not_listed = len(phones) - len({one["number"] for one in found})
        told = {**answered(answers[-1]), "affected": len(entries), "not_listed": not_listed}
        told["message"] = f"{len(entries):,} taken off the list; {not_listed:,} were not on it."
        return JSONResponse(told, 200, answer_headers(answers[-1]))

    def filled(self, filled: Filled) -> Response:
        """The answer of an addition."""
        self._commands.recent.note(self._stream, filled.sequence)
        body = {**filled.told, "command_id": self.headers.command_id, "list": self.list_id}
        headers = {
            "Outdial-Command-Id": self.headers.command_id,
            "Outdial-Log-Position": f"{self._stream}@{filled.sequence}",
            **({"Outdial-Replayed": "true"} if filled.is_replayed else {}),
        }
        return JSONResponse({**body, "version": filled.sequence}, 200, headers)

    @property
    def _stream(self) -> str:
        return stream_of(self.list_id)

    def _parts(self, entries: Sequence[int]) -> Any:
        """Commands of at most 500 entries, each under an id of its own; one for none, which changes nothing."""
        for at in range(0, max(1, len(entries)), MOST_ENTRIES):
            key = f"{self.headers.command_id}/{at}" if at else self.headers.command_id
            yield entries[at : at + MOST_ENTRIES], replace(self.headers, command_id=key)


def answered(answer: Answer) -> dict[str, Any]:
    """What an accepted command to a list answers."""
    return {
        **answer.details,
        "command_id": answer.command_id,
        "list": list_of(answer.stream),
        "version": answer.version,
        "affected": answer.affected,
        "changed": answer.changed,
        "message": answer.message,
    }


AskedListOf = Annotated[AskedList, Depends(AskedList)]
