"""How often the statistics err: the table in the README, by simulation.

    python .ci/calibration.py [--simulations 2000] [--seed 0]

Each row is an error that should be as rare as its level says; each entry a rate in per cent over
the simulated studies. Takes about a quarter of an hour on two
cores.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poolbench.stats import compare, estimate, judge_level, judge_shift, rank_correlation
from poolbench.stats.collapse import count_collapsed
from poolbench.stats.costs import oriented
from poolbench.stats.equivalence import equivalence_p
from poolbench.stats.shift import location_shift

SEEDS = (3, 5, 10, 30)
COLLAPSE = 0.3
Random = np.random.Generator
Sample = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Case:
    """An error that a study can make.

    Args:
        text: What happens, wrongly.
        level: How often it may, in per cent; empty where nothing promises a level.
        errs: Whether it happens in one study of so many seeds.
        fewest: Fewest seeds for which it is defined.
    """

    text: str
    level: str
    errs: Callable[[Random, int], bool]
    fewest: int = 3


def runs(random: Random, n: int, *, mean: float = 0.9, std: float = 0.005) -> Sample:
    """Return accuracies of n runs on 500 images: counts, of normal spread around a mean."""
    return np.rint(500 * random.normal(mean, std, n)) / 500


def collapsing(random: Random, n: int, *, std: float, share: float = 0.15) -> Sample:
    """Return accuracies of which a share collapses to that of a guess, with a mean of 0.8."""
    good = (0.8 - share * 0.1) / (1 - share)
    return np.where(random.random(n) < share, 0.1, runs(random, n, mean=good, std=std))


def a_rule_drops(rule: str, k: int, spread: float = 1.0) -> Callable[[Random, int], bool]:
    """Return whether a rule shows one of k variants worse whose means are equal."""

    def errs(random: Random, n: int) -> bool:
        values = {f"v{i}": runs(random, n, std=0.01) for i in range(1, k)}
        values["v0"] = runs(random, n, std=0.01 * spread)
        return len(compare(values, lower_is_better=False, rule=rule).bold) < k

    return errs


def a_verdict_errs(random: Random, n: int) -> bool:
    """Return whether any of three equal variants is called better or worse than the baseline."""
    values = {f"v{i}": runs(random, n, std=0.01) for i in range(4)}
    verdicts = compare(values, lower_is_better=False, baseline="v0").verdicts
    return bool({"better", "worse"} & set(verdicts.values()))


def a_collapsing_variant_is_better(*, unqualified: bool) -> Callable[[Random, int], bool]:
    """Return whether a variant of equal mean that collapses is called better."""

    def errs(random: Random, n: int) -> bool:
        values = {"a": runs(random, n, mean=0.8, std=0.05), "b": collapsing(random, n, std=0.05)}
        (pair,) = compare(values, lower_is_better=False, baseline="a").contrasts
        collapsed = count_collapsed(values["b"].tolist(), COLLAPSE, lower_is_better=False)
        is_qualified = pair.is_by_rank_only or collapsed > 0
        return pair.verdict == "better" and not (unqualified and is_qualified)

    return errs


def a_change_fails(
    std: float, *, before: int = 0, std_before: float = 0.0, candidates: int = 1, level: int = 1
) -> Callable[[Random, int], bool]:
    """Return whether a gate on a difference fails for any candidate that is just at its bound."""

    def errs(random: Random, n: int) -> bool:
        reference = runs(random, before or n, std=std_before or std).tolist()
        return any(
            judge_shift(
                reference,
                runs(random, n, mean=0.89, std=std).tolist(),
                "<",
                -0.01,
                lower_is_better=False,
                alpha=0.05 / level,
            ).outcome
            == "fails"
            for _ in range(candidates)
        )

    return errs


def a_level_fails(random: Random, n: int) -> bool:
    """Return whether a gate on a level fails for a variant that is just at it."""
    values = runs(random, n).tolist()
    return judge_level(values, "<", 0.9, lower_is_better=False).outcome == "fails"


def a_level_passes(random: Random, n: int) -> bool:
    """Return whether a level passes that the mean misses, as some runs collapse."""
    values = collapsing(random, n, std=0.005).tolist()
    return judge_level(values, "<", 0.9, lower_is_better=False).outcome == "passes"


def the_mean_is_missed(random: Random, n: int) -> bool:
    """Return whether Student's interval misses the mean."""
    e = estimate(runs(random, n).tolist())
    return not e.ci_low <= 0.9 <= e.ci_high


