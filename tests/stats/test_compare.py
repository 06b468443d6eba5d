from __future__ import annotations

import json
import math
from functools import partial
from typing import Any

import numpy as np
import pytest

from poolbench.core.errors import BadInput
from poolbench.stats import Comparison, seeds_needed
from poolbench.stats import compare as compare_values
from poolbench.stats.document import document as document_of
from poolbench.stats.pairwise import compare_pairs

compare = partial(compare_values, lower_is_better=True)

NAN = math.nan
BASE = [5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6, 5.7]


def shifted(by: float, values: list[float] = BASE) -> list[float]:
    return [value + by for value in values]


def codes(c: Comparison) -> set[str]:
    return {caveat.code for caveat in c.caveats}


def test_verdicts_are_against_the_baseline_and_follow_the_orientation() -> None:
    values = {"base": BASE, "low": shifted(-2.04), "high": shifted(2.03), "same": shifted(0.01)}
    lower = compare(values, baseline="base")
    assert lower.verdicts == {"low": "better", "high": "worse", "same": "undecided"}
    higher = compare(values, baseline="base", lower_is_better=False)
    assert higher.verdicts == {"low": "worse", "high": "better", "same": "undecided"}


def test_equivalent_needs_a_margin_and_undecided_is_never_called_equal() -> None:
    values = {"base": BASE, "same": shifted(0.01)}
    assert compare(values, baseline="base").verdicts["same"] == "undecided"
    assert compare(values, baseline="base", margin=0.5).verdicts["same"] == "equivalent"
    assert compare(values, baseline="base", margin=0.05).verdicts["same"] == "undecided"
    diverged = {"base": BASE, "same": [*shifted(0.01)[:-1], NAN]}
    assert compare(diverged, baseline="base", margin=0.5).verdicts["same"] == "undecided"


def test_pairing_turns_a_small_steady_gain_into_a_verdict() -> None:
    gains = [0.011, 0.012, 0.013, 0.014, 0.015, 0.016, 0.017, 0.018]
    values = {"base": BASE, "new": [v - g for v, g in zip(BASE, gains, strict=True)]}
    assert compare(values, baseline="base").verdicts["new"] == "undecided"
    paired = compare(values, baseline="base", paired=True)
    assert paired.verdicts["new"] == "better"
    assert paired.pair("base", "new").test == "Wilcoxon signed-rank"
    assert paired.bold == {"new"}


def test_seeds_are_too_few_for_the_family_not_for_a_pair() -> None:
    # 2 / C(8, 4) is 0.029, and with two comparisons 0.057.
    one = {"base": BASE[:4], "a": shifted(0.15, BASE[:4])}
    assert compare(one, baseline="base").verdicts == {"a": "undecided"}
    two = one | {"b": shifted(0.15, BASE[:4])}
    assert compare(two, baseline="base").verdicts == dict.fromkeys("ab", "too few seeds")


def test_too_few_seeds_give_no_test_and_never_a_tie() -> None:
    values = {"base": BASE[:3], "a": shifted(9, BASE[:3]), "b": shifted(-9, BASE[:3])}
    c = compare(values, baseline="base")
    assert set(c.verdicts.values()) == {"too few seeds"}
    assert "too-few-seeds" in codes(c)
    needed = seeds_needed(0.05, 2)
    enough = {name: shifted(v[0], BASE[:needed]) for name, v in values.items()}
    assert set(compare(enough, baseline="base").verdicts.values()) == {"better", "worse"}
    assert "too-few-seeds" not in codes(compare(enough, baseline="base"))


def test_the_correction_spans_the_contrasts_and_a_pair_looked_up_later_spans_all_pairs() -> None:
    values = {"base": BASE, "a": shifted(0.31), "b": shifted(0.42), "c": shifted(0.53)}
    c = compare(values, baseline="base")
    assert c.pair("base", "a").family_size == 3
    assert c.pair("a", "c").family_size == 6
    assert compare(values).pair("base", "a").family_size == 6
    contrast, p = c.pair("base", "c"), c.pair("base", "c").p
    assert p is not None
    assert contrast.p_adjusted == pytest.approx(3 * p)


