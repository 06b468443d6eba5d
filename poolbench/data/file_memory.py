"""What is known of files, remembered in the user's cache until they change."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from poolbench.core.user_cache import cache_folder

_LOGGER = logging.getLogger("poolbench.data")
_SUFFIX = ".sqlite"
_ASKED_AT_ONCE = 500  # SQLite takes 999 parameters in its oldest releases
_WAIT_S = 30.0

Known = Mapping[str, tuple[str, bytes]]
"""State and fact of each file, by its name."""


def memory_folder() -> Path:
    """Return the folder of what is remembered: a database for each folder of files."""
    return cache_folder() / "pictures"


def memories() -> list[Path]:
    """Return the databases that are there."""
    return sorted(memory_folder().glob(f"*{_SUFFIX}"))


def forget(base: Path) -> None:
    """Delete what is remembered of the files below a folder.

    Raises:
        OSError: It cannot be deleted.
    """
    for path in memory_folder().glob(f"{_name_of(base)}-*"):
        path.unlink()


def _name_of(base: Path) -> str:
    return hashlib.sha256(os.fsencode(base.resolve())).hexdigest()[:16]


class FileMemory:
    """One fact of each file below a folder, with the state that the file was in.

    Neither a cache that cannot be written nor a damaged one is an error: facts are found anew.

    Args:
        base: The folder.
        kind: What the facts are: each kind has a database of its own.
    """

    def __init__(self, base: Path, kind: str) -> None:
        self._path = memory_folder() / f"{_name_of(base)}-{kind}{_SUFFIX}"
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        try:
            self._connection = self._open()
        except sqlite3.OperationalError as error:
            self._give_up(error)
        except sqlite3.DatabaseError as error:
            _LOGGER.warning("%s is damaged (%s): reading the files again", self._path, error)
            try:
                self._path.unlink(missing_ok=True)
                self._connection = self._open()
            except (OSError, sqlite3.Error) as again:
                self._give_up(again)
        except OSError as error:
            self._give_up(error)
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def recall(self, names: Sequence[str]) -> Known:
        """Return what is remembered of files."""
        known: dict[str, tuple[str, bytes]] = {}
        for start in range(0, len(names), _ASKED_AT_ONCE):
            asked = [os.fsencode(name) for name in names[start : start + _ASKED_AT_ONCE]]
            marks = ", ".join("?" * len(asked))
            query = f"SELECT name, state, fact FROM files WHERE name IN ({marks})"  # noqa: S608
            for name, state, fact in self._run(query, asked):
                known[os.fsdecode(name)] = (state, fact)
        return known

    def remember(self, facts: Iterable[tuple[str, str, bytes]]) -> None:
        """Keep facts, each with the file's name and state; another process may see them now."""
        rows = [(os.fsencode(name), state, fact) for name, state, fact in facts]
        if rows and self._connection is not None:
            try:
                with self._connection:
                    self._connection.executemany(
                        "INSERT OR REPLACE INTO files VALUES (?, ?, ?)", rows
                    )
            except sqlite3.Error as error:
                self._give_up(error)

    def keep_only(self, names: Iterable[str], count: int) -> None:
        """Forget all but ``count`` files, once there are more of the others than of these."""
        ((remembered,),) = self._run("SELECT count(*) FROM files", ()) or [(0,)]
        if remembered <= 2 * count or self._connection is None:
            return
        try:
            with self._connection as connection:
                connection.execute("CREATE TEMP TABLE kept (name BLOB PRIMARY KEY)")
                connection.executemany(
                    "INSERT OR IGNORE INTO kept VALUES (?)", ((os.fsencode(n),) for n in names)
                )
                connection.execute("DELETE FROM files WHERE name NOT IN (SELECT name FROM kept)")
        except sqlite3.Error as error:
            self._give_up(error)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=_WAIT_S)
        try:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS files "
                "(name BLOB PRIMARY KEY, state TEXT NOT NULL, fact BLOB NOT NULL) WITHOUT ROWID"
            )
            connection.execute("SELECT name, state, fact FROM files LIMIT 1").fetchall()
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _run(self, query: str, parameters: Sequence[bytes]) -> list[Any]:
        if self._connection is None:
            return []
        try:
            with closing(self._connection.execute(query, parameters)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            self._give_up(error)
            return []

    def _give_up(self, error: Exception) -> None:
        _LOGGER.info("nothing is remembered in %s: %s", self._path, error)
        if self._connection is not None:
            self._connection.close()
        self._connection = None
