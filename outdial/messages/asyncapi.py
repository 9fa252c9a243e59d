"""The AsyncAPI 3 document of the topics, made from schemas/. Run as a module it prints schemas/asyncapi.json."""

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from outdial.messages.codec import CONTENT_TYPE
from outdial.messages.schemas import data, schema, schema_names, schema_texts

AVRO: Final = "application/vnd.apache.avro;version=1.9.0"
KINDS: Final = {
    "outdial.commands": "commands",
    "outdial.events": "events",
    "outdial.results": "results",
    "outdial.persons": "persons",
}
# what somebody who is not Outdial does there
OPERATIONS: Final = {
    "publishCommand": (
        "receive",
        "outdial.commands",
        "Publish a command; its answer comes in outdial.results.",
    ),
    "readResult": ("send", "outdial.results", "Read answers; filter by reply_to."),
    "readEvent": ("send", "outdial.events", "Follow or audit the history."),
}
ENVELOPE: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "ce_specversion": ("1.0", frozenset(KINDS.values())),
    "ce_id": ("command id; of an event stream@sequence", frozenset(KINDS.values())),
    "ce_type": ("full name of the schema", frozenset(KINDS.values())),
    "ce_source": ("who sends", frozenset(KINDS.values())),
    "ce_subject": ("the stream: a campaign's id", frozenset(KINDS.values())),
    "ce_time": ("RFC 3339, UTC, six digits", frozenset(KINDS.values())),
    "ce_actor": ("who wants it", frozenset({"commands", "events"})),
    "ce_correlationid": ("conversation", frozenset({"commands", "events", "results"})),
    "ce_causationid": ("the command's id", frozenset({"events", "results"})),
    "ce_sequence": ("position in the stream, 19 digits", frozenset({"events"})),
    "ce_expirytime": ("later than this it is rejected", frozenset({"commands"})),
    "ce_expectedversion": ("rejected at another version", frozenset({"commands"})),
    "ce_dryrun": ("true: answered, never carried out", frozenset({"commands"})),
    "reply_to": ("who waits", frozenset({"commands", "results"})),
    "traceparent": ("W3C trace context", frozenset({"commands", "events", "results"})),
    "outdial_epoch": ("hash chain", frozenset({"events"})),
    "outdial_prev": ("hash chain", frozenset({"events"})),
    "outdial_hash": ("hash chain", frozenset({"events"})),
}


def document() -> dict[str, Any]:
    """The document as JSON."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Outdial",
            "version": "1",
            "description": "Commands, answers and history of outbound-call campaigns. Keys are streams; the"
            " partitioner is murmur2 (librdkafka: murmur2_random). schemas/README.md says how bytes are made.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic: _channel(topic) for topic in data("topics")["topics"]},
        "operations": {
            name: {"action": action, "channel": {"$ref": f"#/channels/{topic}"}, "summary": summary}
            for name, (action, topic, summary) in OPERATIONS.items()
        },
        "components": {
            "messages": {name: _message(name) for name in sorted(schema_texts())},
            "messageTraits": {kind: _trait(kind) for kind in KINDS.values()},
        },
    }


def _channel(topic: str) -> dict[str, Any]:
    told = data("topics")["topics"][topic]
    names = sorted(schema_names(KINDS[topic])) if topic in KINDS else []
    config = {
        "cleanup.policy": [told["config"]["cleanup.policy"]],
        "max.message.bytes": told["config"]["max.message.bytes"],
    }
    return {
        "address": topic,
        "description": told["about"],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": topic, "topicConfiguration": config, "bindingVersion": "0.5.0"}},
    }


def _message(name: str) -> dict[str, Any]:
    kind = next(kind for kind in KINDS.values() if name in schema_names(kind))
    told = schema(name)
    return {
        "name": name,
        "title": name.removeprefix("outdial."),
        "summary": told.get("doc", ""),
        "contentType": CONTENT_TYPE,
        "traits": [{"$ref": f"#/components/messageTraits/{kind}"}],
        "payload": {"schemaFormat": AVRO, "schema": told},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }


def _trait(kind: str) -> dict[str, Any]:
    properties = {
        name: {"type": "string", "description": about}
        for name, (about, kinds) in ENVELOPE.items()
        if kind in kinds
    }
    return {"headers": {"type": "object", "properties": properties}}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=1, ensure_ascii=False) + "\n")
