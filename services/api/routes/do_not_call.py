"""Do-not-call lists: which there are, numbers put on them, looked up, taken off."""

import asyncio
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints, ValidationError

from outdial.client.listing import Wish
from outdial.donotcall.commands import ClearDoNotCallList, CreateDoNotCallList
from outdial.donotcall.lists import stream_of
from services.api.access import Adder, Deleter, Reader
from services.api.asking import DryRun, HeadersOf
from services.api.commanding import Order, answer_headers
from services.api.deps import CommandsOf, PagingOf, UploadsOf
from services.api.listing.asking import AskedListOf, answered
from services.api.listing.deps import FillingsOf, ListId, ListViewsOf
from services.api.listing.filling import Filling, plain_phone
from services.api.models.form import RequestForm, ShortText
from services.api.problems import Problem
from services.api.uploads.intake import Incoming, take_in

router = APIRouter(prefix="/v1/do-not-call", tags=["do-not-call"])
MAX_NUMBERS: Final = 1_000
Number = Annotated[str, StringConstraints(max_length=60)]
Region = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2})?$")]
NumbersField = Annotated[list[Number], Field(min_length=1, max_length=MAX_NUMBERS)]
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": ".xlsx, .xlsm or .csv with a column PhoneNumber",
                        },
                        "region": {"type": "string", "description": "for national numbers, such as GB"},
                        "source": {"type": "string", "description": "default: the name of the file"},
                    },
                }
            }
        },
    }
}


class ListCreate(RequestForm):
    """A new list."""

    list_id: ListId
    name: str = Field(min_length=1, max_length=200)


class Numbers(RequestForm):
    """Up to 1,000 numbers; national ones need the region that they are read in."""

    numbers: NumbersField
    region: Region = ""


class NumbersToAdd(Numbers):
    """Numbers with where they come from; never personal data: it stays in the history for ever."""

    source: ShortText = ""


class FileChoices(RequestForm):
    """The plain fields of a file's form."""

    region: Region = ""
    source: ShortText = ""


class ClearRequest(RequestForm):
    """How many numbers are on the list, as the dry run says."""

    confirm: int | None = None


@router.get("")
async def list_lists(views: ListViewsOf, _: Reader) -> Any:
    """The lists, each with how many numbers are on it. All of them apply to every campaign."""
    return {"items": await views.lists(), "next_cursor": None}


@router.post("", status_code=201)
async def create_list(body: ListCreate, headers: HeadersOf, commands: CommandsOf, caller: Adder) -> Response:
    """Create a list. The list `internal` needs none: it comes with its first number."""
    order = Order(stream_of(body.list_id), CreateDoNotCallList(body.name), caller, headers)
    answer = await commands.ask(order)
    where = {"Location": f"/v1/do-not-call/{body.list_id}"}
    return JSONResponse(answered(answer), 201, answer_headers(answer) | where)


@router.post("/check")
async def check_numbers(body: Numbers, views: ListViewsOf, _: Reader) -> Any:
    """For each number on which lists it is."""
    phones = [plain_phone(text, body.region) for text in body.numbers]
    found = await views.found([phone for phone in phones if phone])
    items = []
    for text, phone in zip(body.numbers, phones, strict=True):
        on = [entry for entry in found if entry["number"] == phone]
        items.append({"number": phone or text, "valid": bool(phone), "listed": bool(on), "entries": on})
    return {"items": items}


@router.get("/{list_id}")
async def show_list(list_id: ListId, views: ListViewsOf, _: Reader) -> Response:
    """One list; its version is what evidence of calls names."""
    found = await views.one(list_id)
    headers = {"ETag": f'"{found["version"]}"', "Outdial-Log-Position": found["log_position"]}
    return JSONResponse(dict(found), headers=headers)


@router.get("/{list_id}/numbers")
async def list_numbers(list_id: ListId, views: ListViewsOf, paging: PagingOf, _: Reader) -> Any:
    """What is on the list, in the order in which it came."""
    return await views.numbers(list_id, paging)


@router.post("/{list_id}/numbers")
async def add_numbers(
    body: NumbersToAdd, asked: AskedListOf, fillings: FillingsOf, caller: Adder
) -> Response:
    """Put numbers on the list; those that are on it are counted. `errors` names what is no number."""
    await asked.exists()
    content = sha256(body.model_dump_json().encode()).digest()
    wish = Wish(asked.list_id, caller.actor, body.source)
    filling = Filling(wish, body.region, asked.headers.command_id, content)
    return asked.filled(fillings.earlier(filling) or await fillings.numbers(filling, body.numbers))


@router.post("/{list_id}/uploads", openapi_extra=_FORM)
async def add_file(
    request: Request, asked: AskedListOf, fillings: FillingsOf, uploads: UploadsOf, caller: Adder
) -> Response:
    """Put the column PhoneNumber of a file on the list; answered when all of it is in the log."""
    await asked.exists()
    path = uploads.store.incoming()
    try:
        kind = request.headers.get("content-type", "")
        incoming = await take_in(kind, request.stream(), path, fillings.limits.file_bytes)
        said = _said(incoming)
        content = sha256(f"{said.region} {said.source} {incoming.sha256}".encode()).digest()
        wish = Wish(asked.list_id, caller.actor, said.source)
        filling = Filling(wish, said.region, asked.headers.command_id, content)
        return asked.filled(fillings.earlier(filling) or await fillings.file(filling, path))
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


@router.post("/{list_id}/remove")
async def remove_numbers(body: Numbers, asked: AskedListOf, caller: Deleter) -> Response:
    """Take numbers off the list; they are erased from the log and the views. Others are counted."""
    return await asked.remove([plain_phone(text, body.region) for text in body.numbers], caller)


@router.post("/{list_id}/clear")
async def clear_list(
    body: ClearRequest, asked: AskedListOf, caller: Deleter, dry_run: DryRun = False
) -> Response:
    """Take every number off the list; confirmed by how many there are."""
    return await asked.carry_out(ClearDoNotCallList(body.confirm), caller, dry_run=dry_run)


def _said(incoming: Incoming) -> FileChoices:
    if not incoming.has_file:
        errors = [{"pointer": "#/file", "code": "missing", "detail": "Send the file in the field `file`."}]
        raise Problem("request-invalid", "The form has no field `file`.", errors=errors)
    try:
        return FileChoices.model_validate({"source": incoming.file_name, **incoming.fields})
    except ValidationError as error:
        faults: list[dict[str, Any]] = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(faults) from error