def the_shift_is_missed(random: Random, n: int) -> bool:
    """Return whether the interval of a shift misses it."""
    values = {"a": runs(random, n).tolist(), "b": runs(random, n, mean=0.91).tolist()}
    costs, scale = oriented(values, lower_is_better=True)
    _, interval = location_shift(costs["a"], costs["b"])
    return interval is not None and not interval[0] <= scale.bound(0.01) <= interval[1]


def a_margin_is_met(random: Random, n: int) -> bool:
    """Return whether two variants that differ by the margin are called equivalent."""
    p = equivalence_p(runs(random, n), runs(random, n, mean=0.91), 0.01)
    return p is not None and p < 0.05


def a_correlation_is_missed(random: Random, n: int) -> bool:
    """Return whether the interval of Spearman's rho misses a high one, of normal pairs."""
    r = 0.95
    x, noise = random.normal(size=(2, n))
    found = rank_correlation(x, r * x + math.sqrt(1 - r * r) * noise)
    return not found.ci_low <= 6 / math.pi * math.asin(r / 2) <= found.ci_high


CASES = (
    *(
        Case(text=f"rule `{rule}` drops one of {k} equal variants", level=level,
             errs=a_rule_drops(rule, k))
        for rule, level in (("set", "5"), ("holm", ""), ("paper", ""))
        for k in (2, 4, 8)
    ),
    Case(text="rule `set` drops one of 4 of equal mean, of which one scatters 5 times as much",
         level="", errs=a_rule_drops("set", 4, 5.0)),
    Case(text="one of 3 equal variants is called better or worse than the baseline", level="5",
         errs=a_verdict_errs),
    Case(text="a variant of equal mean, 15 % of whose runs collapse, is called better", level="",
         errs=a_collapsing_variant_is_better(unqualified=False)),
    Case(text="the same, with neither *by rank, not in mean* nor a count of collapsed runs",
         level="", errs=a_collapsing_variant_is_better(unqualified=True)),
    Case(text="two variants that differ by the margin are called equivalent", level="5",
         errs=a_margin_is_met),
    Case(text="a gate on a difference fails just at its bound, spread 0.5 points", level="2.5",
         errs=a_change_fails(0.005)),
    Case(text="the same, spread 0.1 points", level="2.5", errs=a_change_fails(0.001)),
    Case(text="the same, 30 earlier runs of spread 0.2 against n of spread 1", level="2.5",
         errs=a_change_fails(0.01, before=30, std_before=0.002)),
    Case(text="a gate fails for any of 12 candidates just at their bound", level="",
         errs=a_change_fails(0.005, candidates=12)),
    Case(text="the same with `--familywise`", level="2.5",
         errs=a_change_fails(0.005, candidates=12, level=12)),
    Case(text="a gate on a level fails just at it", level="2.5", errs=a_level_fails),
    Case(text="a gate on a level passes, of whose runs 15 % collapse", level="",
         errs=a_level_passes),
    Case(text="the interval of a mean misses it", level="5", errs=the_mean_is_missed),
    Case(text="the interval of a shift misses it", level="5", errs=the_shift_is_missed, fewest=5),
    Case(text="the interval of Spearman's ρ misses 0.95, of n operators", level="5",
         errs=a_correlation_is_missed, fewest=10),
)  # fmt: skip


def rate(case: int, n: int, simulations: int, seed: int) -> float:
    """Return how often one of :data:`CASES` errs with n seeds, a fraction."""
    random = np.random.default_rng([seed, n])
    return sum(CASES[case].errs(random, n) for _ in range(simulations)) / simulations


def table(simulations: int, seed: int) -> Iterator[str]:
    """Yield the lines of the Markdown table."""
    titles = " | ".join(f"n = {n}" for n in SEEDS)
    yield f"| rate in %, of {simulations:,} studies | level | {titles} |"
    yield "|---" * (2 + len(SEEDS)) + "|"
    with ProcessPoolExecutor() as pool:
        asked = [
            [
                pool.submit(rate, index, n, simulations, seed) if n >= case.fewest else None
                for n in SEEDS
            ]
            for index, case in enumerate(CASES)
        ]
        for case, row in zip(CASES, asked, strict=True):
            found = ["–" if each is None else f"{100 * each.result():.1f}" for each in row]
            yield f"| {case.text} | {case.level or '–'} | {' | '.join(found)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for line in table(options.simulations, options.seed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