def test_a_family_is_fixed_beforehand_and_counts_a_pair_without_a_test() -> None:
    values = {"base": BASE, "a": shifted(0.4), "one": [5.0]}
    c = compare(values, baseline="base")
    assert c.pair("base", "one").p is None
    assert c.verdicts["one"] == "no test possible"
    # Else p would change when the runs that are missing arrive.
    tested = c.pair("base", "a")
    assert (tested.family_size, tested.p_adjusted) == (2, 2 * (tested.p or 0))


@pytest.mark.parametrize("paired", [False, True])
def test_exchanging_a_pair_flips_every_sign_and_no_p(paired: bool) -> None:
    generator = np.random.default_rng(3)
    values = {"a": list(generator.normal(size=9)), "b": list(generator.normal(3, size=9))}
    c = compare(values, paired=paired)
    there, back = c.pair("a", "b"), c.pair("b", "a")
    assert there.shift > 0 > back.shift
    assert there.shift == -back.shift
    assert there.cliffs_delta == -back.cliffs_delta
    assert there.a12 == pytest.approx(1 - back.a12)
    assert (there.p, there.p_adjusted) == (back.p, back.p_adjusted)
    assert there.shift_ci is not None
    assert back.shift_ci == (-there.shift_ci[1], -there.shift_ci[0])
    assert (there.verdict, back.verdict) == ("worse", "better")
    swapped = compare({"b": values["b"], "a": values["a"]}, paired=paired).pair("b", "a")
    assert swapped.shift == pytest.approx(back.shift)
    assert swapped.p == pytest.approx(back.p)


def test_exchanging_a_pair_of_unequal_sizes_exchanges_all_that_belongs_to_a_side() -> None:
    pair = compare({"a": [1.0, 2.0], "b": [3.0, 4.0, 5.0]}).pair("b", "a")
    assert (pair.a, pair.b, pair.n_a, pair.n_b) == ("b", "a", 3, 2)
    assert (pair.shift, pair.cliffs_delta, pair.a12) == (-2.5, -1, 0)
    assert pair.shift_ci is None
    assert pair.verdict == "too few seeds"


