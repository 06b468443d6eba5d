from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from poolbench.core.comparability import Difference
from poolbench.core.errors import BadInput
from poolbench.core.study import Study
from poolbench.report import FORMATS
from poolbench.report.studies.outcomes import outcomes_of
from poolbench.report.studies.pairs import pair_table
from poolbench.report.studies.results import results_table
from poolbench.report.table import Table, TableCell
from tests.cells import a_cell
from tests.report.examples import TOTAL, finished

LOW = [180, 181, 182, 183, 184, 185]
HIGH = [190, 191, 192, 193, 194, 195]


def tabled(counts: Mapping[str, Sequence[int | str | None]], **analysis: object) -> Table:
    study, runs = finished(counts, **analysis)
    return results_table(study, "digits", runs)


def row(cells: tuple[TableCell, ...]) -> list[str]:
    return [cell.marked_text for cell in cells]


def test_rows_follow_the_suite_and_say_what_was_found() -> None:
    study, runs = finished(
        {"average": LOW, "max": HIGH, "other": [179, 182, 181, 184, "-", 186], "bad": [None] * 6}
    )
    table = results_table(study, "digits", runs)
    assert [column.title for column in table.columns] == [
        "variant",
        "n",
        "accuracy %",
        "vs average, points [95 % interval]",
        "P(beats average) [95 %]",
        "p (Holm)",
        "verdict",
        "published %",
        "ours − published, points",
        "parameters",
        "images/s",
    ]
    assert [column.title for column in table.columns if column.is_text] == ["variant", "verdict"]
    average, best, other, bad = (row(cells) for cells in table.rows)
    assert average == [
        "average", "6", "91.25 ± 0.94", "baseline", "", "", "", "–", "–", "12,345", "292",
    ]  # fmt: skip
    assert best == [
        "max", "6", "* 96.25 ± 0.94", "+5.00 [+3.50, +6.50]", "1.00 [0.69, 1.00]", "0.0065",
        "▲ better",
        "98.50 ± 0.25", "−2.25", "12,345", "292",
    ]  # fmt: skip
    assert other[:3] == ["other", "5/6‡", "91.20 ± 1.35"]
    assert other[6] == "undecided"
    assert bad[:4] == ["bad", "0/6†", "–", "−∞ [−∞, −∞]"]
    assert bad[6] == "▼ worse"


def test_values_stay_fractions_for_programs() -> None:
    study, runs = finished({"average": LOW, "max": HIGH})
    record = results_table(study, "digits", runs).records[1]
    assert record["accuracy_mean"] == pytest.approx(sum(HIGH) / 6 / TOTAL)
    assert record["in_best_set"] is True
    assert record["shift"] == pytest.approx(0.05)
    assert (record["shift_low"], record["shift_high"]) == pytest.approx((0.035, 0.065))
    assert record["published_mean"] == pytest.approx(0.985)
    assert record["difference_from_published"] == pytest.approx(-0.0225)
    assert record["parameters"] == 12_345
    # Seed s takes 1 + s seconds for 1000 images: the median of six speeds.
    assert record["images_per_s"] == pytest.approx((1000 / 3 + 1000 / 4) / 2)


def test_parameters_are_told_where_the_runs_agree_on_them() -> None:
    study, runs = finished({"average": [150, 151], "max": [150, 151]})
    odd = next(cell.id for cell in study.cells if cell.variant == "max")
    runs[odd] = replace(runs[odd], result=replace(runs[odd].result, parameters=12_346))
    table = results_table(study, "digits", runs)
    # As for a gate, which is undecided there.
    assert [record["parameters"] for record in table.records] == [12_345, None]


def test_speed_is_that_of_the_runs_that_were_timed() -> None:
    study, runs = finished({"average": [150, 151], "max": [150, 151]})
    for cell in study.cells[1:]:
        runs[cell.id] = replace(runs[cell.id], timings=())
    table = results_table(study, "digits", runs)
    assert table.records[0]["images_per_s"] == pytest.approx(1000)
    assert row(table.rows[1])[-1] == "–"


def test_error_is_the_complement_and_lower_is_better() -> None:
    counts = {"average": LOW, "max": HIGH}
    accuracy = tabled(counts, metric="accuracy")
    error = tabled(counts, metric="error")
    assert row(error.rows[1])[2] == "* 3.75 ± 0.94"
    assert row(error.rows[1])[3] == "−5.00 [−6.50, −3.50]"
    assert row(error.rows[1])[6] == row(accuracy.rows[1])[6] == "▲ better"
    assert row(error.rows[1])[4] == row(accuracy.rows[1])[4] == "1.00 [0.69, 1.00]"
    assert (accuracy.detail["lower_is_better"], error.detail["lower_is_better"]) == (False, True)


def test_equal_counts_are_equal_values_so_ties_are_seen() -> None:
    study, runs = finished({"average": [57] * 4, "max": [57] * 4}, metric="error")
    comparison = outcomes_of(study, "digits", runs).comparison
    assert set(comparison.values["max"]) == {143 / 200}
    assert comparison.pair("average", "max").p == 1


