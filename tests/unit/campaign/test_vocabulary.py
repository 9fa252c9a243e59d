"""The words in code are those of schemas/reasons.yaml, and the codes of errors are those of schemas/errors.yaml."""

import ast
from pathlib import Path

import outdial.campaign
from outdial.campaign import vocabulary as v
from outdial.messages.schemas import data
from tests.kit.campaign import REASONS

FOLDER = Path(outdial.campaign.__path__[0])
WORDS = data("reasons")


def test_statuses_reasons_outcomes_and_effects_are_the_published_ones() -> None:
    assert tuple(WORDS["statuses"]) == v.STATUSES
    assert tuple(WORDS["reasons"]) == v.REASONS
    assert tuple(WORDS["outcomes"]) == v.OUTCOMES
    assert tuple(WORDS["effects"]) == v.EFFECTS


def test_the_default_retry_rules_are_the_published_ones() -> None:
    published = {name: one["retry"] for name, one in WORDS["outcomes"].items() if "retry" in one}

    assert {
        one.outcome: {"attempts": one.attempts, "delay_s": one.delay_s} for one in v.DEFAULT_RETRY
    } == published


def test_what_does_not_count_is_the_published() -> None:
    assert {name for name, one in WORDS["outcomes"].items() if one.get("counts") is False} == v.UNCOUNTED


def test_codes_of_reasons_never_change() -> None:
    assert v.REASON_NAMES == REASONS


def test_every_rejection_has_a_published_code() -> None:
    published = set(data("errors")["errors"])
    used = {code for path in FOLDER.rglob("*.py") for code in _codes(path)}

    assert used - published == set()
    assert len(used) > 15


def _codes(path: Path) -> set[str]:
    """First arguments of Rejection(...) and invalid(...) in one module."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = [
        call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("Rejection", "invalid")
    ]
    firsts = [call.args[0] for call in named if call.args]
    return {
        first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)
    }
