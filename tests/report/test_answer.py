"""The answer in words says what the tests say, and no more."""

from __future__ import annotations

from typing import Any

from poolbench.report.studies.answer import answer
from poolbench.report.studies.outcomes import Outcomes
from poolbench.stats import compare

HIGH = [0.95, 0.951, 0.952, 0.953, 0.954]
LOW = [0.90, 0.901, 0.902, 0.903, 0.904]


def said(values: dict[str, list[float | None]], **options: Any) -> str:
    options.setdefault("lower_is_better", False)
    metric = "error" if options["lower_is_better"] else "accuracy"
    return answer(Outcomes(comparison=compare(values, **options), runs={}, metric=metric))


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
    assert "so few seeds could not have shown a difference" in text
    assert "worse" not in text


def test_those_not_shown_worse_are_listed_with_the_best() -> None:
    near = [value - 0.0004 for value in HIGH]
    assert "not shown worse: near." in said({"best": HIGH, "near": near, "low": LOW})


def test_without_runs_there_is_no_answer() -> None:
    assert said({"a": [None], "b": [None]}) == "No variant has a finished run."
