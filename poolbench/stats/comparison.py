"""A comparison: what the values of several variants show."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.stats.caveats import Caveat
from poolbench.stats.decision import Decision
from poolbench.stats.estimate import Estimate
from poolbench.stats.pairwise import Pair, Verdict, compare_pairs


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the values of several variants show.

    Args:
        values: Values as given: NaN = diverged, ``None`` = missing.
        estimates: Mean, spread and counts of each variant.
        collapsed: Number of collapsed runs of each variant; ``None`` if they were not counted.
        decision: Which variants are bold, and by which tests.
        rule: Name of the rule.
        alpha: Significance level of every test.
        lower_is_better: Whether smaller values of the metric are better.
        baseline: The variant that the others are compared with; empty for none.
        paired: Whether seeds are blocks.
        margin: Equivalence margin in the metric's unit, if there is one.
        declared: Pairs ``(a, b)`` chosen before the results were seen, the contrasts with the
            baseline first: the family over which their p is corrected.
        is_baseline_chosen: Whether the baseline was chosen after the results were seen.
        caveats: What a reader must know before believing the comparison.
    """

    values: Mapping[str, tuple[float | None, ...]]
    estimates: Mapping[str, Estimate]
    collapsed: Mapping[str, int | None]
    decision: Decision
    rule: str
    alpha: float
    lower_is_better: bool
    baseline: str
    paired: bool
    margin: float | None
    declared: tuple[tuple[str, str], ...]
    is_baseline_chosen: bool
    caveats: tuple[Caveat, ...]

    @property
    def bold(self) -> frozenset[str]:
        """Variants not shown worse than the best, which does not mean that they are equal."""
        return self.decision.bold

    @cached_property
    def family(self) -> tuple[Pair, ...]:
        """Every declared pair, corrected over all of them."""
        return self._compare(self.declared)

    @cached_property
    def contrasts(self) -> tuple[Pair, ...]:
        """Every other variant against the baseline; empty without a baseline."""
        others = [name for name in self.values if self.baseline and name != self.baseline]
        return tuple(self.pair(self.baseline, name) for name in others)

    @cached_property
    def planned(self) -> tuple[Pair, ...]:
        """The declared pairs that are no contrasts with a baseline of the suite."""
        if self.is_baseline_chosen:
            return self.family
        return tuple(pair for pair in self.family if pair.a != self.baseline)

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict on each variant against the baseline."""
        return {pair.b: pair.verdict for pair in self.contrasts}

    def pair(self, a: str, b: str) -> Pair:
        """Compare candidate ``b`` with ``a``.

        A declared pair is corrected over the family, any other over all pairs of variants, because
        it was chosen after the results were seen.

        Raises:
            BadInput: A name is unknown, or both are the same.
        """
        require_pair(a, b, self.values)
        family = self.family if self.is_declared(a, b) else self._all_pairs
        found = next(pair for pair in family if {pair.a, pair.b} == {a, b})
        return found if found.a == a else found.reversed()

    def is_declared(self, a: str, b: str) -> bool:
        """Whether a pair, in either order, was chosen before the results were seen."""
        return (a, b) in self.declared or (b, a) in self.declared

    def family_of(self, a: str, b: str) -> tuple[tuple[str, str], ...]:
        """Return the pairs over which the p of a pair is corrected, as :meth:`pair` says."""
        if self.is_declared(a, b):
            return self.declared
        return tuple(itertools.combinations(self.values, 2))

    @cached_property
    def _all_pairs(self) -> tuple[Pair, ...]:
        return self._compare(list(itertools.combinations(self.values, 2)))

    def _compare(self, names: Sequence[tuple[str, str]]) -> tuple[Pair, ...]:
        return compare_pairs(
            names,
            self.values,
            lower_is_better=self.lower_is_better,
            alpha=self.alpha,
            paired=self.paired,
            margin=self.margin,
        )


def require_pair(a: str, b: str, known: Mapping[str, Any]) -> None:
    """Check that two names are two of the variants.

    Raises:
        BadInput: They are not.
    """
    for name in (a, b):
        require_variant(name, known)
    if a == b:
        raise BadInput(f"'{a}' cannot be compared with itself", "name two variants")


def require_variant(name: str, known: Mapping[str, Any]) -> None:
    """Check that a name is among the variants.

    Raises:
        BadInput: It is not; the hint names the closest.
    """
    if name not in known:
        raise BadInput(f"unknown variant '{name}'", did_you_mean(name, known))
