"""The published AsyncAPI document: it is the schemas', and says nothing that messages do not have."""

import json

from outdial.messages import schemas
from outdial.messages.asyncapi import ENVELOPE, document
from outdial.messages.envelope import Envelope


def test_the_published_document_is_the_one_that_the_schemas_make() -> None:
    published = json.loads((schemas.folder() / "asyncapi.json").read_text(encoding="utf-8"))

    assert published == document(), "python -m outdial.messages.asyncapi > schemas/asyncapi.json"


def test_every_topic_is_a_channel_and_every_schema_a_message_of_one() -> None:
    found = document()
    named = {name for channel in found["channels"].values() for name in channel["messages"]}

    assert set(found["channels"]) == set(schemas.data("topics")["topics"])
    assert named == set(found["components"]["messages"]) == set(schemas.schema_texts())


def test_every_header_of_a_full_envelope_is_described() -> None:
    full = Envelope(
        *("id", "outdial.StartCampaign", "source", "spring", 1, "ann", 1, "c", "d", "default"),
        *("00-1-2-01", "me", 1, 1, True),
    )

    assert {name for name, _ in full.headers()} - {"content-type", "ce_tenantid"} <= set(ENVELOPE)


def test_every_reference_points_to_something() -> None:
    found = document()

    def check(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(reference := value.get("$ref"), str):
                place: object = found
                for step in reference.removeprefix("#/").split("/"):
                    assert isinstance(place, dict)
                    place = place[step]
            for one in value.values():
                check(one)
        elif isinstance(value, list):
            for one in value:
                check(one)

    check(found)
