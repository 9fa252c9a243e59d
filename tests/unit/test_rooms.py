"""The house: imports point one way, the domain is pure, the log knows no business word, rooms stay small."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("outdial", "services", "deploy") for path in (ROOT / folder).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# room -> rooms of outdial that it may import, beside itself and schemas
MAY_IMPORT = {
    "messages": frozenset[str](),
    "runtime": frozenset({"client"}),  # the command line hands client verbs over, lazily
    "campaign": frozenset({"messages"}),
    "donotcall": frozenset({"campaign", "messages"}),
    "eventlog": frozenset({"messages"}),
    "files": frozenset({"campaign", "messages"}),
    "telephony": frozenset({"messages", "runtime", "campaign"}),
    "views": frozenset({"campaign", "donotcall", "eventlog", "messages"}),
    "audit": frozenset({"campaign", "client", "donotcall", "eventlog", "messages", "runtime"}),
    "client": frozenset({"campaign", "donotcall", "eventlog", "files", "messages", "runtime", "telephony"}),
}
CLOCKS_AND_IO = "asyncio logging os pathlib random secrets socket subprocess tempfile threading time uuid"
CLIENTS = "aiokafka psycopg httpx uvicorn fastapi"
IMPURE = re.compile("|".join(f"{CLOCKS_AND_IO} {CLIENTS}".split(" ")))
BUSINESS_WORDS = re.compile(r"\b(campaign|record_id|dial|dialer|phone|upload|disposition|customer)s?\b", re.I)
VAGUE = frozenset({"utils", "helpers", "manager", "common", "base"})
MAX_FUNCTION, MAX_MODULE = 60, 400


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    room, *rest = path.relative_to(ROOT).parts
    for name in imports(path):
        top, _, inner = name.partition(".")
        if room == "outdial":
            assert top not in ("services", "deploy", "tests"), f"{name} is above outdial"
            mine = rest[0]
            if top == "outdial" and inner and mine in MAY_IMPORT:
                theirs = inner.split(".")[0]
                assert theirs == mine or theirs in MAY_IMPORT[mine], f"{mine} must not import {name}"
        if room == "services":
            assert top not in ("deploy", "tests")
            if top == "services" and len(rest) > 1:
                assert inner.split(".")[0] == rest[0], f"services must not import each other: {name}"


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if {"campaign", "donotcall"} & set(p.parts)], ids=name_of
)
def test_the_domain_has_no_clock_no_random_and_no_io(path: Path) -> None:
    found = {name.split(".")[0] for name in imports(path)}
    text = path.read_text(encoding="utf-8")

    assert [name for name in found if IMPURE.fullmatch(name)] == []
    assert "async def" not in text
    assert not re.search(r"\bopen\(|\.now\(|\.today\(", text)


@pytest.mark.parametrize("path", [p for p in SOURCES if "eventlog" in p.parts], ids=name_of)
def test_the_log_knows_no_business_word(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert BUSINESS_WORDS.findall(re.sub(r"outdial[\w.-]*", "", text)) == []


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name_of)
def test_rooms_are_small_and_have_a_purpose(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    long = [
        f"{node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno
        and node.end_lineno - node.lineno >= MAX_FUNCTION
    ]

    assert long == []
    assert text.count("\n") <= MAX_MODULE
    assert path.stem not in VAGUE
    if path.stem != "__init__":
        assert ast.get_docstring(tree), "the first line says the module's one job"


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    paths = [
        ROOT / "requirements.lock",
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        ROOT / "deploy/local/pom.xml",
    ]
    for path in paths:
        hosts = re.findall(r"https?://(?!maven\.apache\.org/POM|www\.w3\.org|127\.)[\w.]+", path.read_text())
        assert hosts == [], path
