"""The fold of a partition as bytes for the local cache file: streams and known commands, no personal data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

import outdial.campaign
from outdial.campaign import snapshot
from outdial.messages.codec import Codec, Undecodable
from services.command.known import KnownCommands
from services.command.streams import Stream, Streams

LENGTH_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Kept:
    """What a decider knows."""

    streams: Streams
    known: KnownCommands


def to_bytes(kept: Kept, rules: str) -> bytes:
    """`rules` names the program whose fold this is."""
    parts: list[bytes] = []
    streams = []
    for stream in kept.streams:
        parts.append(snapshot.to_bytes(stream.state))
        streams.append({"hash": stream.hash.hex(), "parked": stream.parked, "size": len(parts[-1])})
    results = []
    for known in kept.known:
        parts.append(known.result)
        results.append(len(parts[-1]))
    head = json.dumps(
        {"rules": rules, "epoch": kept.streams.epoch, "streams": streams, "results": results}
    ).encode()
    return b"".join([len(head).to_bytes(LENGTH_BYTES, "big"), head, *parts])


def from_bytes(state: bytes, codec: Codec, rules: str, into: Kept) -> None:
    """Fill `into`. ValueError when it is the fold of another program, or damaged."""
    end = LENGTH_BYTES + int.from_bytes(state[:LENGTH_BYTES], "big")
    head: Mapping[str, Any] = json.loads(state[LENGTH_BYTES:end])
    if head["rules"] != rules:
        raise ValueError("it was made by another version of the program")
    try:
        parts = _parts(state, end, [one["size"] for one in head["streams"]] + head["results"])
        for told in head["streams"]:
            found = snapshot.from_bytes(next(parts))
            into.streams.keep(Stream(found, bytes.fromhex(told["hash"]), told["parked"]))
        for part in parts:
            into.known.remember(codec.decode(part)[1], part)
    except (KeyError, TypeError, Undecodable) as error:
        raise ValueError(f"it cannot be read: {error!r}") from error
    into.streams.epoch = head["epoch"]


def rules_of_this_program() -> str:
    """A hash of the code that folds: what another code folded is not believed."""
    digest = sha256()
    for file in _sources(resources.files(outdial.campaign)):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _parts(state: bytes, at: int, sizes: list[int]) -> Iterator[bytes]:
    for size in sizes:
        yield state[at : at + size]
        at += size


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for one in sorted(folder.iterdir(), key=lambda found: found.name):
        if one.is_dir():
            yield from _sources(one)
        elif one.name.endswith(".py"):
            yield one
