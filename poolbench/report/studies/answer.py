"""The result of a comparison in a sentence or two, within what its tests show."""

from __future__ import annotations

import math
from collections.abc import Sequence

from poolbench.report.number_format import per_cent
from poolbench.report.studies.outcomes import Outcomes
from poolbench.stats import Comparison, Verdict

_ORDER: tuple[tuple[Verdict, str], ...] = (
    ("better", "better"),
    ("equivalent", "equivalent within the margin"),
    ("worse", "worse"),
    ("undecided", "undecided"),
    ("no test possible", "no test possible"),
)


def answer(outcomes: Outcomes) -> str:
    """Return the result on one data set: the best, those not shown worse, the contrasts.

    Args:
        outcomes: The comparison and its runs.

    Returns:
        Sentences with the suite's names.
    """
    comparison = outcomes.comparison
    finished = {n: e for n, e in comparison.estimates.items() if math.isfinite(e.mean)}
    if not finished:
        return "No variant has a finished run."
    choose = min if comparison.lower_is_better else max
    best = choose(finished, key=lambda name: finished[name].mean)
    extreme = "lowest" if comparison.lower_is_better else "highest"
    mean = per_cent(finished[best].mean, finished[best].std)
    sentences = [f"{best} has the {extreme} {outcomes.metric}, {mean} % (n = {finished[best].n})"]
    equal = [n for n, e in finished.items() if math.isclose(e.mean, finished[best].mean)]
    if len(equal) > 1:
        mean = per_cent(finished[best].mean)
        sentences = [f"{_listed(equal)} share the {extreme} {outcomes.metric}, {mean} %"]
    if len(finished) == 1:
        return sentences[0] + "."
    sentences[0] += f"; {_others(comparison, best, outcomes.metric)}."
    if comparison.baseline:
        sentences.append(_contrasts(comparison))
    return " ".join(sentences)


def _others(comparison: Comparison, best: str, metric: str) -> str:
    if comparison.decision.untested:
        return "so few seeds could not have shown a difference"
    others = [name for name in comparison.values if name in comparison.bold - {best}]
    if not others:
        return "every other variant is shown worse"
    if len(others) == len(comparison.values) - 1:
        return f"no difference in {metric} is shown"
    return f"not shown worse: {_listed(others)}"


def _contrasts(comparison: Comparison) -> str:
    parts = []
    for verdict, text in _ORDER:
        names = [name for name, found in comparison.verdicts.items() if found == verdict]
        if names:
            parts.append(f"{text}: {_listed(names)}")
    return f"Against {comparison.baseline} - {'; '.join(parts)}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
