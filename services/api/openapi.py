"""The OpenAPI document: what FastAPI finds in the routes, with problems declared everywhere."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.api.models.answers import PROBLEM, ProblemDocument
from services.api.problems import catalogue

_COMMAND_HEADERS: Final = {
    "Outdial-Command-Id": "the id of the command, to ask for its answer",
    "Outdial-Log-Position": "where the campaign's stream stood after it",
    "Outdial-Replayed": "`true`: the answer was given before, to the same key",
    "ETag": "the version of the campaign",
}


def describe(app: FastAPI) -> None:
    """Make the app give our document; it is made once, when it is first asked for."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = make(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way that FastAPI documents


def make(app: FastAPI) -> dict[str, Any]:
    """The document of the app's routes."""
    document: dict[str, Any] = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description="Outbound campaigns. Every change is an event in an ordered log.",
        routes=app.routes,
    )
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    problem["properties"]["code"]["enum"] = sorted(catalogue())
    schemas["ProblemDocument"] = problem
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}, {}]
    for methods in document["paths"].values():
        for operation in methods.values():
            _declare(operation)
    return document


def _declare(operation: dict[str, Any]) -> None:
    """Problems instead of FastAPI's own errors, and the headers of commands."""
    responses = operation["responses"]
    responses.pop("422", None)
    responses.update(PROBLEM)
    takes_key = any(one["name"] == "idempotency-key" for one in operation.get("parameters", ()))
    for status in ("200", "201", "202"):
        if takes_key and status in responses:
            responses[status]["headers"] = {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in _COMMAND_HEADERS.items()
            }
