"""The fold of a partition as bytes for the local cache file: streams, hashes of listed numbers, known commands."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final

from outdial.campaign.phones import PhoneIndex
from outdial.donotcall.lists import is_list
from outdial.messages.codec import Codec, Undecodable
from services.command.families import FOLDING, family_of
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
        state, phones = stream.family.to_bytes(stream.state), _phones(stream)
        parts += [state, phones]
        told = {"id": stream.id, "hash": stream.hash.hex(), "parked": stream.parked}
        streams.append({**told, "size": len(state), "phones": len(phones)})
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
        sizes = [size for one in head["streams"] for size in (one["size"], one["phones"])]
        parts = _parts(state, end, sizes + head["results"])
        for told in head["streams"]:
            found = family_of(told["id"]).from_bytes(next(parts))
            phones = PhoneIndex.from_bytes(kept) if (kept := next(parts)) else None
            into.streams.keep(Stream(found, bytes.fromhex(told["hash"]), told["parked"], phones))
        for part in parts:
            into.known.remember(codec.decode(part)[1], part)
    except (KeyError, TypeError, Undecodable) as error:
        raise ValueError(f"it cannot be read: {error!r}") from error
    into.streams.epoch = head["epoch"]


def rules_of_this_program() -> str:
    """A hash of the code that folds: what another code folded is not believed."""
    digest = sha256()
    for package in FOLDING:
        for file in _sources(resources.files(package)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _phones(stream: Stream) -> bytes:
    """Lists only: a list of millions takes single numbers at any time, and its blocks would have to be read first."""
    return stream.phones.to_bytes() if stream.phones is not None and is_list(stream.id) else b""


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
