from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from scipy import stats

from poolbench.stats import RULES
from poolbench.stats import compare as compare_values
from poolbench.stats.decide import decide

compare = partial(compare_values, lower_is_better=True)

# Lowe, Trappenberg, Oore 2021, Table 1: mean and standard deviation of the test error in per cent.
CIFAR10 = {
    "average": (5.26, 0.15),
    "mixed-channel": (5.15, 0.11),
    "gated-channel": (5.00, 0.16),
    "lae": (5.06, 0.16),
    "lae-train": (4.98, 0.12),
    "lae-train-channel": (5.06, 0.11),
}
CIFAR100 = {
    "average": (22.16, 0.22),
    "mixed-channel": (22.71, 0.28),
    "gated-channel": (22.12, 0.26),
    "lae": (22.31, 0.21),
    "lae-train": (21.55, 0.26),
    "lae-train-channel": (22.54, 0.29),
}


def with_moments(mean: float, std: float, n: int) -> list[float]:
    """Return n normal scores that have exactly this mean and standard deviation."""
    scores = stats.norm.ppf((np.arange(n) + 0.5) / n)
    scores = (scores - scores.mean()) / scores.std(ddof=1)
    return list(mean + std * scores)


def loss_rate(
    rule: str, *, variants: int, n: int, columns: int, seed: int, **options: bool
) -> float:
    generator = np.random.default_rng(seed)
    lost = 0
    for column in generator.normal(size=(columns, variants, n)):
        decision = decide(rule, {f"v{i}": row for i, row in enumerate(column)}, 0.05, **options)
        lost += len(decision.bold) < variants
    return lost / columns


@pytest.mark.parametrize(("variants", "n", "columns"), [(6, 30, 600), (4, 3, 120), (3, 5, 200)])
def test_set_rarely_loses_one_of_several_equal_variants(
    variants: int, n: int, columns: int
) -> None:
    rate = loss_rate("set", variants=variants, n=n, columns=columns, seed=20)
    assert rate <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / columns)


def test_paired_set_rarely_loses_one_of_several_equal_variants() -> None:
    rate = loss_rate("set", variants=4, n=10, columns=400, seed=21, paired=True)
    assert rate <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_paper_loses_an_equal_variant_in_about_a_third_of_columns_and_holm_in_a_tenth() -> None:
    assert 0.28 < loss_rate("paper", variants=6, n=30, columns=400, seed=22) < 0.42
    assert 0.04 < loss_rate("holm", variants=6, n=30, columns=400, seed=22) < 0.14


def test_set_keeps_the_best_and_drops_the_rest_when_they_are_far_apart() -> None:
    values = {name: with_moments(mean, 0.1, 8) for name, mean in [("a", 1), ("b", 2), ("c", 3)]}
    c = compare(values)
    assert c.bold == {"a"}
    assert [step.dropped for step in c.decision.steps] == ["c", "b"]
    assert [step.test for step in c.decision.steps] == ["Kruskal-Wallis", "Mann-Whitney U"]
    dropped = [c.decision.p_values[name] or 0.0 for name in ("c", "b")]
    assert dropped == sorted(dropped)
    assert c.decision.p_values["a"] == 1.0


def test_set_finds_a_clear_loser_at_three_seeds_where_no_pair_can_differ() -> None:
    values = {"a": [1.0, 2.0, 3.0], "b": [1.5, 2.5, 1.2], "c": [7.0, 8.0, 9.0]}
    c = compare({**values, "d": [11.0, 12.0, 13.0]})
    assert c.bold == {"a", "b", "c"}
    assert not c.decision.untested
    pair = compare({"a": values["a"], "d": [11.0, 12.0, 13.0]})
    assert pair.bold == {"a", "d"} == pair.decision.untested


def test_a_variant_with_a_single_run_is_kept_untested_and_leaves_the_others_alone() -> None:
    far_apart = {"a": with_moments(1, 0.1, 8), "b": with_moments(2, 0.1, 8)}
    c = compare({**far_apart, "one": [9.0], "one-paired": [None, 9.0]})
    assert c.bold == {"a", "one", "one-paired"}
    assert c.decision.untested == {"one", "one-paired"}
    paired = compare({**far_apart, "one": [9.0] + [None] * 7}, paired=True)
    assert (paired.bold, paired.decision.untested) == ({"a", "one"}, {"one"})


def test_the_p_that_dropped_a_variant_never_falls_below_an_earlier_one() -> None:
    generator = np.random.default_rng(5)
    raw_fell = False
    for _ in range(100):
        c = compare({f"v{i}": list(generator.normal(0.6 * i, 1, size=9)) for i in range(4)})
        drops = [step for step in c.decision.steps if step.dropped]
        reported = [c.decision.p_values[step.dropped] or 0.0 for step in drops]
        raw = [step.p or 0.0 for step in drops]
        assert reported == sorted(reported)
        assert all(p < 0.05 for p in reported)
        raw_fell |= raw != sorted(raw)
    assert raw_fell


