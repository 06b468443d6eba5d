from __future__ import annotations

import math
from typing import Any

import pytest

from poolbench.core.errors import BadInput
from poolbench.stats import Comparison, compare
from poolbench.stats.overall import Overall, overall

Values = dict[str, list[float | None]]


def of(*conditions: Values, **options: Any) -> Overall:
    settings = {"lower_is_better": False, "baseline": "average", **options}
    return overall(
        {str(index): compare(values, **settings) for index, values in enumerate(conditions)}
    )


def shifted(by: float, around: float = 0.5) -> Values:
    """Values of a baseline, and of a variant that is shifted by so much."""
    base = [around + step / 1000 for step in (-2, -1, 0, 1, 2)]
    return {"average": [*base], "lae": [round(value + by, 6) for value in base]}


def test_a_shift_of_just_the_margin_is_a_tie() -> None:
    # In floats 0.007 is not 0.7 / 100, and 0.507 - 0.5 is neither.
    found = of(shifted(0.007), shifted(-0.007), shifted(0.0071), shifted(-0.008), margin=0.007)
    record = found.records["lae"]
    assert (record.wins, record.ties, record.losses) == (1, 2, 1)


def test_without_a_margin_only_equals_tie() -> None:
    record = of(shifted(0.001), shifted(0.0), shifted(-0.001), shifted(0.2)).records["lae"]
    assert (record.wins, record.ties, record.losses) == (2, 1, 1)


def test_a_lower_error_is_a_win_and_so_is_its_probability() -> None:
    found = of(shifted(-0.01), shifted(-0.02), shifted(-0.03), lower_is_better=True)
    record = found.records["lae"]
    assert (record.wins, record.losses, record.superiority) == (3, 0, 1.0)
    assert (found.contrasts["lae"]["0"].pair.superiority_ci or (0.0, 0.0))[1] == 1.0


def test_probabilities_are_averaged_and_points_are_not() -> None:
    # Of 25 pairs of runs 10 + 5/2, 25 and 0 are won.
    found = of(shifted(0.0), shifted(0.1), shifted(-0.3))
    record = found.records["lae"]
    assert record.superiority == pytest.approx(0.5)
    low, high = record.superiority_ci or (math.nan, math.nan)
    assert 0.3 < low < 0.5 < high < 0.7
    assert not any("shift" in name for name in vars(record))


def test_fewer_than_three_conditions_are_counted_and_not_averaged() -> None:
    found = of(shifted(0.1), shifted(0.2))
    assert found.records["lae"].wins == 2
    assert found.records["lae"].superiority is None
    assert found.mean_ranks == {}
    assert found.test is None


def test_ranks_come_with_three_conditions_and_a_test_with_eight() -> None:
    assert of(*[shifted(0.1)] * 3).mean_ranks == {"average": 2.0, "lae": 1.0}
    assert of(*[shifted(0.1)] * 7).test is None
    test = of(*[shifted(0.1)] * 8).test
    assert test is not None
    assert test.is_decided


def test_a_condition_with_a_missing_run_counts_nowhere() -> None:
    lacking = shifted(-0.4)
    lacking["lae"][0] = None
    found = of(shifted(0.1), lacking, shifted(0.2), shifted(0.3))
    assert found.incomparable == {"1": "1 of 10 runs missing"}
    assert found.comparable == ("0", "2", "3")
    assert found.records["lae"].losses == 0
    assert found.mean_ranks["lae"] == 1.0
    assert "1" not in found.contrasts["lae"]


def test_a_diverged_run_is_a_result_and_ranks_worst() -> None:
    lost = shifted(0.1)
    lost["lae"] = [math.nan] * 5
    found = of(lost, shifted(0.1), shifted(0.1))
    assert found.incomparable == {}
    assert found.records["lae"].losses == 1
    assert found.mean_ranks["lae"] == pytest.approx(4 / 3)


def test_without_a_baseline_there_are_ranks_alone() -> None:
    found = of(*[shifted(0.1)] * 3, baseline=None)
    assert found.records == {}
    assert found.mean_ranks == {"average": 2.0, "lae": 1.0}


def compared(values: Values | None = None, **options: Any) -> Comparison:
    settings = {"lower_is_better": False, "baseline": "average", **options}
    return compare(values or shifted(0.1), **settings)


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (compared(lower_is_better=True), "direction of the metric"),
        (compared(baseline=None), "baseline"),
        (compared({"average": [0.5, 0.6], "max": [0.5, 0.6]}), "variants"),
        (compared(alpha=0.01), "level alpha"),
        (compared(margin=0.01), "margin"),
        (compared(paired=True), "pairing"),
    ],
)
def test_what_is_not_comparable_is_refused(other: Comparison, what: str) -> None:
    with pytest.raises(BadInput, match=f"'b' and 'a' are not comparable: another {what}"):
        overall({"a": compared(), "b": other})


def test_one_condition_or_one_variant_is_nothing_to_take_together() -> None:
    with pytest.raises(BadInput, match="1 condition cannot be taken together"):
        overall({"a": compared()})
    alone = compared({"average": [0.5, 0.6]})
    with pytest.raises(BadInput, match="nothing to be compared with"):
        overall({"a": alone, "b": alone})
