"""The answer in words says what the tests say, and no more."""

from __future__ import annotations

import math
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from poolbench.report.studies.answer import answer
from poolbench.report.studies.comparison_cells import ranked_cell, verdict_cell
from poolbench.report.studies.outcomes import Outcomes
from poolbench.stats import Comparison, compare, judge_shift

HIGH = [0.95, 0.951, 0.952, 0.953, 0.954]
LOW = [0.90, 0.901, 0.902, 0.903, 0.904]


def said(values: dict[str, list[float | None]], **options: Any) -> str:
    options.setdefault("lower_is_better", False)
    metric = "error" if options["lower_is_better"] else "accuracy"
    comparison = compare(values, **options)
    outcomes = Outcomes(
        comparison=comparison, shown=tuple(values), runs={}, metric=metric, classes=10
    )
    return answer(outcomes)


def test_a_clear_winner_is_named_with_its_number() -> None:
    text = said({"average": LOW, "lae": HIGH}, baseline="average")
    assert text == (
        "lae has the highest accuracy, 95.20 ± 0.16 % (n = 5); "
        "every other variant is shown worse. Against average - better: lae."
    )


def test_the_lowest_error_wins() -> None:
    assert said({"a": HIGH, "b": LOW}, lower_is_better=True).startswith("b has the lowest error")


def test_equal_variants_are_not_called_different() -> None:
    text = said({"a": HIGH, "b": [value + 1e-6 for value in HIGH]}, baseline="a")
    assert "no difference in accuracy is shown" in text
    assert "undecided: b" in text


def test_variants_of_one_mean_share_the_first_place() -> None:
    text = said({"a": LOW, "b": HIGH, "c": HIGH[::-1]})
    assert text.startswith("b, c share the highest accuracy, 95.20 %; ")
    assert said({"a": [0.0], "b": [0.0]}).startswith("a, b share the highest accuracy, 0.00 %")


def test_few_seeds_are_said_to_show_nothing() -> None:
    text = said({"a": HIGH[:2], "b": LOW[:2]}, baseline="a")
    assert "no test of these seeds could have shown a difference" in text
    assert "worse" not in text


def test_those_not_shown_worse_are_listed_with_the_best() -> None:
    near = [value - 0.0004 for value in HIGH]
    assert "not shown worse: near." in said({"best": HIGH, "near": near, "low": LOW})


def test_without_runs_there_is_no_answer() -> None:
    assert said({"a": [None], "b": [None]}) == "No variant has a finished run."


def test_runs_that_diverged_are_counted_in_the_sentence() -> None:
    nan = math.nan
    steady = [0.905, 0.906, 0.907, 0.908, 0.909]
    text = said({"steady": steady, "lucky": [0.9105, nan, nan, nan, nan]})
    assert text.startswith(
        "steady has the highest accuracy with diverged runs counted as the worst, "
        "90.70 ± 0.16 % (n = 5); "
    )
    assert text.endswith("Runs diverged: 4 of 5 of lucky.")
    text = said({"steady": LOW, "good": [0.95, 0.951, 0.952, 0.953, nan]})
    assert text.startswith("good has the highest accuracy, 95.15 ± 0.13 % (n = 4 of 5); ")


def test_a_verdict_is_never_beside_the_claim_that_no_difference_is_shown() -> None:
    # The contrast with the baseline decides, and the test of all three together does not.
    counts = {
        "base": [449, 451, 449, 443, 443],
        "up": [457, 457, 458, 460, 453],
        "wide": [467, 430, 433, 468, 467],
    }
    values: dict[str, list[float | None]] = {
        name: [count / 500 for count in row] for name, row in counts.items()
    }
    comparison = compare(values, lower_is_better=False, baseline="base")
    text = said(values, baseline="base")
    assert comparison.bold == set(values)
    assert comparison.verdicts["up"] == "better"
    assert "the test of all variants together shows no difference in accuracy" in text


def test_a_best_mean_whose_ranks_are_worse_is_said_to_be_so() -> None:
    counts = {
        "spiky": [438, 440, 440, 438, 440, 440, 499, 499],
        "even": [447, 447, 449, 449, 448, 447, 446, 449],
        "flat": [446, 447, 447, 445, 446, 447, 445, 447],
    }
    text = said({name: [count / 500 for count in row] for name, row in counts.items()})
    assert text.startswith("spiky has the highest accuracy, ")
    assert text.endswith("; but its ranks are shown worse; not shown worse: even.")


def test_seeds_that_all_gave_one_value_are_no_test() -> None:
    comparison = compare({"a": [1.0] * 5, "b": [2.0] * 5}, lower_is_better=True, baseline="a")
    assert comparison.bold == {"a", "b"}
    assert comparison.decision.untested == {"a", "b"}
    assert comparison.verdicts == {"b": "no test possible"}
    assert comparison.pair("a", "b").p is None
    text = said({"a": [0.5] * 5, "b": [0.6] * 5}, baseline="a")
    assert "no test of these seeds could have shown a difference" in text


def test_a_verdict_by_rank_is_qualified_where_the_mean_does_not_support_it() -> None:
    # Five of six runs are above all others; the sixth collapsed, and with it the mean.
    values = {"a": [0.90, 0.91, 0.92, 0.93, 0.94, 0.95], "b": [0.96 + 0.001 * i for i in range(8)]}
    values["b"].append(0.1)
    comparison = compare(values, lower_is_better=False, baseline="a", collapse=0.3)
    (pair,) = comparison.contrasts
    assert (pair.verdict, pair.is_by_rank_only) == ("better", True)
    assert (
        not compare({"a": values["a"], "b": values["b"][:6]}, lower_is_better=False)
        .pair("a", "b")
        .is_by_rank_only
    )
    text = said(values, baseline="a", collapse=0.3)
    assert "Against a - better by rank, not in mean: b." in text
    assert text.endswith("Runs collapsed: 1 of 9 of b.")
    assert verdict_cell(pair).text == "better by rank, not in mean"
    assert verdict_cell(pair).values == ("better",)


