"""Every reservation, at the edge where it begins, and whom and how many it is about."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

import pytest

from poolbench.stats import Caveat
from poolbench.stats import compare as compare_values
from poolbench.stats.collapse import collapse_level

compare = partial(compare_values, lower_is_better=True)

NAN = math.nan
Values = Mapping[str, Sequence[float | None]]


def sized(*sizes: int, first: float = 0.0) -> dict[str, list[float]]:
    """Return variants of so many runs each, no two of them equal, all of about one spread."""
    return {
        f"v{index}": [first + 0.01 * index + run for run in range(size)]
        for index, size in enumerate(sizes)
    }


def caveat(code: str, values: Values, **options: object) -> Caveat | None:
    caveats = compare(values, **options).caveats  # type: ignore[arg-type]
    return next((each for each in caveats if each.code == code), None)


def numbers(found: Caveat | None) -> list[str]:
    assert found is not None
    return re.findall(r"\b\d+\b", found.text)


@pytest.mark.parametrize(
    ("sizes", "is_told"),
    [
        # Two samples: 2 / C(n1 + n2, n1) below 0.05 or not.
        ((3, 3), True),
        ((4, 4), False),
        ((2, 7), True),  # 0.056
        ((2, 8), False),  # 0.044
        ((8, 2), False),
        # One run has no test, although 2 / 101 would be small enough.
        ((1, 100), True),
        # The two largest of several count, in whatever order: 3 pairs of 2 / C(10, 5) are 0.024.
        ((5, 2, 5), False),
        ((2, 5, 2), True),
        # 2 / C(9, 4) is 0.016, and as often as there are pairs 0.048 or 0.095.
        ((4, 5, 3), False),
        ((4, 5, 3, 3), True),
        # 2 / C(10, 5) is 0.008: six pairs reach 0.048, ten do not.
        ((5, 5, 5, 5), False),
        ((5, 5, 5, 5, 5), True),
    ],
)
def test_too_few_seeds_are_told_where_even_the_two_largest_samples_cannot_differ(
    sizes: tuple[int, ...], is_told: bool
) -> None:
    assert (caveat("too-few-seeds", sized(*sizes)) is not None) == is_told


def test_a_baseline_leaves_fewer_comparisons_to_share_alpha() -> None:
    five = sized(5, 5, 5, 5, 5)
    assert caveat("too-few-seeds", five, baseline="v0") is None
    assert numbers(caveat("too-few-seeds", five))[-2:] == ["10", "6"]


def test_a_floor_that_only_touches_alpha_is_too_high() -> None:
    assert caveat("too-few-seeds", sized(3, 3), alpha=0.1) is not None
    assert caveat("too-few-seeds", sized(3, 3), alpha=0.1001) is None


def test_paired_seeds_have_the_floor_of_the_signed_ranks() -> None:
    # 2 / 2^5 is 0.0625, 2 / 2^6 is 0.031; of six seeds that one variant lacks one of, five count.
    assert caveat("too-few-seeds", sized(5, 5)) is None
    assert caveat("too-few-seeds", sized(5, 5), paired=True) is not None
    assert caveat("too-few-seeds", sized(6, 6), paired=True) is None
    lacking = sized(6, 6) | {"v0": [None, *range(5)]}
    assert caveat("too-few-seeds", lacking, paired=True) is not None


def test_a_diverged_run_is_a_run_and_a_missing_one_is_none() -> None:
    values = sized(4, 4)
    values["v0"][0] = NAN
    assert caveat("too-few-seeds", values) is None
    assert caveat("unequal-n", values) is None
    missing = values | {"v0": [None, *values["v0"][1:]]}
    assert caveat("too-few-seeds", missing) is not None  # 2 / C(7, 3) is 0.057
    assert numbers(caveat("unequal-n", missing)) == ["3", "4"]
    assert numbers(caveat("unequal-n", sized(5, 3, 4))) == ["3", "5"]


def test_without_a_run_only_what_is_missing_is_told() -> None:
    for rule in ("set", "paper", "holm"):
        found = compare({"a": [None, None], "b": [None]}, rule=rule).caveats
        codes = [each.code for each in found if each.code not in ("uncorrected", "best-selected")]
        assert codes == ["missing", "missing"]
    found = {each.code for each in compare({"a": [None], "b": [None], "c": [1.0, 2.0]}).caveats}
    assert found == {"missing", "too-few-seeds"}
    lone = compare({"a": [1.0, 2.0]})
    assert lone.caveats == ()


def test_diverged_and_missing_runs_are_counted_and_laid_to_their_variant() -> None:
    values = sized(6, 6) | {"v1": [NAN, None, None, 1.0, 2.0, 3.0]}
    diverged, missing = caveat("diverged", values), caveat("missing", values)
    assert diverged is not None
    assert missing is not None
    assert diverged.variants == missing.variants == ("v1",)
    assert numbers(diverged) == ["1", "6"]
    assert numbers(missing) == ["2", "6"]


def test_one_value_of_all_seeds_is_laid_to_its_variant() -> None:
    found = caveat("constant", sized(5, 5) | {"v1": [0.5] * 5})
    assert found is not None
    assert found.variants == ("v1",)
    assert numbers(found) == ["5"]


FIVE = [-2.0, -1.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("samples", "ratio", "is_told"),
    [
        # F(4, 4) exceeds 9.6045, the square of 3.0991, with a chance of 0.025 on either side.
        ((FIVE, FIVE), 3.09, False),
        ((FIVE, FIVE), 3.11, True),
        # One of three pairs: 0.05 / 6 on either side needs F(4, 4) above 17.8.
        ((FIVE, FIVE, FIVE), 3.11, False),
        ((FIVE, FIVE, FIVE), 4.3, True),
        # Of forty runs a ratio of 1.5 is beyond chance, and not worth a word up to 2.
        ((FIVE * 8, FIVE * 8), 1.98, False),
        ((FIVE * 8, FIVE * 8), 2.02, True),
        # Two runs have a spread, and one has none.
        ((FIVE, [0.0, 1.0]), 40.0, True),
        ((FIVE, [0.0]), 40.0, False),
    ],
)
def test_unequal_spreads_are_told_where_they_are_large_and_beyond_chance(
    samples: tuple[list[float], ...], ratio: float, is_told: bool
) -> None:
    wide = [ratio * value for value in samples[0]]
    values = {f"v{index}": sample for index, sample in enumerate((*samples[1:], wide))}
    found = caveat("unequal-spread", values)
    assert (found is not None) == is_told
    if found is not None:
        assert found.variants[0] == f"v{len(samples) - 1}"
        assert all(word not in found.text for word in ("unequal n", "unequal numbers"))


def test_collapsed_runs_are_counted_below_the_level_and_only_if_one_is_given() -> None:
    values = {"a": [0.1, 0.29, 0.3, 0.9, NAN, None], "b": [0.9] * 5 + [0.8]}
    options = {"lower_is_better": False}
    found = caveat("collapsed", values, collapse=Fraction(3, 10), **options)
    assert found is not None
    assert (found.variants, numbers(found)) == (("a",), ["2", "6"])
    assert caveat("collapsed", values, **options) is None
    errors = {"a": [0.9, 0.71, 0.7, 0.1], "b": [0.1, 0.2, 0.1, 0.2]}
    assert numbers(caveat("collapsed", errors, collapse=Fraction(7, 10))) == ["2", "4"]


def test_where_all_collapsed_a_mean_is_of_one_kind_of_run() -> None:
    options = {"lower_is_better": False, "collapse": Fraction(3, 10)}
    one = caveat("collapsed", {"a": [0.1], "b": [0.9]}, **options)
    assert one is not None
    assert one.text == "a: 1 of 1 run collapsed"
    some = caveat("collapsed", {"a": [0.1, 0.9], "b": [0.9, 0.8]}, **options)
    assert some is not None
    assert some.text.startswith("a: 1 of 2 runs collapsed; its mean and standard deviation mix")


def test_one_run_is_missing_and_several_are() -> None:
    one = caveat("missing", {"a": [None], "b": [0.9, 0.8]})
    several = caveat("missing", {"a": [None, 0.8], "b": [0.9, 0.8]})
    assert one is not None
    assert several is not None
    assert one.text == "a: 1 of 1 run is missing"
    assert several.text == "a: 1 of 2 runs are missing"


@pytest.mark.parametrize(
    ("classes", "level"), [(2, 0.625), (4, 0.4375), (9, 1 / 3), (10, 0.3), (100, 0.03), (1, 1)]
)
def test_a_run_has_collapsed_below_three_times_a_guess_or_a_quarter_of_the_way_up(
    classes: int, level: float
) -> None:
    assert float(collapse_level(classes)) == pytest.approx(level)


@pytest.mark.parametrize(
    ("sizes", "is_told"), [((8, 8), True), ((8, 9), True), ((9, 9), False), ((9, 9, 0), False)]
)
def test_ties_are_told_of_the_published_rule_where_a_sample_has_eight_runs_or_fewer(
    sizes: tuple[int, ...], is_told: bool
) -> None:
    values: dict[str, list[float | None]] = {
        f"v{index}": [*range(size)] if size else [None] for index, size in enumerate(sizes)
    }
    assert (caveat("ties", values, rule="paper") is not None) == is_told


def test_ties_are_told_of_the_published_rule_alone_and_only_where_values_tie() -> None:
    tied = {"a": [1.0, 2.0, 3.0], "b": [3.0, 4.0, 5.0]}
    assert caveat("ties", tied, rule="paper") is not None
    for rule in ("set", "holm"):
        assert caveat("ties", tied, rule=rule) is None
    assert caveat("ties", sized(3, 3), rule="paper") is None


@pytest.mark.parametrize(
    ("rule", "code"), [("set", None), ("paper", "uncorrected"), ("holm", "best-selected")]
)
def test_what_a_rule_is_known_for_is_told_of_it_alone(rule: str, code: str | None) -> None:
    codes = {each.code for each in compare(sized(5, 5), rule=rule).caveats}
    assert codes == ({code} if code else set())


def test_a_best_mean_outside_the_set_is_laid_to_its_variant() -> None:
    values = {"a": [5.0 + 0.01 * run for run in range(30)], "b": [5.9] * 29 + [-50.0]}
    found = caveat("mean-not-in-set", values)
    assert found is not None
    assert found.variants == ("b",)
    assert caveat("mean-not-in-set", {"a": [NAN, NAN], "b": [NAN, NAN]}) is None
