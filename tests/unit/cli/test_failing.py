"""Problems of the API as exit codes, and as texts that say what to do."""

import pytest

from outdial.client.cli.failing import Refused
from outdial.runtime.exits import Exit


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (409, "position-does-not-allow", Exit.REJECTED),
        (404, "campaign-unknown", Exit.REJECTED),
        (422, "filter-invalid", Exit.REJECTED),
        (401, "unauthenticated", Exit.USAGE),
        (503, "log-unavailable", Exit.INFRASTRUCTURE),
        (500, "internal-error", Exit.INFRASTRUCTURE),
        (503, "outcome-unknown", Exit.UNKNOWN),
    ],
)
def test_each_problem_has_its_exit_code(status: int, code: str, exit_code: Exit) -> None:
    assert Refused(status, {"code": code}).code == exit_code


def test_the_text_says_what_is_wrong_and_what_to_do() -> None:
    problem = {"code": "calls-in-progress", "detail": "3 calls are up."}
    assert str(Refused(409, problem)) == (
        "calls-in-progress: 3 calls are up.\n"
        "What to do: wait until the calls are over (`in_progress` says how many)"
    )


def test_advice_that_the_detail_gives_already_is_not_said_twice() -> None:
    problem = {"code": "nothing-to-dial", "detail": "No record is active. Add data, or reset records."}
    assert str(Refused(409, problem)).count("dd data") == 1


def test_each_field_error_has_its_line() -> None:
    errors = [{"pointer": "#/region", "code": "missing", "detail": "Required."}]
    assert "  #/region Required." in str(
        Refused(422, {"code": "settings-invalid", "detail": "x", "errors": errors})
    )


def test_an_answer_that_is_no_problem_document_still_says_its_status() -> None:
    assert str(Refused(502, {})) == "the server answered 502"
