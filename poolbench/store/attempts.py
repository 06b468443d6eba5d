"""Attempts at a cell's work and why they failed, kept in the folder of its result."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from poolbench.core.document import Damaged, parse, read_as
from poolbench.core.errors import EnvironmentFault
from poolbench.store.documents import to_bytes
from poolbench.store.files import (
    append_line,
    explaining_disk_faults,
    read_document,
    write_atomic,
)

ATTEMPTS = "attempts.jsonl"
FAILURE = "failure.json"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an attempt ended without a result.

    Args:
        session: Name of the session.
        reason: The reason.
        advice: What to do about it; may be empty.
        log: Last lines of the worker's log.
    """

    session: str
    reason: str
    advice: str = ""
    log: str = ""


class Attempts:
    """The attempts at the work of one folder.

    Args:
        folder: Where they are recorded; created if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, session: str, facts: Mapping[str, Any]) -> int:
        """Record an attempt and return how many this session has made, this one included.

        The count is in the store, so that any worker sees that a cell keeps killing its workers.
        """
        line = json.dumps({"session": session, **facts}) + "\n"
        self.write(lambda: append_line(self.folder / ATTEMPTS, line))
        return sum(attempt.get("session") == session for attempt in self.attempts())

    def attempts(self) -> Iterator[dict[str, Any]]:
        """Yield every attempt so far; a torn line counts as an attempt without a session."""
        try:
            data = read_document(self.folder / ATTEMPTS)
        except (FileNotFoundError, Damaged):
            return
        for line in data.splitlines():
            try:
                attempt = parse(line)
            except Damaged:
                attempt = None
            yield attempt if isinstance(attempt, dict) else {}

    def record_failure(self, session: str, reason: str, advice: str = "", log: str = "") -> None:
        """Record why an attempt ended without a result; the next session tries again."""
        failure = Failure(session=session, reason=reason, advice=advice, log=log)
        self.write(lambda: write_atomic(self.folder / FAILURE, to_bytes(asdict(failure))))

    def write(self, write: Callable[[], None]) -> None:
        """Write in the folder, which another process that has finished the work may delete.

        Raises:
            EnvironmentFault: The disk is full, or the folder cannot be written.
        """
        for is_last in (False, True):
            with explaining_disk_faults(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
            try:
                write()
            except EnvironmentFault as fault:
                if is_last or not isinstance(fault.__cause__, FileNotFoundError):
                    raise
            else:
                return


def read_failure(folder: Path) -> Failure | None:
    """Return what :meth:`Attempts.record_failure` wrote in a folder, if anything."""
    try:
        return read_as(Failure, read_document(folder / FAILURE))
    except (FileNotFoundError, Damaged, EnvironmentFault):
        return None
