"""Whether so many seeds can show anything at all."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from poolbench.app.plan import plan
from poolbench.core.errors import BadInput
from poolbench.store.store import Store
from tests.cells import a_study
from tests.store.made_up import commit


def power_note(
    path: Path, *, seeds: int, paired: bool, variants: int = 2, baseline: bool = True
) -> str:
    study = a_study(tuple(f"v{index}" for index in range(variants)), seeds)
    study = replace(
        study,
        analysis=replace(study.analysis, paired=paired),
        baseline=study.baseline if baseline else "",
    )
    (table,) = plan(study, path / "no store", device="cpu")
    (note,) = (note for note in table.notes if "reach significance" in note)
    return note


@pytest.mark.parametrize("seeds", [3, 5, 6, 9])
@pytest.mark.parametrize("paired", [True, False])
def test_the_smallest_p_is_that_of_the_test_that_will_be_made(
    seeds: int, paired: bool, tmp_path: Path
) -> None:
    # As far apart as they can be: every seed's difference has one sign, or no values interleave.
    if paired:
        reached = stats.wilcoxon(range(1, seeds + 1), method="exact").pvalue
    else:
        reached = stats.mannwhitneyu(range(seeds), range(seeds, 2 * seeds), method="exact").pvalue
    note = power_note(tmp_path, seeds=seeds, paired=paired)
    (found,) = re.findall(r"smallest possible p (?:is )?([\d.e-]*\d)", note)
    assert found == f"{reached:.3g}"
    assert note.startswith("Can ") == (reached < 0.05)


@pytest.mark.parametrize(
    ("variants", "baseline", "paired", "needed"),
    [
        # Pairs times 2 / 2^n, or times 2 / C(2n, n), has to be below 0.05.
        (3, True, True, 7),  # 2 pairs: 4 / 2^6 is above, 4 / 2^7 below
        (3, False, True, 7),  # 3 pairs: 6 / 2^7
        (5, True, True, 8),  # 4 pairs: 8 / 2^7 is above
        (5, False, True, 9),  # 10 pairs: 20 / 2^8 is above
        (3, True, False, 5),  # 2 pairs: 4 / 70 is above, 4 / 252 below
        (3, False, False, 5),
        (5, False, False, 6),  # 10 pairs: 20 / 252 is above, 20 / 924 below
    ],
)
def test_the_seeds_needed_grow_with_the_pairs_that_are_compared(
    variants: int, baseline: bool, paired: bool, needed: int, tmp_path: Path
) -> None:
    for seeds in (needed - 1, needed):
        note = power_note(
            tmp_path, seeds=seeds, paired=paired, variants=variants, baseline=baseline
        )
        assert note.startswith("Can ") == (seeds == needed)


def effort(path: Path, **settings: object) -> str:
    study = a_study(("average", "max"), 5)
    (table,) = plan(study, path / "no store", **settings)  # type: ignore[arg-type]
    (note,) = (note for note in table.notes if note.startswith("To train"))
    return note


def test_a_plan_may_be_for_a_machine_with_gpus(tmp_path: Path) -> None:
    assert "10 cells on 4 GPUs, one at a time on each;" in effort(tmp_path, gpus=4)
    assert "10 cells on 3 GPUs" in effort(tmp_path, gpus=4, jobs=3)
    with pytest.raises(BadInput, match="--gpus 4 with the device cpu"):
        effort(tmp_path, gpus=4, device="cpu")


def test_times_are_of_the_device_that_is_planned_for(tmp_path: Path) -> None:
    store, study = tmp_path / "runs", a_study(("average", "max"), 3)
    Store.create(store)

    def planned() -> tuple[object, str]:
        (table,) = plan(study, store, gpus=1)
        (note,) = (note for note in table.notes if note.startswith("To train"))
        return table.rows[1][5].values, note

    commit(store, "9 seconds", seed=0, environment={"device": "cpu"})
    times, note = planned()
    assert times == (9.0,)
    assert note.endswith("The times are of runs on cpu, and will differ on cuda.")
    commit(store, "1", seed=1, environment={"device": "cuda:3"})
    times, note = planned()
    assert times == (1.0,)
    assert "The times are" not in note
