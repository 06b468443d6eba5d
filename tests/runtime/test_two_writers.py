"""One cell trained by two processes at once, because a lock's file was deleted."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from poolbench.store.store import Store
from tests.app.runs import lasting_bytes
from tests.conftest import Done

ONE_CELL = ("--only", "average@0")


def test_a_lock_deleted_under_a_writer_costs_a_repetition_and_no_result(
    poolbench: Callable[..., Done],
    spawn: Callable[..., subprocess.Popen[str]],
    tiny: Path,
    tmp_path: Path,
) -> None:
    command = ("train", tiny, *ONE_CELL, "--store")
    both = tmp_path / "both"
    first = spawn(*command, both, "--jobs", 1)
    deadline = time.monotonic() + 120
    while not (held := list(both.glob("locks/[0-9a-f]*"))):
        assert time.monotonic() < deadline, "nothing was begun"
        time.sleep(0.01)
    workers = psutil.Process(first.pid).children(recursive=True)
    for worker in workers:
        worker.suspend()  # while the second does all of the work
    held[0].unlink()
    second = spawn(*command, both, "--no-wait", "--jobs", 1)
    _, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    for worker in workers:
        worker.resume()
    _, err = first.communicate(timeout=120)
    assert first.returncode == 0, err
    assert "another process finished it first, with the same result" in err
    (cell_id,) = Store(both).finished()
    assert Store(both).verify(cell_id) == ""
    assert list((both / "quarantine").iterdir()) == []
    assert list((both / "unfinished").iterdir()) == []
    assert poolbench(*command, "alone", "-q", "--engine", "inline").code == 0
    assert lasting_bytes(both) == lasting_bytes(tmp_path / "alone")


def test_of_two_commands_each_counts_the_cells_it_trained(
    spawn: Callable[..., subprocess.Popen[str]], tiny: Path, tmp_path: Path
) -> None:
    both = [spawn("train", tiny, "--store", tmp_path / "both", "--jobs", 1) for _ in range(2)]
    counts = []
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        found = re.search(r"(\d+) cells? trained, (\d+) already stored|nothing to do", err)
        assert found is not None, err
        counts.append([int(each or 0) for each in found.groups()])
    cells = len([*Store(tmp_path / "both").finished()])
    assert sum(trained for trained, _ in counts) == cells
    assert all(trained + stored in (cells, 0) for trained, stored in counts)
