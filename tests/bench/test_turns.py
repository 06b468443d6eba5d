"""Benchmarks of one machine wait for each other; only files and locks are real here, not loads."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.bench.race import Contender, race
from poolbench.bench.turns import taking_turns, wait_for_turn

# Says what it does as it does it; races once its standard input says so, and until it ends.
OTHER = """
import sys
from pathlib import Path
from poolbench.bench.turns import taking_turns, wait_for_turn
with taking_turns(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.readline()
    wait_for_turn()
    print("racing", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other(tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    return start


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_they_get_ready_together_and_the_first_to_race_waits_for_the_others(
    other: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    waited: list[str] = []
    with other() as beside, taking_turns(tmp_path, waited.append):
        assert not waited  # both are ready at once
        # Killed while it gets ready, it holds nobody up.
        beside.kill()
        beside.wait()
        wait_for_turn()
        assert not waited


def test_one_at_a_time_races_and_who_waits_is_told(
    other: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    with other() as racing:
        say(racing)
        assert hear(racing) == "racing\n"
        began: list[str] = []

        def end_it(_: str) -> None:
            began.append("waited")
            say(racing)

        with taking_turns(tmp_path, end_it):
            racing.wait(timeout=60)
            assert began == ["waited"]


def test_a_race_begins_when_nobody_gets_ready_any_more(
    other: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    with other() as beside:
        order: list[str] = []

        def release(_: str) -> None:
            order.append("waits")
            beside.communicate("\n\n", timeout=60)

        with taking_turns(tmp_path, release):
            clock = iter(range(100))
            race(
                [Contender(name="work", run=lambda: order.append("runs"), images=1)],
                1,
                lambda run: (run(), float(next(clock)))[1],
            )
    assert order == ["waits", "runs", "runs"]  # a round that is not recorded, and one that is


def test_where_nobody_takes_turns_nobody_waits(tmp_path: Path) -> None:
    began = time.monotonic()
    wait_for_turn()
    assert time.monotonic() - began < 1
    assert not list(tmp_path.iterdir())


def test_a_turn_ends_with_its_context(tmp_path: Path) -> None:
    waited: list[str] = []
    for _ in range(2):
        with taking_turns(tmp_path, waited.append):
            wait_for_turn()
    assert not waited


def test_where_there_can_be_no_lock_benchmarks_run_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told: list[str] = []
    with taking_turns(tmp_path / "file", told.append):
        wait_for_turn()
    assert len(told) == 1
    assert str(tmp_path / "file") in told[0]
