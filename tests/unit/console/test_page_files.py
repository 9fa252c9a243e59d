"""The console's files: nothing inline, nothing from elsewhere, everything that is named is there."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from services.api.console import FOLDER, HEADERS, console_app

HTML = (FOLDER / "index.html").read_text(encoding="utf-8")
SCRIPTS = sorted(FOLDER.rglob("*.js"))
STYLES = sorted(FOLDER.rglob("*.css"))


def test_the_page_has_no_inline_script_or_style() -> None:
    assert re.findall(r"<script(?![^>]*\bsrc=)", HTML) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", HTML) == []


@pytest.mark.parametrize("path", [FOLDER / "index.html", *SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_nothing_is_loaded_from_another_host(path: Path) -> None:
    said = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert re.findall(r"https?://|//[a-z]+\.[a-z]|@import|url\(", said) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_never_make_markup_or_code_of_text(path: Path) -> None:
    said = path.read_text(encoding="utf-8")
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", said)
        == []
    )


def test_everything_that_is_named_is_there() -> None:
    named = {FOLDER / name for name in re.findall(r'(?:src|href)="([^"#:]+)"', HTML)}
    for script in SCRIPTS:
        named |= {
            (script.parent / name).resolve() for name in re.findall(r'from "(\.[^"]+)"', script.read_text())
        }
    assert [str(path) for path in named if not path.is_file()] == []
    assert set(SCRIPTS) <= named


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_each_script_says_its_job_first_and_stays_small(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 200


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/", 200, "text/html"),
        ("/js/main.js", 200, "text/javascript"),
        ("/css/base.css", 200, "text/css"),
        ("/icon.svg", 200, "image/svg"),
        ("/__init__.py", 404, ""),
        ("/__pycache__/", 404, ""),
        ("/../roles.py", 404, ""),
    ],
)
async def test_only_page_files_are_served_with_a_strict_policy(path: str, status: int, kind: str) -> None:
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/console", console_app())]))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.get(f"/console{path}")
    assert answer.status_code == status
    if status == httpx.codes.NOT_FOUND:
        return
    assert answer.headers["content-type"].startswith(kind)
    policy = answer.headers["content-security-policy"]
    assert policy == HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
