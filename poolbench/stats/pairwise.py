"""Two variants: the test between them, the size of the effect, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from poolbench.stats.costs import Costs, complete_blocks, finite, oriented, present
from poolbench.stats.equivalence import equivalence_p
from poolbench.stats.holm import holm
from poolbench.stats.rank_tests import RankTest, rank_test_of_two
from poolbench.stats.shift import Interval, dominance, location_shift
from poolbench.stats.superiority import superiority_interval

Verdict = Literal["better", "worse", "equivalent", "undecided", "too few seeds", "no test possible"]

_REVERSED: Mapping[Verdict, Verdict] = {"better": "worse", "worse": "better"}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A candidate ``b`` against a baseline ``a``; signs are those of the metric, better or worse.

    Args:
        a: The baseline.
        b: The candidate.
        n_a: Runs of the baseline in the test, diverged ones included.
        n_b: Runs of the candidate in the test, diverged ones included.
        test: Name of the test.
        method: How p was computed.
        ties: Whether there are ties.
        p: Two-sided p of this pair alone; ``None`` if no test exists.
        p_adjusted: p after Holm's correction over the family.
        family_size: Comparisons in the family, tested or not.
        smallest_p: The smallest p that this number of runs can reach.
        cliffs_delta: ``P(b > a) - P(b < a)``, in [-1, 1].
        a12: ``P(b > a) + P(b = a) / 2``, in [0, 1].
        superiority: Probability that a run of ``b`` is better than a run of ``a``, ties counting
            half, in [0, 1], over every run with every other, also of other seeds: ``a12``, or
            ``1 - a12`` if lower is better.
        superiority_ci: Its interval at level ``1 - alpha``, for this pair alone and of independent
            runs; ``None`` if there are too few.
        shift: Hodges-Lehmann estimate of ``b - a``, in the metric's unit.
        shift_ci: Interval of the shift at level ``1 - alpha``, for this pair alone; ``None`` if
            there are too few runs. Infinite on the side of diverged runs.
        verdict: The verdict on the candidate.
        is_by_rank_only: Whether the verdict is better or worse and the means of the finite runs do
            not differ that way, as where some runs collapsed.
    """

    a: str
    b: str
    n_a: int
    n_b: int
    test: str
    method: str
    ties: bool
    p: float | None
    p_adjusted: float | None
    family_size: int
    smallest_p: float
    cliffs_delta: float
    a12: float
    superiority: float
    superiority_ci: Interval | None
    shift: float
    shift_ci: Interval | None
    verdict: Verdict
    is_by_rank_only: bool

    def reversed(self) -> Pair:
        """Return the same comparison with the roles exchanged."""
        return replace(
            self,
            a=self.b,
            b=self.a,
            n_a=self.n_b,
            n_b=self.n_a,
            cliffs_delta=-self.cliffs_delta,
            a12=1 - self.a12,
            superiority=1 - self.superiority,
            superiority_ci=_from_one(self.superiority_ci),
            shift=-self.shift,
            shift_ci=None if self.shift_ci is None else (-self.shift_ci[1], -self.shift_ci[0]),
            verdict=_REVERSED.get(self.verdict, self.verdict),
        )


def _from_one(interval: Interval | None) -> Interval | None:
    return None if interval is None else (1 - interval[1], 1 - interval[0])


