"""Whether so many seeds can show anything at all."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from poolbench.app.plan import plan
from tests.cells import a_study


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
