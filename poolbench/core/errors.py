"""Every error a user can meet, and the exit code each one ends in.

    PoolbenchError
    ├── BadInput (2)          a suite, an option or an argument that cannot be meant
    ├── CellsFailed (3)       some cells have no result; the others are safe
    ├── GateFailed (4)        a comparison's gate says no
    ├── NothingMatched (5)    the request is well formed and selects nothing
    ├── EnvironmentFault (6)  device, disk, data or store cannot serve the request
    ├── StoreBusy (7)         another process is training the cells asked for
    └── Interrupted (130, 143) Ctrl-C or SIGTERM; what was done is kept

Exit code 1 is left to bugs: only there does a user see a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PoolbenchError(Exception):
    """An error with advice.

    Args:
        message: What is wrong, and where.
        hint: What to type or change next; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(PoolbenchError):
    """A suite, option or argument that cannot be meant."""

    exit_code = 2


class CellsFailed(PoolbenchError):
    """Some cells of a plan ended without a result."""

    exit_code = 3


class GateFailed(PoolbenchError):
    """A comparison fell short of its gate."""

    exit_code = 4


class NothingMatched(PoolbenchError):
    """The request selects no cell, run or variant."""

    exit_code = 5


class EnvironmentFault(PoolbenchError):
    """The machine cannot serve the request: device, disk, data or store."""

    exit_code = 6


class StoreBusy(PoolbenchError):
    """Another process holds what was asked for."""

    exit_code = 7


class Interrupted(PoolbenchError):
    """Stopped by a signal; what was finished is kept."""

    def __init__(self, message: str, hint: str = "", *, signal_number: int = 2) -> None:
        super().__init__(message, hint)
        self.exit_code = 128 + signal_number


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known spelling that is meant in all likelihood; ``None`` when none is near."""
    return next(iter(difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=0.6)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return advice that names the closest known spelling, or else all of them.

    Args:
        name: What the user wrote.
        known: The names that would have been accepted.

    Returns:
        One sentence; empty when nothing is known.
    """
    names = sorted(known)
    if not names:
        return ""
    close, listing = closest(name, names), ", ".join(names)
    return f"did you mean '{close}'? known: {listing}" if close else f"known: {listing}"
