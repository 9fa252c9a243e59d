"""The answers that several areas give: an accepted command, a dry run, a problem."""

from typing import Any

from pydantic import Field

from services.api.models.form import AnswerForm
from services.api.problems import MEDIA_TYPE


class Accepted(AnswerForm):
    """A command was accepted and its events are durable."""

    command_id: str
    campaign: str
    version: int
    position: str
    affected: int = Field(description="records that it touched")
    changed: bool = Field(description="false: it was so already, nothing was appended")
    message: str = Field(description="for people")


class Preview(AnswerForm):
    """What a command would touch; nothing was appended. `selection` confirms exactly these records."""

    affected: int
    selection: str = ""


class Later(AnswerForm):
    """The outcome is not known yet; ask at Location."""

    command_id: str
    campaign: str
    message: str


class FieldError(AnswerForm):
    """One thing wrong, and where."""

    pointer: str = ""
    code: str = ""
    detail: str = ""


class ProblemDocument(AnswerForm):
    """RFC 9457 problem document, with the fields that a program needs beside these."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] = Field(default_factory=list)


PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem; `code` is one of the codes of the deployment.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }
}
ANSWERED: dict[int | str, dict[str, Any]] = {200: {"model": Accepted}, 202: {"model": Later}}
PREVIEWED: dict[int | str, dict[str, Any]] = {200: {"model": Accepted | Preview}, 202: {"model": Later}}
