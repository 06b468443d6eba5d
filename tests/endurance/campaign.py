"""A campaign: numbered cases until its goal or the end of its time, and one line of what held.

A case is a function of the campaign's name, a seed and its number, so that each is repeated alone::

    POOLBENCH_ENDURANCE_SEED=17 POOLBENCH_ENDURANCE_CASE=41 \\
        pytest -s -m endurance tests/endurance -k test_kills

``POOLBENCH_ENDURANCE_MINUTES`` is the time of all campaigns together, ``POOLBENCH_ENDURANCE_GOAL``
a goal instead of their own.
"""

from __future__ import annotations

import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

Case = Callable[[random.Random], object]

_MOST_TOLD = 20  # of broken cases in full: what breaks them is mostly one fault
_OVERHEAD = 0.9  # of the minutes; the rest is for what campaigns prepare

SEED = int(os.environ.get("POOLBENCH_ENDURANCE_SEED", "17"))
_MINUTES = float(os.environ.get("POOLBENCH_ENDURANCE_MINUTES", "60"))
_GOAL = os.environ.get("POOLBENCH_ENDURANCE_GOAL")
_ONLY = os.environ.get("POOLBENCH_ENDURANCE_CASE")


@dataclass(frozen=True)
class Campaign:
    """What is tried, how often, and how long.

    Args:
        name: The test's, without ``test_``.
        goal: Cases after which it has done enough.
        share: Of the time of all campaigns, per cent.
    """

    name: str
    goal: int
    share: float

    @property
    def limit_s(self) -> float:
        """The seconds that it has."""
        return _MINUTES * 60 * self.share / 100 * _OVERHEAD

    def draw(self, number: int) -> random.Random:
        """Return the random numbers of a case."""
        return random.Random(f"{self.name} {SEED} {number}")

    def hold(self, case: Case, *, weight: int = 1) -> None:
        """Try cases, tell how many held, and fail if any did not.

        Args:
            case: Raises an error if poolbench does not hold.
            weight: How many trials of the goal one case is.
        """
        goal = int(_GOAL or self.goal)
        numbers = [int(_ONLY)] if _ONLY else range(-(-goal // weight))
        start = time.monotonic()
        tried, broken = 0, 0
        for number in numbers:
            tried += 1
            try:
                case(self.draw(number))
            except Exception as error:
                broken += 1
                if broken <= _MOST_TOLD:
                    self._tell_broken(number, error)
            if time.monotonic() - start > self.limit_s:
                break
        seconds = time.monotonic() - start
        end = "goal reached" if tried == len(numbers) else f"time over, goal {goal}"
        tried, broken = tried * weight, broken * weight
        sys.stdout.write(
            f"\nendurance | {self.name:17} | {tried:6} tried | {tried - broken:6} held | "
            f"{broken:4} broken | {seconds:5.0f} s | {tried / seconds:7.1f}/s | {end}\n"
        )
        assert not broken, f"{broken} of {tried} cases broke"

    def _tell_broken(self, number: int, error: Exception) -> None:
        told = "".join(traceback.format_exception(error))[-3000:]
        told = told.encode(errors="backslashreplace").decode()  # halves of characters
        sys.stdout.write(
            f"\nbroken: {self.name} {number}: repeat with POOLBENCH_ENDURANCE_SEED={SEED} "
            f"POOLBENCH_ENDURANCE_CASE={number} pytest -s -m endurance tests/endurance "
            f"-k test_{self.name}\n{told}\n"
        )