def test_the_interval_of_a_shift_has_the_level_of_the_tests() -> None:
    values = {"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}
    assert compare(values).pair("a", "b").shift_ci is None
    assert compare(values, alpha=0.2).pair("a", "b").shift_ci == (1.0, 5.0)


def test_many_runs_against_one_have_no_test_although_so_small_a_p_could_be_counted() -> None:
    # 2 / C(61, 1) is 0.033.
    c = compare({"a": [float(run) for run in range(60)], "one": [99.0]}, baseline="a")
    assert c.verdicts["one"] == "no test possible"


def test_equivalence_is_of_the_seeds_where_seeds_are_paired() -> None:
    after = [value + 0.001 * (-1) ** seed for seed, value in enumerate(BASE)]
    values = {"a": BASE, "b": after}
    assert compare(values, baseline="a", margin=0.05).verdicts["b"] == "undecided"
    paired = compare(values, baseline="a", margin=0.05, paired=True)
    assert paired.verdicts["b"] == "equivalent"


def test_pairs_are_paired_by_seed_only_where_that_is_asked_for() -> None:
    costs = {"a": np.arange(4.0), "b": np.arange(4.0) + 0.1}
    (pair,) = compare_pairs([("a", "b")], costs, lower_is_better=True, alpha=0.05)
    assert pair.test == "Mann-Whitney U"


def test_the_shift_is_candidate_minus_baseline_in_the_metrics_own_direction() -> None:
    for lower_is_better in (True, False):
        pair = compare({"a": BASE, "b": shifted(2)}, lower_is_better=lower_is_better).pair("a", "b")
        assert pair.shift == pytest.approx(2)
        assert pair.cliffs_delta == 1
        assert pair.a12 == 1
        assert pair.shift_ci is not None
        assert pair.shift_ci[0] < 2 < pair.shift_ci[1]


def test_a_diverged_run_lowers_an_accuracy_and_raises_an_error() -> None:
    worse = {"a": BASE, "b": [NAN, *BASE[1:]]}
    assert compare(worse, lower_is_better=True).pair("a", "b").cliffs_delta > 0
    assert compare(worse, lower_is_better=False).pair("a", "b").cliffs_delta < 0


def test_seeds_that_change_nothing_are_questioned_and_get_no_verdict() -> None:
    c = compare({"base": [5.0] * 8, "a": [4.0] * 8, "b": BASE}, baseline="base")
    flagged = {caveat.variants for caveat in c.caveats if caveat.code == "constant"}
    assert flagged == {("base",), ("a",)}
    assert c.verdicts["a"] == "no test possible"


def test_one_variant_that_seeds_do_not_change_is_still_compared_with_one_that_they_do() -> None:
    for values, verdict in (
        ({"base": [1.0] * 5, "a": BASE[:5]}, "worse"),
        ({"base": BASE[:5], "a": [1.0] * 5}, "better"),
    ):
        assert compare(values, baseline="base").verdicts["a"] == verdict


def test_a_p_that_only_touches_alpha_shows_nothing() -> None:
    # Three against three reach 2 / C(6, 3) and no less.
    values = {"base": [1.0, 2.0, 3.0], "a": [4.0, 5.0, 6.0]}
    at = compare(values, baseline="base", alpha=0.1)
    assert at.contrasts[0].p == at.contrasts[0].smallest_p == 0.1
    assert (at.verdicts["a"], at.bold) == ("too few seeds", {"base", "a"})
    assert at.decision.untested == {"base", "a"}
    above = compare(values, baseline="base", alpha=0.101)
    assert (above.verdicts["a"], above.bold) == ("worse", {"base"})


def test_every_reservation_has_its_code() -> None:
    assert codes(compare({"a": BASE, "b": shifted(0.05)})) == set()
    assert codes(compare({"a": BASE, "b": shifted(0.05)}, rule="paper")) == {"uncorrected"}
    assert codes(compare({"a": BASE, "b": BASE}, rule="paper")) == {"uncorrected", "ties"}
    assert codes(compare({"a": BASE, "b": shifted(0.05)}, rule="holm")) == {"best-selected"}
    assert codes(compare({"a": BASE, "b": [NAN, *BASE[1:]]})) == {"diverged"}
    assert codes(compare({"a": BASE, "b": [None, *BASE[1:]]})) == {"missing", "unequal-n"}
    assert codes(compare({"a": BASE, "b": [0.0, 4.0, 8.0, 12.0]})) == {
        "unequal-n",
        "unequal-spread",
    }


def test_a_best_mean_outside_the_set_is_pointed_out() -> None:
    mostly_worse = [5.9] * 29 + [-50.0]
    values = {"a": list(np.linspace(5.0, 5.5, 30)), "b": mostly_worse}
    c = compare(values)
    assert (c.decision.best, c.bold) == ("b", {"a"})
    assert "mean-not-in-set" in codes(c)


def test_false_verdicts_are_rarer_than_alpha_in_a_family_of_contrasts() -> None:
    generator = np.random.default_rng(8)
    columns, wrong = 150, 0
    for column in generator.normal(size=(columns, 4, 6)):
        c = compare({f"v{i}": list(row) for i, row in enumerate(column)}, baseline="v0")
        wrong += bool({"better", "worse"} & set(c.verdicts.values()))
    assert wrong / columns <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / columns)


def test_the_document_is_strict_json_and_tells_diverged_from_missing() -> None:
    c = compare({"a": BASE, "b": [NAN, None, math.inf, *BASE[3:]]}, baseline="a")
    document = json.loads(json.dumps(document_of(c), allow_nan=False))
    variant = document["variants"][1]
    assert variant["values"][:4] == [None, None, None, 5.3]
    assert variant["statuses"][:4] == ["diverged", "missing", "diverged", "ok"]
    assert (variant["n_ok"], variant["n_diverged"], variant["n_missing"]) == (5, 2, 1)
    assert document["family"] == {"kind": "baseline", "m": 1}
    assert document["pairs"][0]["verdict"] == c.verdicts["b"]
    assert {warning["code"] for warning in document["warnings"]} == codes(c)


