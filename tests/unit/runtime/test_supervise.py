"""The supervisor of child processes: starts them again, says why, and gives up loudly."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from outdial.runtime import supervise
from outdial.runtime.children import Command
from outdial.runtime.exits import Exit
from outdial.runtime.supervise import GaveUp, Patience, Supervisor, ending, last_words
from tests.kit.stack import wait_until

AT_ONCE = Patience(quick_s=5.0, quick_ends=3, first_pause_s=0.01, last_pause_s=0.02)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(said.append, AT_ONCE)
    yield made
    made.stop(["child"])


def child(folder: Path, program: str) -> Command:
    return Command("child", [sys.executable, "-c", program], folder / "child.log")


def test_a_killed_child_is_started_again_and_it_is_said_how_it_ended(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    supervisor.launch(child(tmp_path, "import signal; signal.pause()"))
    first = supervisor.process_id("child")

    supervisor.kill()

    def is_another() -> bool:
        supervisor.look_after()
        return supervisor.process_id("child") != first

    wait_until(is_another, "the child runs again", 10)
    assert said[0].startswith("child was killed by SIGKILL")


def test_a_child_that_ends_again_and_again_is_given_up_with_its_last_words(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    supervisor.launch(child(tmp_path, "import sys; sys.exit('no room left')"))

    def gives_up() -> bool:
        try:
            supervisor.look_after()
        except GaveUp as error:
            said.append(str(error))
            return True
        return False

    wait_until(gives_up, "it gives up", 20)
    assert "4 times in a row: no room left" in said[-1]
    assert len(said) == AT_ONCE.quick_ends + 1


def test_the_last_words_of_a_service_are_its_error_however_long_its_way_was(tmp_path: Path) -> None:
    log = tmp_path / "dialer.log"
    way = "  a frame\n" * 2_000
    log.write_text(
        json.dumps({"message": "dialer failed", "error": f"Traceback:\n{way}Refused: no right"}) + "\n"
    )

    assert last_words(log) == "dialer failed: Refused: no right"


def test_wrong_settings_are_not_tried_twice(supervisor: Supervisor, tmp_path: Path) -> None:
    program = f"import sys; print('OUTDIAL_HTTP is wrong', file=sys.stderr); sys.exit({Exit.USAGE.value})"
    supervisor.launch(child(tmp_path, program))

    def gives_up() -> bool:
        try:
            supervisor.look_after()
        except GaveUp as error:
            assert error.code is Exit.USAGE
            assert "OUTDIAL_HTTP is wrong" in str(error)
            return True
        return False

    wait_until(gives_up, "it gives up at once", 10)


def test_pauses_grow_and_a_long_life_forgets_them() -> None:
    patience = Patience(first_pause_s=0.2, last_pause_s=5.0)

    assert [patience.pause_s(ends) for ends in (0, 1, 2, 3, 9)] == [0.0, 0.2, 0.4, 0.8, 5.0]


def test_an_ending_is_told_in_words() -> None:
    assert ending(-9) == "was killed by SIGKILL"
    assert ending(Exit.USAGE) == "ended with 2 (usage)"
    assert ending(99) == "ended with 99"


def test_a_full_disk_is_said_beside_the_last_words(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that finds no room often says something else, if anything."""
    monkeypatch.setattr(supervise, "LEAST_ROOM", 1 << 60)
    supervisor = Supervisor(said.append, AT_ONCE)
    ends = replace(child(tmp_path, "import sys; sys.exit('memory fault')"), data=tmp_path)
    supervisor.launch(ends)

    def has_said() -> bool:
        supervisor.look_after()
        return bool(said)

    wait_until(has_said, "it ended", 10)
    supervisor.stop(["child"])
    assert f"memory fault; No space left on the disk of {tmp_path}" in said[0]
