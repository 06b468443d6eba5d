"""The benchmark of exact rank tests: scipy's, and counting by dynamic programming."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats

from poolbench.bench.race import Contender, race, surroundings
from poolbench.bench.stopwatch import wall_of
from poolbench.report.benchmarks.rates import rate_table
from poolbench.report.table import Table
from poolbench.stats.rank_tests import rank_test_of_two

Pairs = Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]
_PAIRS = 23
_AGREEMENT = 1e-12


def bench_statistics(*, rounds: int) -> list[Table]:
    """Compare the p of 23 contrasts with scipy's where scipy's are exact, and at 50 tied runs.

    Args:
        rounds: Rounds to measure.

    Raises:
        RuntimeError: Two p of the same exact test differ by more than 1e-12.
    """
    enumerating = stats.PermutationMethod(n_resamples=200_000)
    tables = []
    for paired, n, tied, peer in (
        (False, 50, False, "exact"),
        (False, 6, True, enumerating),
        (False, 50, True, None),
        (True, 50, False, "exact"),
        (True, 8, True, enumerating),
        (True, 50, True, None),
    ):
        pairs = _pairs(n, is_tied=tied)
        rivals = {"poolbench": _ours(pairs, paired=paired)}
        if peer is not None:
            rivals = {"scipy": _scipys(pairs, peer, paired=paired)} | rivals
        _check([run() for run in rivals.values()])
        times = race(
            [Contender(name=name, run=run, images=_PAIRS) for name, run in rivals.items()],
            rounds,
            wall_of(torch.device("cpu")),
        )
        test = "Wilcoxon" if paired else "Mann-Whitney"
        tables.append(
            rate_table(
                f"{test}, {n} runs each, {'tied' if tied else 'no ties'}",
                times,
                reference=next(iter(rivals)),
                unit="tests",
                notes=(
                    f"{rounds} rounds of {_PAIRS} pairs, new random order each round",
                    f"all p agree to {_AGREEMENT:g}"
                    if peer is not None
                    else "scipy has no exact p here: its methods enumerate, or assume no ties",
                    surroundings(torch.device("cpu")),
                ),
            )
        )
    return tables


def _pairs(n: int, *, is_tied: bool) -> Pairs:
    random = np.random.default_rng(n)
    drawn = random.normal(0, 3, (_PAIRS, 2, n)) + np.array([0.0, 1.5])[:, None]
    return [(x, y) for x, y in (np.rint(drawn) if is_tied else drawn)]


def _ours(pairs: Pairs, *, paired: bool) -> Callable[[], list[float]]:
    return lambda: [float(rank_test_of_two(x, y, paired=paired).p or 0.0) for x, y in pairs]


def _scipys(pairs: Pairs, method: object, *, paired: bool) -> Callable[[], list[float]]:
    if paired:
        return lambda: [float(stats.wilcoxon(y - x, method=method).pvalue) for x, y in pairs]
    return lambda: [float(stats.mannwhitneyu(x, y, method=method).pvalue) for x, y in pairs]


def _check(found: Sequence[list[float]]) -> None:
    gap = max(abs(a - b) for other in found for a, b in zip(found[0], other, strict=True))
    if gap > _AGREEMENT:
        raise RuntimeError(f"p-values of the same exact test differ by {gap:g}")