def test_the_document_has_all_pairs_where_no_baseline_chose_a_family() -> None:
    document = document_of(compare({"a": BASE, "b": shifted(1), "c": shifted(2)}))
    assert [(p["a"], p["b"]) for p in document["pairs"]] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_the_document_says_what_was_compared_and_what_was_found() -> None:
    values = {"a": BASE, "b": shifted(2.03), "c": [5.05, 5.1, 5.15, *[None] * 5], "d": [5.35]}
    c = compare(values, baseline="a", margin=0.5, alpha=0.1, rule="holm")
    document = document_of(c)
    kept = ("schema", "rule", "alpha", "lower_is_better", "baseline", "paired", "margin")
    assert [document[key] for key in kept] == [1, "holm", 0.1, True, "a", False, 0.5]
    # Of three contrasts the one with a single run has no test, and is of the family all the same.
    assert document["family"] == {"kind": "baseline", "m": 3}
    assert document["spread"] == {"kind": "std", "ddof": 1}
    found = {variant["name"]: variant for variant in document["variants"]}
    assert [found[name]["bold"] for name in values] == [True, False, True, True]
    assert [found[name]["untested"] for name in values] == [name == "d" for name in values]
    assert [found[name]["verdict"] for name in values] == [None, *c.verdicts.values()]
    assert found["a"]["mean"] == pytest.approx(5.35)
    assert found["a"]["median"] == pytest.approx(5.35)
    assert found["a"]["std"] == pytest.approx(0.1 * math.sqrt(6))
    # t(0.975; 7) = 2.364624 in any table.
    half = 2.364624 * 0.1 * math.sqrt(6 / 8)
    assert found["a"]["ci95_mean"] == pytest.approx([5.35 - half, 5.35 + half], abs=1e-6)
    assert (found["d"]["std"], found["d"]["ci95_mean"]) == (None, [None, None])
    assert [(pair["a"], pair["b"]) for pair in document["pairs"]] == [("a", n) for n in "bcd"]
    shifts = [pair["shift_ci"] for pair in document["pairs"]]
    assert shifts[0][0] < 2.03 < shifts[0][1]
    assert shifts[2] is None


def test_a_document_without_a_baseline_or_a_pair_names_none() -> None:
    document = document_of(compare({"a": BASE}))
    assert document["baseline"] is None
    assert document["family"] == {"kind": "all-pairs", "m": 0}
    assert compare({"a": BASE}).baseline == ""
    assert document_of(compare({"a": BASE, "b": shifted(1)}))["family"]["kind"] == "all-pairs"


@pytest.mark.parametrize(
    ("values", "options", "words"),
    [
        ({}, {}, "no variant"),
        ({"a": []}, {}, "'a' has no values"),
        ({"a": BASE}, {"rule": "sets"}, "unknown rule 'sets'"),
        ({"a": BASE}, {"baseline": "b"}, "unknown variant 'b'"),
        ({"a": BASE}, {"alpha": 1.0}, "alpha is 1"),
        ({"a": BASE}, {"alpha": 0.0}, "alpha is 0"),
        ({"a": BASE}, {"margin": 0.0}, "margin is 0"),
        ({"a": BASE}, {"margin": NAN}, "margin is nan"),
        ({"a": BASE, "b": BASE[:3]}, {"paired": True}, "equal length: a 8, b 3"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_advice(
    values: dict[str, list[float]], options: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        compare(values, **options)
    assert caught.value.hint


def test_a_pair_needs_two_known_variants() -> None:
    c = compare({"average": BASE, "max": BASE})
    with pytest.raises(BadInput, match="unknown variant 'averag'") as caught:
        c.pair("averag", "max")
    assert "did you mean 'average'" in caught.value.hint
    with pytest.raises(BadInput, match="itself"):
        c.pair("max", "max")
