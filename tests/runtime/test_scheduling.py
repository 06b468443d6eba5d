"""Workers take the longest cells first, as far as runs have told which those are."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.cell import Cell
from poolbench.core.record import Epoch, Result, Timing
from poolbench.runtime.scheduling import longest_first
from poolbench.store.store import Store
from tests.cells import a_study

STUDY = a_study(("average", "max", "lae"), seeds=2)
AVERAGE, MAX, LAE = (STUDY.cells[start : start + 2] for start in (0, 2, 4))


def train(store: Store, cell: Cell, *, epochs_s: tuple[float, ...], status: str = "ok") -> None:
    with store.writing(cell) as writer:
        assert writer is not None
        writer.begin("made up", {})
        writer.commit(
            Result(
                status=status,  # type: ignore[arg-type]
                correct=9,
                total=10,
                test_loss=0.5 if status == "ok" else None,
                parameters=1,
                epochs=len(epochs_s),
            ),
            history=[Epoch(epoch=1, loss=0.5, lr=0.1, validation_accuracy=None, pooling={})],
            timings=[
                Timing(epoch=number, duration_s=seconds, images=10)
                for number, seconds in enumerate(epochs_s, start=1)
            ],
            environment={},
            artefacts={"model.safetensors": b"made up"},
        )


def test_a_new_store_is_filled_seed_by_seed_in_the_suites_order(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    ordered = tuple(cell for seed in zip(AVERAGE, MAX, LAE, strict=True) for cell in seed)
    assert tuple(longest_first(store, STUDY.cells)) == ordered


def test_the_unknown_comes_first_then_the_longest(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    train(store, AVERAGE[0], epochs_s=(2.0, 2.0))
    train(store, MAX[0], epochs_s=(3.0, 3.0))
    assert tuple(longest_first(store, STUDY.cells)) == LAE + MAX + AVERAGE


def test_what_finishes_meanwhile_counts_for_what_is_left(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    taken = []
    for cell in longest_first(store, STUDY.cells):
        taken.append(cell)
        train(store, cell, epochs_s=({"average": 1.0, "max": 3.0, "lae": 2.0}[cell.variant],))
    # One of each tells what it takes; then the longest first.
    assert taken == [AVERAGE[0], MAX[0], LAE[0], MAX[1], LAE[1], AVERAGE[1]]


def test_a_diverged_or_damaged_run_tells_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "runs")
    train(store, AVERAGE[0], epochs_s=(9.0,))
    train(store, MAX[0], epochs_s=(0.1,), status="diverged")
    train(store, LAE[0], epochs_s=(0.1,))
    timings = store.folder(LAE[0].id) / "timings.jsonl"
    timings.write_bytes(timings.read_bytes().replace(b"0.1", b"0.9"))
    assert tuple(longest_first(store, STUDY.cells)) == (
        MAX[0], LAE[0], MAX[1], LAE[1], *AVERAGE
    )  # fmt: skip
