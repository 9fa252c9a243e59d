"""Finds the published schemas and data files, which the wheel carries as package data."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import yaml

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where there is libyaml
FOLDERS: Final = ("commands", "events", "results", "persons")


def folder() -> Path:
    """The folder schemas/ of this installation."""
    with resources.as_file(resources.files("schemas")) as path:
        return path


@cache
def schema_texts() -> Mapping[str, str]:
    """Every current schema by its full name (`outdial.StartCampaign`), as published."""
    found: dict[str, str] = {}
    for kind in FOLDERS:
        for path in sorted((folder() / kind).glob("*.avsc")):
            found[f"outdial.{path.stem}"] = path.read_text(encoding="utf-8")
    return found


@cache
def schema_names(kind: str) -> frozenset[str]:
    """Names of one kind: commands, events, results or persons."""
    return frozenset(f"outdial.{path.stem}" for path in (folder() / kind).glob("*.avsc"))


def schema(name: str) -> Any:
    """One schema as JSON; KeyError when there is none of that name."""
    return json.loads(schema_texts()[name])


@cache
def data(name: str) -> Mapping[str, Any]:
    """One of the published YAML files: topics, errors, reasons."""
    text = (folder() / f"{name}.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.load(text, _Loader)  # noqa: S506  # the safe one, or its twin in C
    return loaded