def test_the_p_of_a_decision_is_that_of_its_test() -> None:
    eight = {"a": [float(run) for run in range(8)], "b": [float(run) for run in range(8, 16)]}
    p = 2 / math.comb(16, 8)
    for rule, expected in (
        ("set", {"a": 1.0, "b": p}),
        ("paper", {"a": None, "b": p}),
        ("holm", {"a": None, "b": p}),
    ):
        found = compare(eight, rule=rule).decision.p_values
        assert found == {name: pytest.approx(value) for name, value in expected.items()}
    later = [run + 0.5 for run in eight["a"]]
    alike = compare({"a": eight["a"], "b": later}).decision.p_values
    expected_p = stats.mannwhitneyu(eight["a"], later, method="exact").pvalue
    assert alike == {"a": pytest.approx(expected_p), "b": pytest.approx(expected_p)}


def test_paper_corrects_nothing_and_holm_the_tests_against_the_best() -> None:
    four = [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0]]
    values = dict(zip("abc", four, strict=True))
    p = 2 / math.comb(8, 4)  # 0.029, and twice that is 0.057
    paper, holm = (compare(values, rule=rule).decision for rule in ("paper", "holm"))
    assert [step.tested for step in paper.steps] == [("a", "b"), ("a", "c")]
    assert [step.test for step in paper.steps] == ["Mann-Whitney U"] * 2
    assert [step.dropped for step in paper.steps] == ["b", "c"]
    assert [step.p for step in paper.steps] == [pytest.approx(p)] * 2
    assert (paper.bold, paper.untested) == ({"a"}, frozenset())
    assert [step.dropped for step in holm.steps] == ["", ""]
    assert [step.p for step in holm.steps] == [pytest.approx(2 * p)] * 2
    assert holm.bold == holm.untested == {"a", "b", "c"}


def test_paper_leaves_ties_to_scipy_and_holm_enumerates_them() -> None:
    values = {"a": [5.0, 5.0, 5.1], "b": [5.2, 5.2, 5.3]}
    approximate = stats.mannwhitneyu(*values.values()).pvalue
    assert compare(values, rule="paper").decision.p_values["b"] == pytest.approx(approximate)
    assert compare(values, rule="holm").decision.p_values["b"] == pytest.approx(0.1)


@pytest.mark.parametrize("rule", RULES)
def test_a_decision_is_paired_where_the_seeds_are(rule: str) -> None:
    before = [10.0 * seed for seed in range(8)]
    values = {"a": before, "b": [value + 0.1 + 0.01 * k for k, value in enumerate(before)]}
    assert compare(values, rule=rule).bold == {"a", "b"}
    costs = {name: np.array(sample) for name, sample in values.items()}
    assert decide(rule, costs, 0.05).bold == {"a", "b"}
    paired = compare(values, rule=rule, paired=True).decision
    assert paired.bold == {"a"}
    assert [step.test for step in paired.steps] == ["Wilcoxon signed-rank"]


@pytest.mark.parametrize("rule", RULES)
def test_a_p_that_only_touches_alpha_drops_nothing(rule: str) -> None:
    decision = compare({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}, rule=rule, alpha=0.1).decision
    assert decision.bold == decision.untested == {"a", "b"}
    above = compare({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}, rule=rule, alpha=0.101)
    assert above.bold == {"a"}


def test_the_best_mean_is_a_mean_and_counts_divergences_as_the_worst_value_of_all() -> None:
    assert compare({"few": [1.5] * 5, "many": [1.0, 1.1] * 5}).decision.best == "many"
    lucky_once = {"lucky": [0.1, math.nan, math.nan], "steady": [1.0, 1.1, 1.7]}
    assert compare(lucky_once).decision.best == "lucky"  # 0.1 and twice 1.7 are 1.17 each
    assert compare(lucky_once | {"lucky": [0.5, math.nan, math.nan]}).decision.best == "steady"


def test_two_runs_are_tested_and_one_is_not() -> None:
    two = compare({"a": [1.0, 2.0], "b": [3.0, 4.0], "one": [9.0]}).decision
    assert [step.tested for step in two.steps] == [("a", "b")]
    assert two.p_values == {"a": pytest.approx(1 / 3), "b": pytest.approx(1 / 3), "one": None}
    assert two.untested == {"a", "b", "one"}
    alone = compare({"one": [9.0], "never": [math.nan] * 2}).decision
    assert (alone.bold, alone.untested) == ({"one"}, frozenset())
    assert compare({"a": [1.0], "b": [2.0]}).decision.untested == {"a", "b"}


