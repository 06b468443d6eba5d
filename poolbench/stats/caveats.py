"""What a reader must know before believing a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from poolbench.core.counted import counted
from poolbench.stats.costs import Costs, complete_blocks, finite, is_constant, present
from poolbench.stats.decision import Decision
from poolbench.stats.estimate import Estimate
from poolbench.stats.floor import floor_message, smallest_p_of
from poolbench.stats.rank_tests import SMALL

SPREAD_RATIO = 2.0
_SPREAD_ALPHA = 0.05


@dataclass(frozen=True, kw_only=True)
class Caveat:
    """A reservation.

    Args:
        code: Stable identifier, for programs.
        text: One sentence, for people.
        variants: The variants concerned; empty for the whole comparison.
    """

    code: str
    text: str
    variants: tuple[str, ...] = ()


def caveats_of(
    costs: Mapping[str, Costs],
    estimates: Mapping[str, Estimate],
    collapsed: Mapping[str, int | None],
    decision: Decision,
    *,
    rule: str,
    alpha: float,
    paired: bool,
    comparisons: int,
) -> tuple[Caveat, ...]:
    """Collect every reservation about one comparison.

    Args:
        costs: Costs of each variant.
        estimates: Estimates of each variant.
        collapsed: Number of collapsed runs of each variant; ``None`` if not counted.
        decision: The decision of the rule.
        rule: Name of the rule.
        alpha: Significance level of the tests.
        paired: Whether seeds are blocks.
        comparisons: Pairs in the family of the pairwise tests.

    Returns:
        Caveats about the design, then about single variants, then about the rule.
    """
    return (
        *_about_design(costs, estimates, alpha=alpha, paired=paired, comparisons=comparisons),
        *_about_variants(costs, estimates, collapsed),
        *_about_spread(costs),
        *_about_rule(costs, decision, rule=rule),
    )


def _about_partners(costs: Mapping[str, Costs]) -> Iterator[Caveat]:
    """Say how many seeds lack a run of some variant: their other runs have no partner."""
    samples = [sample for sample in costs.values() if len(present(sample))]
    asked = len(samples[0]) if samples else 0
    whole = len(complete_blocks(samples)) if samples else 0
    if whole < asked:
        text = f"{asked - whole} of {asked} seeds lack a run of some variant; a paired test leaves "
        text += "out the seeds that one of its variants lacks"
        yield Caveat(code="unpaired-seeds", text=text)


def _about_design(
    costs: Mapping[str, Costs],
    estimates: Mapping[str, Estimate],
    *,
    alpha: float,
    paired: bool,
    comparisons: int,
) -> Iterator[Caveat]:
    sizes = sorted(e.n + e.n_diverged for e in estimates.values())
    if comparisons and sizes[-1]:
        # The two largest samples: if even they cannot differ, no pair can.
        best_two = (sizes[-2], sizes[-1])
        floor = smallest_p_of(best_two, paired=paired)
        if best_two[0] < 2 or floor * comparisons >= alpha:
            text = floor_message(best_two, alpha, comparisons, paired=paired)
            yield Caveat(code="too-few-seeds", text=text)
    some = [size for size in sizes if size]  # that a variant has no run is said of it
    if some and some[0] != some[-1]:
        text = f"variants have unequal numbers of runs, from {some[0]} to {some[-1]}"
        yield Caveat(code="unequal-n", text=text)
    if paired:
        yield from _about_partners(costs)


def _about_variants(
    costs: Mapping[str, Costs],
    estimates: Mapping[str, Estimate],
    collapsed: Mapping[str, int | None],
) -> Iterator[Caveat]:
    for name, e in estimates.items():
        about = (name,)
        if e.n_diverged:
            text = f"{name}: {e.n_diverged} of {counted(e.n_asked, 'run')} diverged; they rank "
            text += "worst in every test and are left out of the mean, which flatters it"
            yield Caveat(code="diverged", text=text, variants=about)
        if collapsed[name]:
            text = f"{name}: {collapsed[name]} of {counted(e.n_asked, 'run')} collapsed"
            if collapsed[name] != e.n:
                text += "; its mean and standard deviation mix two kinds of run"
            yield Caveat(code="collapsed", text=text, variants=about)
        if e.n_missing:
            text = f"{name}: {e.n_missing} of {counted(e.n_asked, 'run is', 'runs are')} missing"
            yield Caveat(code="missing", text=text, variants=about)
        if is_constant(costs[name]):
            text = f"{name}: {e.n} seeds gave one identical value; is the seed applied?"
            yield Caveat(code="constant", text=text, variants=about)


def _about_spread(costs: Mapping[str, Costs]) -> Iterator[Caveat]:
    kept = {name: finite(sample) for name, sample in costs.items() if len(finite(sample)) > 1}
    if len(kept) < 2:
        return
    spreads = {name: float(np.std(sample, ddof=1)) for name, sample in kept.items()}
    wide, narrow = max(spreads, key=spreads.__getitem__), min(spreads, key=spreads.__getitem__)
    if spreads[wide] <= SPREAD_RATIO * spreads[narrow]:
        return
    # Chosen as the two extremes of all, so the F test is corrected over the pairs.
    pairs = len(kept) * (len(kept) - 1) // 2
    share = (spreads[narrow] / spreads[wide]) ** 2
    freedom = len(kept[narrow]) - 1, len(kept[wide]) - 1
    if 2 * pairs * float(stats.f.cdf(share, *freedom)) < _SPREAD_ALPHA:
        text = f"{wide} scatters more than {SPREAD_RATIO:g} times as much as {narrow}: rank tests "
        text += "compare whole distributions, and of equal means can err more often than alpha"
        yield Caveat(code="unequal-spread", text=text, variants=(wide, narrow))


def _about_rule(costs: Mapping[str, Costs], decision: Decision, *, rule: str) -> Iterator[Caveat]:
    if rule == "paper":
        text = "rule 'paper' corrects for nothing: among six equal variants it calls at least one "
        text += "worse in about a third of columns at n = 30"
        yield Caveat(code="uncorrected", text=text)
        kept = [present(sample) for sample in costs.values()]
        sizes = [len(sample) for sample in kept if len(sample)]
        pooled = np.concatenate(kept)
        if sizes and min(sizes) <= SMALL and len(np.unique(pooled)) < len(pooled):
            text = "rule 'paper' takes its p from the normal approximation where values tie, "
            text += "which goes below what so few runs can show"
            yield Caveat(code="ties", text=text)
    if rule == "holm":
        text = "rule 'holm' compares with the best mean, which was chosen from the same runs: it "
        text += "drops an equal variant more often than alpha: at 0.05 in 8 % of columns of four "
        text += "variants at n = 30, and in 11 % of columns of eight"
        yield Caveat(code="best-selected", text=text)
    if decision.best and decision.best not in decision.bold:
        text = f"{decision.best} has the best mean but is not in the best set: "
        text += "its mean and its ranks disagree"
        yield Caveat(code="mean-not-in-set", text=text, variants=(decision.best,))