def compare_pairs(
    names: Sequence[tuple[str, str]],
    values: Mapping[str, Sequence[float | None]],
    *,
    lower_is_better: bool,
    alpha: float,
    paired: bool = False,
    margin: float | None = None,
) -> tuple[Pair, ...]:
    """Compare a family of pairs, chosen before the results were seen.

    Args:
        names: ``(baseline, candidate)`` of each pair; together they are one family.
        values: Of every variant named, one a seed: NaN = diverged, ``None`` = missing.
        lower_is_better: Whether the metric is itself a cost; sets the signs of the effects.
        alpha: Significance level of the family, in (0, 1).
        paired: Whether seeds are blocks.
        margin: Equivalence margin in the metric's unit; ``None`` for no test.

    Returns:
        One pair for each name, in order. ``better`` and ``worse`` need ``p_adjusted < alpha``;
        ``equivalent`` needs both one-sided t tests against the margin, with the same correction.
        ``too few seeds`` has a p, which could not have been below alpha; ``no test possible`` has
        none.
    """
    costs, scale = oriented(
        {name: values[name] for pair in names for name in pair}, lower_is_better=lower_is_better
    )
    tests = [rank_test_of_two(costs[a], costs[b], paired=paired) for a, b in names]
    adjusted = holm([test.p for test in tests])
    steps = None if margin is None else scale.steps(margin)
    equivalence = holm([equivalence_p(costs[a], costs[b], steps, paired=paired) for a, b in names])
    verdicts = verdicts_of(tests, alpha=alpha, equivalence=equivalence)
    sign = 1.0 if lower_is_better else -1.0
    pairs = []
    for index, ((a, b), test) in enumerate(zip(names, tests, strict=True)):
        shift, interval = location_shift(costs[a], costs[b], alpha=alpha, paired=paired)
        if interval is not None:
            low, high = interval if lower_is_better else (-interval[1], -interval[0])
            interval = (scale.value(low), scale.value(high))
        n_a, n_b = len(present(costs[a])), len(present(costs[b]))
        if paired:
            n_a = n_b = len(complete_blocks((costs[a], costs[b])))
        delta = sign * dominance(costs[a], costs[b])
        superiority = (1 - sign * delta) / 2
        verdict = verdicts[index]
        pairs.append(
            Pair(
                a=a,
                b=b,
                n_a=n_a,
                n_b=n_b,
                test=test.name,
                method=test.method,
                ties=test.ties,
                p=test.p,
                p_adjusted=adjusted[index],
                family_size=len(names),
                smallest_p=test.smallest_p,
                cliffs_delta=delta,
                a12=(delta + 1) / 2,
                superiority=superiority,
                superiority_ci=superiority_interval(superiority, n_a, n_b, alpha=alpha),
                shift=scale.value(sign * shift),
                shift_ci=interval,
                verdict=verdict,
                is_by_rank_only=verdict in ("better", "worse")
                and not _differ_in_mean(costs[a], costs[b], verdict),
            )
        )
    return tuple(pairs)


def verdicts_of(
    tests: Sequence[RankTest], *, alpha: float, equivalence: Sequence[float | None] = ()
) -> list[Verdict]:
    """Return the verdicts on the candidates of a family of tests.

    Args:
        tests: Of each pair; the second sample is the candidate's.
        alpha: Significance level of the family, in (0, 1).
        equivalence: Corrected p of each pair's test against the margin; empty for none.
    """
    adjusted = holm([test.p for test in tests])
    # Holm's correction is monotone, so the corrected floors are the floors of the corrected p.
    reachable = holm([None if test.p is None else test.smallest_p for test in tests])
    margins = equivalence or [None] * len(tests)
    return [
        _verdict(*each, alpha=alpha)
        for each in zip(tests, adjusted, reachable, margins, strict=True)
    ]


def _verdict(
    test: RankTest,
    adjusted: float | None,
    reachable: float | None,
    equivalence: float | None,
    *,
    alpha: float,
) -> Verdict:
    if adjusted is not None and adjusted < alpha:
        return "better" if test.excess < 0 else "worse"
    if equivalence is not None and equivalence < alpha:
        return "equivalent"
    if reachable is None:
        return "no test possible"
    return "too few seeds" if reachable >= alpha else "undecided"


def _differ_in_mean(first: Costs, second: Costs, verdict: Verdict) -> bool:
    x, y = finite(first), finite(second)
    if not len(x) or not len(y):
        return True  # ranks are all there is, and nothing contradicts them
    gap = float(np.mean(y)) - float(np.mean(x))
    return gap < 0 if verdict == "better" else gap > 0
