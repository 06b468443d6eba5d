"""The result of a comparison in a sentence or two that claim no more than its tests show.

Every clause is derived from the decision of the rule or from a verdict, as in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from poolbench.report.number_format import per_cent
from poolbench.report.studies.maps import sentence
from poolbench.report.studies.outcomes import Outcomes
from poolbench.stats import Caveat, Comparison, Verdict

_ORDER: tuple[tuple[Verdict, str], ...] = (
    ("better", "better"),
    ("equivalent", "equivalent within the margin"),
    ("worse", "worse"),
    ("undecided", "undecided"),
    ("too few seeds", "too few seeds for this test"),
    ("no test possible", "no test possible"),
)
_SINGLE = "single-element"
_NOTHING_COMPARED = (_SINGLE, "same-network", "identical")


def answer(outcomes: Outcomes) -> str:
    """Return the result on one data set: the best, those not shown worse, the contrasts.

    Args:
        outcomes: The comparison and its runs.

    Returns:
        Sentences with the suite's names. The best variant has the best mean, with diverged runs
        counted as the worst value.
    """
    comparison, metric = outcomes.comparison, outcomes.metric
    finished = [name for name, e in comparison.estimates.items() if e.n]
    if not finished:
        return "No variant has a finished run."
    unlike = [caveat for caveat in comparison.caveats if caveat.code in _NOTHING_COMPARED]
    if any(set(finished) <= set(c.variants) for c in unlike if c.code != _SINGLE):
        return " ".join(["Nothing was compared.", *(_sentence(each) for each in unlike)])
    leader, others = _leader(comparison, finished, metric), _others(comparison, finished, metric)
    sentences = [f"{leader}; {others}." if others else f"{leader}."]
    sentences += [_sentence(each) for each in unlike]
    if comparison.baseline and len(comparison.values) > 1:
        sentences.append(_contrasts(comparison))
    sentences += _planned(comparison)
    estimates = comparison.estimates
    sentences += _lost(comparison, "diverged", lambda name: estimates[name].n_diverged)
    sentences += _lost(comparison, "collapsed", lambda name: comparison.collapsed[name])
    return " ".join(sentences)


def _leader(comparison: Comparison, finished: Sequence[str], metric: str) -> str:
    best, estimates = comparison.decision.best, comparison.estimates
    means = {name: estimates[name].mean for name in finished}
    extreme = f"{'lowest' if comparison.lower_is_better else 'highest'} {metric}"
    level = [name for name, mean in means.items() if mean == means[best]]
    if len(level) > 1 and not any(estimates[name].n_diverged for name in finished):
        return f"{_listed(level)} share the {extreme}, {per_cent(means[best])} %"
    beyond = min if comparison.lower_is_better else max
    if beyond(means.values()) != means[best]:
        # Another variant's finished runs are better, but some of its runs diverged.
        extreme += " with diverged runs counted as the worst"
    shown = per_cent(means[best], estimates[best].std)
    return f"{best} has the {extreme}, {shown} % ({_seeds(comparison, best)})"


def _seeds(comparison: Comparison, name: str) -> str:
    e = comparison.estimates[name]
    return f"n = {e.n} of {e.n + e.n_diverged}" if e.n_diverged else f"n = {e.n}"


def _others(comparison: Comparison, finished: Sequence[str], metric: str) -> str:
    decision = comparison.decision
    left = [name for name in finished if name in decision.bold]
    dropped = [name for name in finished if name not in decision.bold]
    rest = [name for name in left if name != decision.best]
    if len(comparison.values) == 1:
        return ""
    if len(finished) == 1:
        return "no other variant has a finished run"
    if decision.best in dropped:
        return f"but its ranks are shown worse; not shown worse: {_listed(left)}"
    if not rest:
        which = "" if len(finished) == len(comparison.values) else "that finished "
        return f"every other variant {which}is shown worse"
    if dropped:
        return f"not shown worse: {_listed(rest)}"
    is_decided = any(pair.verdict in ("better", "worse") for pair in comparison.family)
    if decision.untested.issuperset(finished):
        if is_decided:
            return f"rule '{comparison.rule}' has too few seeds to show any variant worse"
        return "no test of these seeds could have shown a difference"
    if is_decided:
        return f"the test of all variants together shows no difference in {metric}"
    return f"no difference in {metric} is shown"


def _contrasts(comparison: Comparison) -> str:
    parts = []
    for verdict, text in _ORDER:
        found = [pair for pair in comparison.contrasts if pair.verdict == verdict]
        for names, qualified in (
            ([pair.b for pair in found if not pair.is_by_rank_only], text),
            ([pair.b for pair in found if pair.is_by_rank_only], f"{text} by rank, not in mean"),
        ):
            parts += [f"{qualified}: {_listed(names)}"] if names else []
    return f"Against {comparison.baseline} - {'; '.join(parts)}."


def _planned(comparison: Comparison) -> Iterator[str]:
    found = [
        f"{pair.b} against {pair.a} {dict(_ORDER)[pair.verdict]}"
        + (" by rank, not in mean" if pair.is_by_rank_only else "")
        for pair in comparison.planned
    ]
    if found:
        yield f"As planned - {_listed(found)}."


def _lost(comparison: Comparison, how: str, count: Callable[[str], int | None]) -> Iterator[str]:
    found = [
        f"{count(name)} of {e.n + e.n_diverged} of {name}"
        for name, e in comparison.estimates.items()
        if count(name)
    ]
    if found:
        yield f"Runs {how}: {_listed(found)}."


def _sentence(caveat: Caveat) -> str:
    # Others begin with the name of a variant.
    return sentence(caveat.text) if caveat.code == _SINGLE else f"{caveat.text}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
