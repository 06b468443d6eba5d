"""Memory that threads share: who would exceed it waits, whoever is next to be written does not."""

from __future__ import annotations

import threading


class Abandoned(Exception):
    """Nobody will collect the task."""


class MemoryBudget:
    """A bound on the memory of tasks that run in any order and are collected in turn.

    The task whose turn it is always gets what it asks for, so that tasks that are ahead of it
    cannot keep it waiting while they wait to be collected. So at most the bound is in use, and one
    task's memory more.

    Args:
        limit_bytes: The bound.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit, self._turn = limit_bytes, 0
        self._taken: dict[int, int] = {}
        self._changed, self._is_abandoned = threading.Condition(), False

    def take(self, turn: int, amount: int) -> None:
        """Wait until there is room for a task, or it is its turn.

        Args:
            turn: Number of the task, from 0.
            amount: What it needs, in bytes.

        Raises:
            Abandoned: :meth:`abandon` was called.
        """
        with self._changed:
            self._changed.wait_for(lambda: turn == self._turn or self._has_room(amount))
            if self._is_abandoned:
                raise Abandoned
            self._taken[turn] = amount

    def shrink(self, turn: int, amount: int) -> None:
        """Say that a task needs no more than this from now on."""
        with self._changed:
            self._taken[turn] = amount
            self._changed.notify_all()

    def give_back(self, turn: int) -> None:
        """Say that a task is collected, and the turn is the next one's."""
        with self._changed:
            self._taken.pop(turn, None)
            self._turn = turn + 1
            self._changed.notify_all()

    def abandon(self) -> None:
        """Let every task that waits, or will ask, fail with :class:`Abandoned`."""
        with self._changed:
            self._is_abandoned = True
            self._changed.notify_all()

    def _has_room(self, amount: int) -> bool:
        return self._is_abandoned or sum(self._taken.values()) + amount <= self._limit