SEEDS = 6
SAMPLES = st.one_of(
    st.lists(
        st.one_of(
            st.integers(440, 500).map(lambda count: count / 500), st.just(math.nan), st.none()
        ),
        min_size=SEEDS,
        max_size=SEEDS,
    ),
    st.lists(st.integers(430, 470).map(lambda c: c / 500), min_size=SEEDS, max_size=SEEDS),
    st.integers(440, 446).map(lambda count: [count / 500] * SEEDS),
    st.lists(st.integers(470, 474).map(lambda c: c / 500), min_size=SEEDS, max_size=SEEDS),
    # Some runs collapse: their ranks and their mean may part.
    st.lists(
        st.one_of(st.integers(470, 500), st.integers(470, 500), st.integers(40, 60)).map(
            lambda count: count / 500
        ),
        min_size=SEEDS,
        max_size=SEEDS,
    ),
    st.just([math.nan] * SEEDS),
    st.just([None] * (SEEDS - 1) + [0.9]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(SAMPLES, min_size=2, max_size=5),
    st.sampled_from(["set", "holm"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(2, SEEDS),
)
def test_sentence_bold_verdicts_and_gates_say_one_thing(
    samples: list[list[float | None]],
    rule: str,
    lower: bool,
    has_baseline: bool,
    has_planned: bool,
    seeds: int,
) -> None:
    # Ties, diverged and missing runs, frozen seeds, single runs, few seeds.
    values = {f"v{i}": sample[-seeds:] for i, sample in enumerate(samples)}
    baseline = "v0" if has_baseline else None
    options: dict[str, Any] = {
        "rule": rule,
        "lower_is_better": lower,
        "baseline": baseline,
        "collapse": 0.3,
        "planned": [("v1", "v0")] + [("v1", "v2")] * (len(values) > 2) if has_planned else [],
    }
    comparison, text = compare(values, **options), said(values, **options)
    finished = {name for name, e in comparison.estimates.items() if e.n}
    if not finished:
        assert text == "No variant has a finished run."
        return
    _check_leader(text, comparison, finished)
    _check_rule(text, comparison, finished)
    _check_contrasts(text, comparison)
    for name, e in comparison.estimates.items():
        present = [value for value in values[name] if value is not None and value == value]
        collapsed = sum(value > 0.3 if lower else value < 0.3 for value in present)
        for how, count in (("diverged", e.n_diverged), ("collapsed", collapsed)):
            told = re.search(rf"Runs {how}: ([^.]*)\.", text)
            listed = told[1].split(", ") if told else []
            assert (f"{count} of {e.n + e.n_diverged} of {name}" in listed) == (count > 0)
    for pair in comparison.contrasts:
        worse = ">" if lower else "<"
        judged = judge_shift(values["v0"], values[pair.b], worse, 0.0, lower_is_better=lower)
        assert (pair.verdict, judged.outcome) not in {("worse", "passes"), ("better", "fails")}


def _check_leader(text: str, comparison: Comparison, finished: set[str]) -> None:
    means = {name: comparison.estimates[name].mean for name in finished}
    extreme = (min if comparison.lower_is_better else max)(means.values())
    named = re.match(r"([\w, ]+?) (?:has|share) the (?:lowest|highest) \w+( with diverged)?", text)
    assert named
    leaders = named[1].split(", ")
    assert comparison.decision.best in leaders
    assert {means[name] for name in leaders} == {means[comparison.decision.best]}
    assert bool(named[2]) == (means[leaders[0]] != extreme)


def _check_rule(text: str, comparison: Comparison, finished: set[str]) -> None:
    best, bold = comparison.decision.best, comparison.bold
    dropped = finished - bold
    is_decided = any(pair.verdict in ("better", "worse") for pair in comparison.family)
    listed = re.search(r"not shown worse: ([\w, ]+)", text)
    if listed:
        assert set(listed[1].split(", ")) == bold & finished - {best}
        assert dropped
    alone = len(finished) > 1 and bold & finished == {best}
    assert ("every other variant" in text) == alone
    if f"no difference in {'error' if comparison.lower_is_better else 'accuracy'} is shown" in text:
        assert not dropped
        assert not comparison.decision.untested >= finished
        assert not is_decided
    if "shows no difference" in text:
        assert not dropped
    if "no test of these seeds" in text:
        assert comparison.decision.untested >= finished
        assert not dropped
        assert not is_decided
    if "too few seeds to show any variant worse" in text:
        assert comparison.decision.untested >= finished
        assert is_decided
    for name in comparison.values:
        cell = ranked_cell(comparison, name)
        assert cell.is_bold == (name in bold)
        assert ("?" in cell.mark) == (name in comparison.decision.untested)


def _check_contrasts(text: str, comparison: Comparison) -> None:
    found: dict[str, str] = {}
    if " Against v0 - " in text:
        for part in text.split(" Against v0 - ")[1].split(".")[0].split("; "):
            verdict, names = part.split(": ")
            found |= dict.fromkeys(names.split(", "), verdict)
    assert found == {
        pair.b: pair.verdict.replace("few seeds", "few seeds for this test")
        + " by rank, not in mean" * pair.is_by_rank_only
        for pair in comparison.contrasts
    }
