from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.core.events import Event, Kind
from poolbench.runtime.utilisation import Utilisation, effort_text
from tests.conftest import Done


def event(kind: Kind, cell: str, at_s: float) -> Event:
    return Event(kind=kind, cell=cell, at_s=at_s)


def test_two_workers_of_which_one_ends_early_are_half_and_wholly_busy() -> None:
    utilisation = Utilisation(2)
    for told in (
        event("started", "a", 100.0),
        event("started", "b", 200.0),  # another worker, whose clock began elsewhere
        event("progress", "a", 102.0),
        event("finished", "b", 205.0),
        event("failed", "a", 110.0),
    ):
        utilisation.take(told)
    assert utilisation.busy_s == 15.0
    assert utilisation.share(10.0) == 0.75
    assert effort_text(10.0, 2, 0.75) == "10.0 s, 2 workers busy 75 %"


def test_only_what_a_cell_was_finished_in_counts_when_a_worker_died_of_it() -> None:
    utilisation = Utilisation(1)
    for told in (
        event("started", "a", 0.0),
        event("started", "a", 50.0),
        event("diverged", "a", 60.0),
        event("notice", "a", 61.0),
    ):
        utilisation.take(told)
    assert utilisation.share(100.0) == 0.1


def test_without_workers_nobody_is_busy() -> None:
    assert Utilisation().share(3.0) == 0.0
    assert effort_text(3.0, 0, 0.0) == "3.0 s"


@pytest.mark.parametrize("engine", ["local", "inline"])
def test_training_says_how_busy_its_workers_were(
    engine: str, poolbench: Callable[..., Done], tiny: Path
) -> None:
    done = poolbench("train", tiny, "--engine", engine, "--jobs", 1)
    found = re.search(r"4 cells trained, 0 already stored; .* s, 1 worker busy (\d+) %", done.err)
    assert found is not None, done.err
    # Importing torch may take longer than these four cells.
    assert 0 < int(found[1]) < 100
    again = poolbench("train", tiny)
    assert re.search(r"stored already; \d+\.\d s \(store", again.err), again.err
