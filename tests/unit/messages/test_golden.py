"""The published bytes: every version ever written is read for ever, and the vectors hold for any language."""

import json
from pathlib import Path
from typing import Any

import pytest

from outdial.messages.codec import Codec
from outdial.messages.commitment import commitments
from outdial.messages.compat import differences
from outdial.messages.envelope import Envelope
from outdial.messages.hashchain import link, read_link
from outdial.messages.partition import murmur2, partition_of
from outdial.messages.request import request_hash
from outdial.messages.schemas import folder, schema, schema_texts

GOLDEN = sorted((folder() / "golden" / "messages").glob("*.json"))
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((folder() / "golden" / "vectors.json").read_text())


def plain(value: Any) -> Any:
    """Golden fields as Avro wants them: `{"hex": …}` are bytes."""
    if isinstance(value, dict):
        return (
            bytes.fromhex(value["hex"]) if set(value) == {"hex"} else {k: plain(v) for k, v in value.items()}
        )
    return [plain(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_version_ever_written_is_read_as_it_was_meant(path: Path) -> None:
    golden = json.loads(path.read_text())
    name = f"outdial.{golden['schema']['name']}"
    codec = Codec()
    codec.learn(json.dumps(golden["schema"]))

    read_name, fields = codec.decode(bytes.fromhex(golden["bytes"]))

    assert read_name == name
    expected = plain(golden["fields"])
    assert {field: fields[field] for field in fields if field in expected} == {
        field: expected[field] for field in fields if field in expected
    }


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_every_version_is_compatible_with_today_in_both_directions(path: Path) -> None:
    golden = json.loads(path.read_text())

    assert differences(golden["schema"], schema(f"outdial.{golden['schema']['name']}")) == []


def test_today_s_version_of_every_schema_has_golden_bytes() -> None:
    have = {path.stem for path in GOLDEN}
    want = {
        f"{name.split('.')[1]}-{Codec([text]).encode_prefix(name).hex()}"
        for name, text in schema_texts().items()
    }

    assert want <= have


@pytest.mark.parametrize("vector", VECTORS["hash_chain"], ids=lambda vector: vector["headers"]["ce_id"])
def test_the_chain_s_vectors(vector: dict[str, Any]) -> None:
    headers = tuple((name, value.encode()) for name, value in vector["headers"].items())

    made = link(
        bytes.fromhex(vector["previous"]),
        vector["epoch"],
        vector["key"].encode(),
        headers,
        bytes.fromhex(vector["value"]),
    )

    assert made.hash.hex() == vector["hash"]
    assert read_link((*headers, *made.headers())) == made
    assert Envelope.of(headers).headers() == tuple(sorted(headers))


@pytest.mark.parametrize("vector", VECTORS["murmur2"], ids=lambda vector: repr(vector["key"]))
def test_the_partitioner_s_vectors(vector: dict[str, Any]) -> None:
    key = vector["key"].encode()

    assert (murmur2(key), partition_of(key, 4), partition_of(key, 32)) == (
        vector["hash"],
        vector["of_4"],
        vector["of_32"],
    )


@pytest.mark.parametrize(
    ("key", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("abc", 479470107),
    ],
)
def test_the_partitioner_agrees_with_kafka_s_own_test_values(key: str, signed: int) -> None:
    assert murmur2(key.encode()) == signed & 0xFFFFFFFF


@pytest.mark.parametrize("vector", VECTORS["commitment"])
def test_the_commitment_s_vectors(vector: dict[str, Any]) -> None:
    extra = {title: [text] for title, text in vector["extra"].items()}
    (made,) = commitments([bytes.fromhex(vector["salt"])], [vector["phone"]], [vector["name"]], extra)

    assert made.hex() == vector["commitment"]


@pytest.mark.parametrize("vector", VECTORS["request"])
def test_the_request_hash_s_vectors(vector: dict[str, Any]) -> None:
    envelope = Envelope(
        id="any",
        type=vector["type"],
        source="any",
        subject=vector["subject"],
        time_us=0,
        expected_version=vector["expected_version"],
        dry_run=vector["dry_run"],
    )

    assert request_hash(envelope, bytes.fromhex(vector["value"])).hex() == vector["hash"]