@pytest.mark.parametrize("rule", RULES)
def test_variants_without_a_seed_in_common_cannot_be_paired_and_stay_bold(rule: str) -> None:
    values = {"a": [1.0, 2.0, None, None], "b": [None, None, 11.0, 12.0]}
    decision = compare(values, paired=True, rule=rule).decision
    assert decision.bold == decision.untested == {"a", "b"}
    assert set(decision.p_values.values()) == {None}
    assert [step.p for step in decision.steps] == [None]


def test_the_worst_of_paired_variants_is_the_worst_within_the_seeds() -> None:
    seeds = [100.0 * seed for seed in range(8)]
    values = {
        "a": seeds,
        "b": [seeds[0] + 5000, *(seed + 1 for seed in seeds[1:])],
        "c": [seed + 2 for seed in seeds],
    }
    assert compare(values, paired=True).decision.steps[0].dropped == "c"


@pytest.mark.parametrize("rule", ["paper", "holm"])
def test_a_variant_that_ranks_above_the_best_mean_stays_bold(rule: str) -> None:
    outlier = [5.9] * 29 + [-50.0]
    c = compare({"typical": list(np.linspace(5.0, 5.5, 30)), "outlier": outlier}, rule=rule)
    assert c.decision.best == "outlier"
    assert c.bold == {"typical", "outlier"}


def test_the_order_of_the_variants_does_not_matter() -> None:
    generator = np.random.default_rng(4)
    values = {f"v{i}": list(generator.normal(i / 3, 1, size=10).round(1)) for i in range(5)}
    backwards = dict(reversed(values.items()))
    for rule in RULES:
        assert compare(values, rule=rule).bold == compare(backwards, rule=rule).bold


@pytest.mark.parametrize("rule", RULES)
def test_accuracy_and_error_lead_to_one_decision(rule: str) -> None:
    generator = np.random.default_rng(6)
    correct = {f"v{i}": generator.binomial(400, 0.7 + 0.02 * i, size=9) for i in range(5)}
    accuracy = {name: list(counts / 400) for name, counts in correct.items()}
    error = {name: list((400 - counts) / 400) for name, counts in correct.items()}
    higher = compare(accuracy, rule=rule, lower_is_better=False)
    lower = compare(error, rule=rule, lower_is_better=True)
    assert higher.bold == lower.bold
    assert higher.decision.best == lower.decision.best


def test_paper_reproduces_the_bold_rows_that_table_1_can_only_have() -> None:
    tenth = {name: with_moments(mean, std, 30) for name, (mean, std) in CIFAR10.items()}
    bold = compare(tenth, rule="paper").bold
    assert {"lae-train", "gated-channel"} <= bold
    assert not bold & {"average", "mixed-channel", "lae-train-channel"}
    hundredth = {name: with_moments(mean, std, 30) for name, (mean, std) in CIFAR100.items()}
    assert compare(hundredth, rule="paper").bold == {"lae-train"}


def test_reading_table_1s_spread_as_a_standard_error_would_make_everything_bold() -> None:
    scale = math.sqrt(30)
    values = {name: with_moments(mean, std * scale, 30) for name, (mean, std) in CIFAR10.items()}
    assert compare(values, rule="paper").bold == set(CIFAR10)


@pytest.mark.parametrize("rule", RULES)
def test_a_diverged_run_never_makes_a_variant_the_best(rule: str) -> None:
    nan = math.nan
    values = {
        "steady": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
        "lucky-once": [0.1, nan, nan, nan, nan, nan, nan, nan],
        "never": [nan] * 8,
    }
    c = compare(values, rule=rule)
    assert c.decision.best == "steady"
    assert c.bold == {"steady"}


@pytest.mark.parametrize("rule", RULES)
def test_a_variant_far_ahead_stays_best_despite_two_divergences_in_thirty(rule: str) -> None:
    ahead = with_moments(1.0, 0.1, 28) + [math.nan] * 2
    c = compare({"ahead": ahead, "behind": with_moments(2.0, 0.1, 30)}, rule=rule)
    assert c.bold == {"ahead"}


@pytest.mark.parametrize("rule", RULES)
def test_without_a_finite_run_nothing_is_bold(rule: str) -> None:
    assert not compare({"a": [math.nan, None], "b": [None, None]}, rule=rule).bold


@pytest.mark.parametrize("rule", RULES)
def test_a_lone_variant_is_bold_without_a_test(rule: str) -> None:
    c = compare({"a": [1.0, 2.0]}, rule=rule)
    assert c.bold == {"a"}
    assert c.decision.steps == ()
    assert c.decision.p_values == {"a": None}
    assert c.decision.untested == frozenset()
