"""What a plan says of cells, GPUs and hours."""

from __future__ import annotations

import pytest

from poolbench.core.cell_cost import CellCost
from poolbench.report.studies.effort import about_effort
from tests.cells import a_cell

HOUR_S = 3600.0
CELLS = [a_cell(variant, seed) for variant in ("average", "max") for seed in range(5)]
COSTS = {
    cell.condition: CellCost(duration_s=HOUR_S, size_bytes=1e6, device="cuda") for cell in CELLS
}
FOUR = ["cuda:0", "cuda:1", "cuda:2", "cuda:3"]


@pytest.mark.parametrize(
    ("cells", "devices", "expected"),
    [
        (
            CELLS,
            FOUR,
            "To train: 10 cells on 4 GPUs, one at a time on each, about 3.0 h (10.0 h of training "
            "in all) and 10.0 MB of disk.",
        ),
        (CELLS, ["cuda:1"], "To train: 10 cells on 1 GPU, one at a time, about 10.0 h and 10.0 MB"),
        (CELLS, FOUR * 2, "To train: 10 cells on 4 GPUs, up to 2 at a time on each, about 2.0 h"),
        (
            CELLS[:3],
            FOUR,
            "To train: 3 cells on 4 GPUs, one at a time on each, about 60.0 min (3.0 h of training "
            "in all) and 3.0 MB of disk. 1 GPU would be idle: a cell is trained on one, and more "
            "seeds would take no longer.",
        ),
        (
            CELLS,
            ["cpu", "cpu"],
            "To train: 10 cells with 2 workers on cpu, about 5.0 h and 10.0 MB of disk. The times "
            "are of runs on cuda, and will differ on cpu.",
        ),
        ([], FOUR, "Nothing to train: every cell has a result."),
    ],
)
def test_hours_are_those_of_whole_cells_on_the_gpus_there_are(
    cells: list[object], devices: list[str], expected: str
) -> None:
    (sentence,) = about_effort(cells, COSTS, devices)  # type: ignore[arg-type]
    assert sentence.startswith(expected)


def test_unknown_times_are_not_guessed_from_the_known_ones() -> None:
    known = {CELLS[0].condition: COSTS[CELLS[0].condition]}
    (sentence,) = about_effort(CELLS, known, FOUR)
    assert "time and disk are unknown for 5 of them" in sentence
    assert " h" not in sentence.partition("unknown")[0]


def test_the_gpus_of_this_machine_say_nothing_of_a_cluster_s() -> None:
    (sentence,) = about_effort(CELLS, COSTS, ["cpu"], engine="slurm")
    assert "with the engine slurm, which decides how many run at once" in sentence
    assert "about 10.0 h of one worker's time" in sentence
