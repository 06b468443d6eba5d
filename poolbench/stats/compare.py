"""The entry point of the statistics: values in, :class:`Comparison` out."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from fractions import Fraction

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.pairs import declared_pairs
from poolbench.stats.caveats import caveats_of
from poolbench.stats.collapse import count_collapsed
from poolbench.stats.comparison import Comparison, require_pair, require_variant
from poolbench.stats.costs import oriented
from poolbench.stats.decide import decide
from poolbench.stats.estimate import estimate
from poolbench.stats.rules import RULES


def compare(
    values: Mapping[str, Sequence[float | None]],
    *,
    lower_is_better: bool,
    rule: str = "set",
    baseline: str | None = None,
    alpha: float = 0.05,
    paired: bool = False,
    margin: float | None = None,
    planned: Sequence[tuple[str, str]] = (),
    is_baseline_chosen: bool = False,
    collapse: float | Fraction | None = None,
) -> Comparison:
    """Compare variants by their per-seed values of one metric.

    Args:
        values: Per variant, one value per seed: NaN = diverged, which ranks worst; ``None`` =
            missing. Ratios of counts and decimals are taken for what they stand for: 0.3 - 0.2 and
            0.2 - 0.1 are equal.
        lower_is_better: Whether smaller values are better: true for an error, false for an
            accuracy.
        rule: ``set``, ``paper`` or ``holm``: see ``poolbench.stats.rules``.
        baseline: The variant that every other is compared with; ``None`` for none.
        alpha: Significance level of every test, in (0, 1).
        paired: Whether values at the same index share a seed as a block; a choice of design.
        margin: Equivalence margin, above 0, in the unit of the values.
        planned: Pairs ``(a, b)`` declared before any result was seen. With the contrasts against
            the baseline they are one family, over which p is corrected.
        is_baseline_chosen: Whether the baseline was chosen after results were seen: contrasts with
            it are corrected over all pairs.
        collapse: A run whose value is worse has collapsed, which is counted and said; it stays in
            every mean and test. ``None`` to count none.

    Returns:
        The comparison.

    Raises:
        BadInput: There is no variant, a variant has no values, the rule, the baseline or a planned
            variant is unknown, alpha or margin is out of range, or paired values differ in length.
    """
    _check(values, rule=rule, baseline=baseline, alpha=alpha, paired=paired, margin=margin)
    for pair in planned:
        require_pair(*pair, values)
    costs, _ = oriented(values, lower_is_better=lower_is_better)
    estimates = {name: estimate(sample) for name, sample in values.items()}
    decision = decide(rule, costs, alpha, paired=paired)
    collapsed = {
        name: None
        if collapse is None
        else count_collapsed(sample, collapse, lower_is_better=lower_is_better)
        for name, sample in values.items()
    }
    declared = declared_pairs(values, None if is_baseline_chosen else baseline, planned)
    k = len(values)
    return Comparison(
        values={name: tuple(sample) for name, sample in values.items()},
        estimates=estimates,
        collapsed=collapsed,
        decision=decision,
        rule=rule,
        alpha=alpha,
        lower_is_better=lower_is_better,
        baseline=baseline or "",
        paired=paired,
        margin=margin,
        declared=declared,
        is_baseline_chosen=is_baseline_chosen and bool(baseline),
        caveats=caveats_of(
            costs,
            estimates,
            collapsed,
            decision,
            rule=rule,
            alpha=alpha,
            paired=paired,
            comparisons=len(declared) or k * (k - 1) // 2,
        ),
    )


def _check(
    values: Mapping[str, Sequence[float | None]],
    *,
    rule: str,
    baseline: str | None,
    alpha: float,
    paired: bool,
    margin: float | None,
) -> None:
    if not values:
        raise BadInput("there are no variants to compare", "give the values of at least one")
    for name, sample in values.items():
        if not len(sample):
            raise BadInput(
                f"variant '{name}' has no values", "give one value per seed, None for a missing run"
            )
        for value in sample:
            if value is not None and not isinstance(value, numbers.Real):
                raise BadInput(
                    f"a value of variant '{name}' is {value!r}",
                    "give numbers, None for a missing run",
                )
    if rule not in RULES:
        raise BadInput(f"unknown rule '{rule}'", did_you_mean(rule, RULES))
    if baseline:
        require_variant(baseline, values)
    if not 0 < alpha < 1:
        raise BadInput(
            f"alpha is {alpha:g}", "alpha is a probability between 0 and 1, such as 0.05"
        )
    if margin is not None and not margin > 0:
        raise BadInput(
            f"the equivalence margin is {margin:g}", "give a margin above 0, or leave it out"
        )
    if paired and len({len(sample) for sample in values.values()}) > 1:
        lengths = ", ".join(f"{name} {len(sample)}" for name, sample in values.items())
        raise BadInput(
            f"paired values must be of equal length: {lengths}",
            "put None where a variant lacks a seed, or compare unpaired",
        )
