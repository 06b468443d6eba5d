"""Every error a user can see, and its exit code.

    PoolbenchError
    ├── BadInput (2)          a suite, option or argument is invalid
    ├── CellsFailed (3)       some cells have no result; the others are safe
    ├── GateFailed (4)        a gate of a comparison failed
    ├── NothingMatched (5)    the request is valid but selects nothing
    ├── EnvironmentFault (6)  device, disk, data or store cannot serve the request
    ├── StoreBusy (7)         another process is training the cells asked for
    └── Interrupted (130, 143) Ctrl-C or SIGTERM; finished work is kept

Exit code 1 is for bugs: only then does a user see a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


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
        if hint:
            self.add_note(hint)  # tracebacks and notebooks show it too


class BadInput(PoolbenchError):
    """A suite, option or argument is invalid."""

    exit_code = 2


class CellsFailed(PoolbenchError):
    """Some cells of a plan ended without a result.

    Args:
        message: Which, and why.
        hint: What to do next.
        summary: What was done and what failed, for programs; ``None`` if nobody summed it up.
        findings: Tables and charts of the others, for programs; ``None`` if there are none.
    """

    exit_code = 3

    def __init__(
        self, message: str, hint: str = "", *, summary: Any = None, findings: Any = None
    ) -> None:
        super().__init__(message, hint)
        self.summary, self.findings = summary, findings


class GateFailed(PoolbenchError):
    """A gate of a comparison failed."""

    exit_code = 4


class NothingMatched(PoolbenchError):
    """The request selects no cell, run or variant."""

    exit_code = 5


class EnvironmentFault(PoolbenchError):
    """The machine cannot serve the request: device, disk, data or store."""

    exit_code = 6


def not_installed(need: str, extra: str, otherwise: str) -> EnvironmentFault:
    """Return the error of a missing optional library.

    Args:
        need: What needs which library: ``Parquet files need pyarrow``.
        extra: The extra of this package that installs it.
        otherwise: What works without it.
    """
    hint = f"install it: pip install 'poolbench[{extra}]'; {otherwise}"
    return EnvironmentFault(f"{need}, which is not installed", hint)


class StoreBusy(PoolbenchError):
    """Another process is working on the cells asked for."""

    exit_code = 7


class Interrupted(PoolbenchError):
    """Stopped by a signal; finished work is kept."""

    def __init__(self, message: str, hint: str = "", *, signal_number: int = 2) -> None:
        super().__init__(message, hint)
        self.exit_code = 128 + signal_number


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name closest to a misspelt one; ``None`` if none is close."""
    return next(iter(difflib.get_close_matches(name.lower(), sorted(known), n=1, cutoff=0.6)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suggestion: the closest known name, if any, and all known names.

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
