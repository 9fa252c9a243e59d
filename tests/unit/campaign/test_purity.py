"""Campaigns and do-not-call lists are pure: they import nothing that does I/O, keeps time, rolls dice or logs."""

import ast
from pathlib import Path

import pytest

import outdial.campaign
import outdial.donotcall

FOLDERS = [Path(room.__path__[0]) for room in (outdial.campaign, outdial.donotcall)]
MODULES = sorted(path for folder in FOLDERS for path in folder.rglob("*.py"))
ALLOWED = {
    "array",
    "bisect",
    "collections",
    "contextlib",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "json",
    "numpy",
    "outdial",
    "phonenumbers",
    "pyroaring",
    "re",
    "types",
    "typing",
    "unicodedata",
    "zoneinfo",
}
# The one thing of the other rooms: the name of the error of a message that is none.
OUTSIDE = {("outdial.messages.codec", "Undecodable")}
# Names of allowed modules that read a clock or a file, or draw lots.
FORBIDDEN = {
    "now",
    "today",
    "utcnow",
    "random",
    "open",
    "print",
    "input",
    "available_timezones",
    "load",
    "save",
}


def imports_of(path: Path) -> list[tuple[str, str]]:
    """(module, name) of every import of one module; the name is empty for a plain import."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.module or "", alias.name) for alias in node.names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_only_what_is_pure(path: Path) -> None:
    for module, name in imports_of(path):
        assert module.partition(".")[0] in ALLOWED, module
        if module.startswith("outdial") and not module.startswith(("outdial.campaign", "outdial.donotcall")):
            assert (module, name) in OUTSIDE


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_asks_no_clock_no_dice_and_no_file(path: Path) -> None:
    tree = ast.parse(path.read_text())
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }

    assert called & FORBIDDEN == set()
    assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree))


def test_the_walk_finds_what_it_must_find(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text("import time\nfrom outdial.eventlog import kafka\n")

    assert imports_of(sample) == [("time", ""), ("outdial.eventlog", "kafka")]
    assert len(MODULES) > 30
