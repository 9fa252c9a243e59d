"""The switch of fault tests: a point of the writer's protocol and how often it is reached; off, nothing happens."""

import subprocess
import sys

import pytest

from outdial.eventlog.writer import points

REACH_THREE_TIMES = """
import sys
from outdial.eventlog.writer import points
reached = points.switched_by({points.KILL: "before-commit:3"})
for number in range(4):
    reached("after-send")
    reached("before-commit")
    print(number, flush=True)
"""


def test_without_the_switch_nothing_happens() -> None:
    assert points.switched_by({}) is points.nothing
    assert points.switched_by({points.KILL: ""}) is points.nothing


def test_the_process_dies_when_it_reaches_the_point_as_often_as_the_switch_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REACH_THREE_TIMES], capture_output=True, text=True, timeout=20, check=False
    )

    assert done.returncode == -9
    assert done.stdout.split() == ["0", "1"]


@pytest.mark.parametrize("text", ["before-comit:1", "before-commit:often", ":3"])
def test_a_point_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="should be a point"):
        points.switched_by({points.PAUSE: text})