def test_too_few_seeds_are_marked_and_never_called_equal() -> None:
    table = tabled({"average": LOW[:3], "max": HIGH[:3]})
    assert [cells[2].mark for cells in table.rows] == ["*?", "*?"]
    assert row(table.rows[1])[6] == "? too few seeds"
    (pair,) = table.detail["pairs"]
    assert (pair["n_a"], pair["n_b"], pair["smallest_p"]) == (3, 3, pytest.approx(0.1))
    assert pair["verdict"] == table.records[1]["verdict"] == "too few seeds"
    assert [warning["code"] for warning in table.detail["warnings"]] == ["too-few-seeds"]


def test_rule_level_family_and_spread_are_in_the_document_and_what_diverged_in_a_note() -> None:
    table = tabled({"average": LOW, "max": HIGH, "other": [None, *LOW[1:]]})
    names = ("rule", "alpha", "paired", "family", "spread")
    assert [table.detail[name] for name in names] == [
        "set", 0.05, False, {"kind": "baseline", "m": 2}, {"kind": "std", "ddof": 1},
    ]  # fmt: skip
    (warning,) = table.detail["warnings"]
    assert warning["variants"] == ("other",)
    assert [note for note in table.notes if note.startswith("†")] == [f"† {warning['text']}"]


def test_the_source_is_named_where_its_numbers_are_shown() -> None:
    study, runs = finished({"average": LOW, "max": HIGH})
    study = replace(study, source={"paper": "Somebody 2020", "table": 1})
    assert results_table(study, "digits", runs).notes[-1] == "published: Somebody 2020, table 1"
    silent = replace(study, analysis=replace(study.analysis, published={}))
    table = results_table(silent, "digits", runs)
    assert "published_mean" not in table.fields
    assert not any(note.startswith("published") for note in table.notes)


def test_without_a_baseline_the_rules_own_p_is_shown() -> None:
    study, runs = finished({"average": LOW, "max": HIGH})
    table = results_table(replace(study, baseline=""), "digits", runs)
    assert [column.title for column in table.columns][3] == "p (set)"
    assert table.detail["baseline"] is None
    assert "shift" not in table.fields


def test_rule_level_baseline_and_margin_are_those_of_the_study() -> None:
    study, runs = finished({"average": LOW, "max": HIGH}, rule="paper", alpha=0.001, margin=9.0)
    table = results_table(replace(study, baseline="max"), "digits", runs)
    assert table.detail["rule"] == "paper"
    assert table.detail["margin"] == pytest.approx(0.09)
    assert row(table.rows[0])[6] == "≈ equivalent"
    assert row(table.rows[1])[3] == "baseline"
    assert [cells[2].is_bold for cells in table.rows] == [True, True]


def test_a_study_without_a_run_is_a_table_without_numbers() -> None:
    study, _ = finished({"average": LOW, "max": HIGH})
    table = results_table(study, "digits", {})
    assert [row(cells)[1] for cells in table.rows] == ["0/6‡", "0/6‡"]
    assert not any(cells[2].is_bold for cells in table.rows)
    for name in FORMATS:
        assert FORMATS.resolve(name)([table])


def test_a_seed_that_a_variant_does_not_have_is_missing() -> None:
    study, runs = finished({"average": LOW, "max": HIGH})
    first = next(cell for cell in study.cells if cell.variant == "max")
    study = replace(study, cells=tuple(cell for cell in study.cells if cell != first))
    average, best = results_table(study, "digits", runs).records
    assert (average["n"], average["n_missing"]) == (6, 0)
    assert (best["n"], best["n_missing"]) == (5, 1)


def test_an_unknown_data_set_or_a_repeated_seed_is_refused() -> None:
    study, runs = finished({"average": LOW, "max": HIGH})
    with pytest.raises(BadInput, match="no data set 'digit'") as caught:
        results_table(study, "digit", runs)
    assert "did you mean 'digits'" in caught.value.hint
    doubled = replace(study, cells=(*study.cells, a_cell("max", 0)))
    with pytest.raises(BadInput, match="'max' has a seed twice"):
        results_table(doubled, "digits", runs)


def test_a_paired_study_is_tested_seed_by_seed() -> None:
    steady = [count + gain for count, gain in zip(LOW, (1, 2, 3, 4, 5, 6), strict=True)]
    study, runs = finished({"average": LOW, "max": steady}, paired=True)
    table = results_table(study, "digits", runs)
    assert row(table.rows[1])[6] == "▲ better"
    assert table.detail["paired"] is True
    assert [pair["test"] for pair in table.detail["pairs"]] == ["Wilcoxon signed-rank"]


