"""Power: what is suggested shows the gap as often as it says, by another simulation."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from poolbench.stats.holm import holm
from poolbench.stats.pooled import pooled_spread
from poolbench.stats.power import LIMIT, Claim, Design, power_of, seeds_for, smallest_gap

STD, GAP = 30.0, 45.0
Runs = NDArray[np.float64]


def design(
    claim: Claim = "better", *, variants: int = 4, rule: str = "set", **changes: object
) -> Design:
    given: dict[str, object] = {
        "declared": tuple((0, index) for index in range(1, variants)),
        "alpha": 0.05,
        "paired": False,
        "std_images": STD,
    }
    return Design(claim=claim, variants=variants, rule=rule, **(given | changes))  # type: ignore[arg-type]


def is_called_better(runs: Runs) -> bool:
    """Whether scipy's tests with Holm's correction show the last variant better than the first."""
    p = [float(stats.mannwhitneyu(runs[0], row, method=method_of(runs)).pvalue) for row in runs[1:]]
    return (holm(p)[-1] or 0.0) < 0.05 and runs[-1].mean() > runs[0].mean()


def is_alone_by_holm(runs: Runs) -> bool:
    """Whether every other variant is shown worse than the last, which has the best mean."""
    if np.argmax(runs.mean(axis=1)) != len(runs) - 1:
        return False
    p = [
        float(stats.mannwhitneyu(runs[-1], row, method=method_of(runs)).pvalue) for row in runs[:-1]
    ]
    return max(p_ or 0.0 for p_ in holm(p)) < 0.05


def is_alone_by_set(runs: Runs) -> bool:
    """Whether dropping the worst mean rank while scipy's test rejects leaves the last variant."""
    left = list(range(len(runs)))
    while len(left) > 1:
        samples = [runs[index] for index in left]
        if len(left) == 2:
            p = stats.mannwhitneyu(*samples, method=method_of(runs)).pvalue
        else:
            p = stats.kruskal(*samples).pvalue
        if not p < 0.05:
            return False
        ranks = stats.rankdata(np.concatenate(samples)).reshape(len(left), -1).mean(axis=1)
        del left[int(np.argmin(ranks))]  # accuracies: the lowest rank is the worst
    return left == [len(runs) - 1]


def is_better_paired(runs: Runs) -> bool:
    p = [float(stats.wilcoxon(row - runs[0], method="exact").pvalue) for row in runs[1:]]
    return (holm(p)[-1] or 0.0) < 0.05 and runs[-1].mean() > runs[0].mean()


def method_of(runs: Runs) -> str:
    return "exact" if runs.shape[1] <= 50 else "asymptotic"


CASES: dict[str, tuple[Design, Callable[[Runs], bool]]] = {
    "contrasts": (design(), is_called_better),
    "one contrast": (design(variants=2), is_called_better),
    "holm": (design("best", rule="holm"), is_alone_by_holm),
    "set": (design("best"), is_alone_by_set),
    "paired contrasts": (design(paired=True, correlation=0.5), is_better_paired),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_suggested_seeds_have_80_percent_power_and_one_fewer_has_not(case: str) -> None:
    # Continuous errors, accuracies instead of costs, scipy's tests: nothing is shared but Holm.
    wanted, shows = CASES[case]
    found = seeds_for(wanted, GAP, studies=2000)
    assert found.seeds is not None
    random, powers = np.random.default_rng(7), []
    for seeds in (found.seeds - 1, found.seeds):
        shown = 0
        for _ in range(1500):
            runs = random.normal(size=(wanted.variants, seeds)) * math.sqrt(1 - wanted.correlation)
            runs = STD * (runs + random.normal(size=seeds) * math.sqrt(wanted.correlation))
            runs[-1] += GAP
            shown += shows(runs)
        powers.append(shown / 1500)
    error = math.sqrt(0.16 * (1 / 1500 + 1 / 2000))
    low, high = found.power.interval
    told = (
        f"{case}: {found.seeds} seeds, power {found.power.share:.3f} [{low:.3f}, {high:.3f}]; "
        f"independently {powers[1]:.3f}, with one seed fewer {powers[0]:.3f}\n"
    )
    sys.stdout.write(told)
    assert abs(powers[1] - found.power.share) < 4 * error + 0.01  # ties of counts are left out
    assert powers[0] < 0.8 + 3 * error
    assert powers[1] > 0.8 - 3 * error


def test_the_smallest_gap_has_80_percent_power_and_a_tenth_less_has_not() -> None:
    found = smallest_gap(design(), 8, studies=400)
    assert found is not None
    assert 0.8 <= found.power.share < 0.85
    assert power_of(design(), 0.85 * found.images, 8, studies=400).share < 0.8


def test_a_simulation_repeats_exactly() -> None:
    first = power_of(design(), GAP, 9, studies=300)
    power_of.cache_clear()
    assert power_of(design(), GAP, 9, studies=300) == first


def test_seeds_below_the_floor_show_nothing() -> None:
    # 2 / C(6, 3) = 0.1; and 2 / 2^5 = 0.0625 of paired seeds.
    assert power_of(design(variants=2), 1e6, 3, studies=50).shown == 0
    assert smallest_gap(design(variants=2), 3, studies=50) is None
    assert smallest_gap(design(variants=2, paired=True), 5, studies=50) is None
    assert power_of(design(variants=2, paired=True), 1e6, 6, studies=50).share == 1


def test_a_gap_far_below_the_spread_is_out_of_reach() -> None:
    found = seeds_for(design(variants=2), STD / 20, studies=200)
    assert found.seeds is None
    assert found.power == power_of(design(variants=2), STD / 20, LIMIT, studies=200)


def test_the_spread_is_pooled_within_variants_and_seeds_without_a_result_are_left_out() -> None:
    values = {
        "a": [1.0, 2.0, 3.0, None],
        "b": [11.0, 13.0, 15.0, math.nan],
        "c": [5.0] + [None] * 3,
    }
    found = pooled_spread(values)
    assert found is not None
    assert found.std == pytest.approx(math.sqrt((2 + 8) / 4))
    assert (found.freedom, found.runs, found.variants) == (4, 6, 2)
    # Covariance 4 over the mean of 2 and 8: differences vary, so it is not 1.
    assert found.correlation == pytest.approx(4 / 5)
    assert found.low < found.std < found.high
    assert pooled_spread({"a": [1.0], "b": [math.nan, None]}) is None
