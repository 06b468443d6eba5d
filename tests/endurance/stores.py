"""What a store must hold in the end, whatever happened to the commands before."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.app.runs import lasting_bytes
from tests.endurance.programs import Call, Ended, Fault, Programs

SUITE = """\
schema: 1
title: Endurance
data: {name: digits, limit: 30}
model: {name: wrn, depth: 8, width: 1}
recipe: {epochs: 2, batch_size: 30, optimizer: {name: sgd, lr: 0.05, momentum: 0.9}}
seeds: 2
baseline: average
variants:
  average: {pools: average}
  lae: {pools: {name: lae, learn: layer}}
"""
TRAIN = ("train", "s.yaml", "-q", "--engine", "inline")
TRAIN_APART = ("train", "s.yaml", "-q", "--engine", "local", "--jobs", "2")
PROBE = (
    "robustness",
    "s.yaml",
    "-q",
    "--engine",
    "inline",
    "--attack",
    "fgsm",
    "--epsilons",
    "0,4/255",
)

_COUNTED = Fault(at=10**9)  # which is never reached

# Of a measurement, what another attempt at it may change.
_PASSING = ("sha256", "environment", "duration_s", "durations", "measured")


def lasting(store: Path) -> dict[str, bytes]:
    """Return what must be the same however often a store's commands were disturbed."""
    kept = lasting_bytes(store)
    for path in sorted(store.glob("runs/*/probes/*.json")):
        document = json.loads(path.read_bytes())
        told = {key: value for key, value in document.items() if key not in _PASSING}
        kept[str(path.relative_to(store))] = json.dumps(told).encode()
    return kept


def names(store: Path) -> set[str]:
    """Return the names of all that is in a store, but the files that locks are held on."""
    return {
        str(path.relative_to(store)) for path in store.rglob("*") if path.parent.name != "locks"
    }


class Undisturbed:
    """Stores before and after each command, where nothing disturbs it.

    Args:
        programs: Runs commands.
        folder: An empty one.
    """

    def __init__(self, programs: Programs, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self.calls: dict[Sequence[str], int] = {}
        self._after: dict[Sequence[str], Path] = {}
        for words in (TRAIN, PROBE):
            self._after[words] = folder / words[0]
            self.start(words, self._after[words])
            (ended,) = programs.run(Call(words, str(self._after[words]), _COUNTED))
            assert ended.code == 0, ended.err
            self.calls[words] = ended.calls
        self._after[TRAIN_APART] = self._after[TRAIN]
        self.calls[TRAIN_APART] = self.calls[TRAIN]

    def start(self, words: Sequence[str], folder: Path) -> None:
        """Make a folder that a command can start in: any but these two reads what both leave."""
        if words[0] == TRAIN[0]:
            folder.mkdir()
            (folder / "s.yaml").write_text(SUITE)
        else:
            before = TRAIN if words == PROBE else PROBE
            shutil.copytree(self._after[before], folder)

    def store(self, words: Sequence[str]) -> Path:
        """Return the store that a command leaves."""
        return self._after[words] / "runs"

    @contextmanager
    def case(self, words: Sequence[str]) -> Iterator[Path]:
        """Yield a folder that a command can start in; it is gone afterwards."""
        folder = self._folder / "case"
        shutil.rmtree(folder, ignore_errors=True)
        self.start(words, folder)
        yield folder

    def assert_ends_the_same(self, words: Sequence[str], folder: Path) -> None:
        """Check that a command, repeated, ends in what it leaves undisturbed."""
        (ended,) = self._programs.run(Call(words, str(folder)))
        assert ended.code == 0, told(ended)
        assert lasting(folder / "runs") == lasting(self.store(words)), "other bytes"
        for path in (folder / "runs").rglob(".*"):
            os.utime(path, (0, 0), follow_symlinks=False)  # for ``gc``, its writer is dead then
        for check in ("verify", "gc"):
            (ended,) = self._programs.run(Call(("store", check), str(folder)))
            assert ended.code == 0, told(ended)
        differing = names(folder / "runs") ^ names(self.store(words))
        assert not differing, f"left over, or missing: {differing}"


def told(ended: Ended) -> str:
    """Return how a command ended, in words."""
    return f"exit {ended.code}\n{ended.err[-2000:]}"


def assert_answered(ended: Ended, allowed: Sequence[Any]) -> None:
    """Check that a command ended as users may see it."""
    assert ended.code in allowed, told(ended)
    assert "Traceback" not in ended.err, told(ended)
