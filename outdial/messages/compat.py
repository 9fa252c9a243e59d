"""Decides whether data written with one schema can be read with another (Avro 1.12, "Schema Resolution").

Promise of schemas/: FULL_TRANSITIVE. Every version reads every other one, because a replay meets them all.
"""

from collections.abc import Mapping
from typing import Any, Final

_WIDENS: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}


def differences(one: Any, other: Any) -> list[str]:
    """Why the two are not fully compatible, as sentences; empty when each reads the other."""
    return [*unreadable(one, other), *unreadable(other, one)]


def unreadable(writer: Any, reader: Any, at: str = "") -> list[str]:
    """Why `reader` cannot read what `writer` wrote; both schemas as JSON."""
    if isinstance(writer, list):
        return [why for branch in writer for why in unreadable(branch, reader, at)]
    if isinstance(reader, list):
        found = [unreadable(writer, branch, at) for branch in reader]
        return [] if [] in found else [f"{at or 'top'}: {_kind(writer)} is no branch of the union"]
    if _kind(writer) != _kind(reader):
        widens = _kind(reader) in _WIDENS.get(_kind(writer), frozenset())
        return [] if widens else [f"{at or 'top'}: {_kind(writer)} became {_kind(reader)}"]
    return _unreadable_inside(writer, reader, at)


def _unreadable_inside(writer: Any, reader: Any, at: str) -> list[str]:
    match _kind(writer):
        case "array":
            return unreadable(writer["items"], reader["items"], f"{at}[]")
        case "map":
            return unreadable(writer["values"], reader["values"], f"{at}{{}}")
        case "record":
            return _unreadable_record(writer, reader, at)
        case _:
            return []


def _unreadable_record(writer: Any, reader: Any, at: str) -> list[str]:
    if writer["name"].rpartition(".")[2] != reader["name"].rpartition(".")[2]:
        return [f"{at or 'top'}: {writer['name']} became {reader['name']}"]
    written = {field["name"]: field for field in writer["fields"]}
    found: list[str] = []
    for field in reader["fields"]:
        path = f"{at}.{field['name']}".lstrip(".")
        if field["name"] in written:
            found += unreadable(written[field["name"]]["type"], field["type"], path)
        elif "default" not in field:
            found.append(f"{path}: missing in the other version and without a default")
    return found


def _kind(schema: Any) -> str:
    if isinstance(schema, list):
        return "union"
    return str(schema["type"]) if isinstance(schema, dict) else str(schema)