def test_a_pair_is_shown_with_its_effect_and_the_caveats_that_concern_it() -> None:
    study, runs = finished({"average": LOW, "max": HIGH, "other": [None, *LOW[1:]]})
    comparison = outcomes_of(study, "digits", runs).comparison
    table = pair_table(comparison, [("average", "max")])
    assert row(table.rows[0]) == [
        "max", "average", "6 vs 6", "96.25 ± 0.94", "91.25 ± 0.94", "+5.00 [+3.50, +6.50]",
        "1.00 [0.69, 1.00]", "0.0022", "0.0043", "0.0022", "+1.00", "▲ better",
    ]  # fmt: skip
    (diverged,) = comparison.caveats
    assert diverged.variants == ("other",)
    assert diverged.text not in table.notes
    both = pair_table(comparison, [("average", "max"), ("other", "max")], metric="accuracy")
    assert f"† {diverged.text}" in both.notes


def _published(*differences: Difference) -> Study:
    study, _ = finished({"average": LOW, "max": HIGH})
    rows = {"digits": {"average": (90.0, 0.5), "max": (98.5, 0.25)}}
    analysis = replace(study.analysis, published=rows, differences=differences)
    return replace(study, analysis=analysis)


def test_what_other_runs_were_measured_with_is_said_instead_of_the_published_number() -> None:
    _, runs = finished({"average": LOW, "max": HIGH})
    shorter = Difference(
        dataset="digits", part="recipe", text="recipe.epochs 1 instead of 2", variants=("max",)
    )
    table = results_table(_published(shorter), "digits", runs)
    assert table.title == "A study (changed: recipe) · digits · test accuracy"
    assert [row(cells)[7:9] for cells in table.rows] == [
        ["90.00 ± 0.50", "+1.25"],
        ["not comparable", "–"],
    ]
    average, maximum = table.records
    assert (average["published"], maximum["published"]) == ("comparable", "not comparable")
    assert (maximum["published_mean"], maximum["difference_from_published"]) == (0.985, None)
    assert table.detail["published"]["max"] == {
        "mean": 0.985,
        "std": 0.0025,
        "comparable": False,
        "reasons": ["recipe.epochs 1 instead of 2"],
    }
    for name in FORMATS:
        text = FORMATS.resolve(name)([table])
        assert "not comparable" in text, name
        assert name in ("json", "csv") or "98.5" not in text, name


def test_other_seeds_are_named_and_leave_the_mean_comparable() -> None:
    _, runs = finished({"average": LOW, "max": HIGH})
    fewer = Difference(
        dataset="digits", part="seeds", text="6 seeds instead of 30", variants=("average", "max")
    )
    table = results_table(_published(fewer), "digits", runs)
    assert table.title == "A study · digits · test accuracy"
    assert row(table.rows[1])[7:9] == ["98.50 ± 0.25", "−2.25"]
    assert table.notes[-1] == (
        "differs from the suite: 6 seeds instead of 30; "
        "the means stay comparable, other seeds only change their interval"
    )


def test_the_level_the_family_and_the_test_of_a_pair_are_told() -> None:
    study, runs = finished({"average": LOW, "max": HIGH, "lae": LOW[::-1]}, alpha=0.1)
    comparison = outcomes_of(study, "digits", runs).comparison
    table = pair_table(comparison, [("average", "max"), ("lae", "max")], metric="accuracy")
    assert table.title == "test accuracy"
    assert pair_table(comparison, [("lae", "max")], title="mine").title == "mine"
    assert table.columns[5].title == "points [90 % interval]"
    assert table.notes[:-1] == (
        "points: Hodges-Lehmann shift, candidate − baseline; higher accuracy is better; "
        "alpha = 0.1",
        "max against average: p by Mann-Whitney U; Holm over 2 comparisons, every contrast with "
        "the baseline 'average'",
        "max against lae: p by Mann-Whitney U; Holm over 3 comparisons, every pair of variants, "
        "since this one was picked after the results were there",
    )
    assert table.notes[-1].startswith("P(beats ...)")
    assert table.detail["metric"] == "accuracy"
    study, runs = finished({"average": LOW[:1], "max": HIGH[:1]}, metric="error")
    few = pair_table(outcomes_of(study, "digits", runs).comparison, [("average", "max")])
    assert "lower accuracy is better" in few.notes[0]
    assert few.notes[1] == "max against average: no test is possible"
    assert few.records[0]["shift_low"] is None


def test_variants_with_the_same_predictions_are_named_in_notes_and_json() -> None:
    study, runs = finished({"average": LOW, "max": LOW, "lae": LOW})
    for cell in study.cells:
        kind = "other" if cell.variant == "lae" else "same"
        runs[cell.id] = replace(runs[cell.id], predictions=f"{kind} {cell.seed}")
    table = results_table(study, "digits", runs)
    said = [note for note in table.notes if "identical predictions" in note]
    assert len(said) == 1
    assert said[0].startswith("average, max: identical predictions in every seed")
    (warning,) = (each for each in table.detail["warnings"] if each["code"] == "identical")
    assert warning["variants"] == ("average", "max")
