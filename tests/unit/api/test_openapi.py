"""The committed OpenAPI document is the one that the routes make, and it hangs together."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from outdial.messages import schemas
from services.api.document import text
from services.api.problems import catalogue
from tests.unit.api.fakes import Api


def committed() -> str:
    return (schemas.folder() / "openapi.json").read_text(encoding="utf-8")


def test_the_committed_document_is_that_of_the_routes() -> None:
    assert text() == committed(), "python -m services.api.document > schemas/openapi.json"


def test_every_reference_leads_somewhere() -> None:
    document = json.loads(committed())
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_operations_have_names_of_their_own_and_declare_problems() -> None:
    operations = [one for methods in json.loads(committed())["paths"].values() for one in methods.values()]
    assert Counter(one["operationId"] for one in operations).most_common(1)[0][1] == 1
    assert all("default" in one["responses"] and "422" not in one["responses"] for one in operations)


def test_every_code_is_in_the_document() -> None:
    problem = json.loads(committed())["components"]["schemas"]["ProblemDocument"]
    assert problem["properties"]["code"]["enum"] == sorted(catalogue())


async def test_the_document_and_its_pages_are_served(tmp_path: Path) -> None:
    async with Api(tmp_path).client() as client:
        served = await client.get("/openapi.json")
        page = await client.get("/docs")
    assert served.json() == json.loads(committed())
    assert "/v1/campaigns/{campaign_id}/start" in page.text
    assert "http" not in page.text.replace("HTTP", "").replace("httponly", "")
