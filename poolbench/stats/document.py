"""A comparison as a JSON document.

It holds every per-seed value, so that other tests can be computed from it. Infinite interval ends,
values of diverged runs and undefined statistics are ``null``; so is p if no test exists.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy
import scipy

from poolbench.stats.comparison import Comparison
from poolbench.stats.pairwise import Pair

SCHEMA = 1


def document(comparison: Comparison) -> dict[str, Any]:
    """Return the document of one comparison.

    Args:
        comparison: The comparison to write.

    Returns:
        ``schema, rule, alpha, lower_is_better, baseline, paired, margin, family {kind, m},
        diverged_policy, spread {kind, ddof}, versions, variants, pairs, steps, warnings``. Pairs
        are those that were declared, or else all pairs.
    """
    pairs = comparison.family or _every_pair(comparison)
    return {
        "schema": SCHEMA,
        "rule": comparison.rule,
        "alpha": comparison.alpha,
        "lower_is_better": comparison.lower_is_better,
        "baseline": comparison.baseline or None,
        "paired": comparison.paired,
        "margin": comparison.margin,
        "family": {
            "kind": _kind_of_family(comparison),
            "m": pairs[0].family_size if pairs else 0,
        },
        "diverged_policy": "worst",
        "spread": {"kind": "std", "ddof": 1},
        "versions": {"scipy": scipy.__version__, "numpy": numpy.__version__},
        "variants": [_variant(comparison, name) for name in comparison.values],
        "pairs": [_finite(_pair(pair)) for pair in pairs],
        "steps": [_finite(asdict(step)) for step in comparison.decision.steps],
        "warnings": [asdict(caveat) for caveat in comparison.caveats],
    }


def _kind_of_family(comparison: Comparison) -> str:
    if comparison.planned:
        return "planned"
    is_declared = comparison.baseline and not comparison.is_baseline_chosen
    return "baseline" if is_declared else "all-pairs"


def _every_pair(comparison: Comparison) -> tuple[Pair, ...]:
    names = list(comparison.values)
    return tuple(comparison.pair(a, b) for index, a in enumerate(names) for b in names[index + 1 :])


def _variant(comparison: Comparison, name: str) -> dict[str, Any]:
    estimate = comparison.estimates[name]
    return _finite(
        {
            "name": name,
            "values": list(comparison.values[name]),
            "statuses": [_status(value) for value in comparison.values[name]],
            "n_ok": estimate.n,
            "n_diverged": estimate.n_diverged,
            "n_missing": estimate.n_missing,
            "n_collapsed": comparison.collapsed[name],
            "mean": estimate.mean,
            "std": estimate.std,
            "median": estimate.median,
            "ci95_mean": [estimate.ci_low, estimate.ci_high],
            "bold": name in comparison.bold,
            "untested": name in comparison.decision.untested,
            "p_rule": comparison.decision.p_values[name],
            "verdict": comparison.verdicts.get(name),
        }
    )


def _status(value: float | None) -> str:
    if value is None:
        return "missing"
    return "ok" if math.isfinite(value) else "diverged"


def _pair(pair: Pair) -> dict[str, Any]:
    intervals = {"shift_ci": pair.shift_ci, "superiority_ci": pair.superiority_ci}
    return asdict(pair) | {k: None if ci is None else list(ci) for k, ci in intervals.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
