"""The verbs as programs and people call them: lazily found, documented, with exit codes of the contract."""

import importlib
import subprocess
import sys
from collections.abc import Callable

import pytest

from outdial.client.cli import verbs
from outdial.runtime.exits import Exit

CONTRACT = {
    "campaigns", "start", "stop", "reset", "delete-records", "force-complete", "undo",
    "upload", "download", "records", "history", "watch", "why", "do-not-call",
}  # fmt: skip


def test_every_verb_of_the_contract_is_there() -> None:
    assert set(verbs) >= CONTRACT


def test_naming_the_verbs_imports_nothing_heavy() -> None:
    heavy = "[m for m in ('httpx', 'rich', 'aiokafka', 'pydantic') if m in sys.modules]"
    script = f"import sys, outdial.client.cli; print({heavy})"
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", sorted(verbs))
def test_each_verb_explains_itself_and_ends_well(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(verb)(["--help"]) == Exit.OK
    assert f"outdial {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("verb", sorted(verbs))
def test_an_option_that_no_verb_has_is_a_usage_error(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(verb)(["--no-such-option"]) == Exit.USAGE
    assert "usage: outdial" in capsys.readouterr().err


def found(verb: str) -> Callable[[list[str]], int]:
    module, _, function = verbs[verb].partition(":")
    run: Callable[[list[str]], int] = getattr(importlib.import_module(module), function)
    return run
