"""The family of comparisons is the suite's: neither --only nor the order of finishing changes p."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from poolbench.app.results import Reading
from poolbench.core.errors import BadInput
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.robustness.tables import robustness_tables
from poolbench.report.studies.answer import answer
from poolbench.report.studies.outcome_charts import outcome_charts
from poolbench.report.studies.outcomes import outcomes_of
from poolbench.report.studies.pairs import pair_table, planned_tables
from poolbench.report.studies.plan import PlanProgress, plan_table
from poolbench.report.studies.results import results_table
from poolbench.report.table import Table
from poolbench.stats import compare
from poolbench.stats.document import document
from tests.report.examples import finished
from tests.report.measured import measured
from tests.report.test_robustness import STRONG, WEAK, fgsm

COUNTS = {
    "average": [170, 171, 172, 173, 174],
    "max": [180, 181, 182, 183, 184],
    "lae": [175, 176, 177, 178, 179],
    "lp": [171, 172, 173, 174, 176],
}


def only(study: Study, *variants: str) -> Study:
    """Return a study as ``--only`` selects it."""
    cells = tuple(cell for cell in study.cells if cell.variant in variants)
    return replace(study, variants=variants, cells=cells, whole_cells=study.cells)


def known(runs: Mapping[str, Run]) -> dict[str, Run]:
    """Return runs that tell that their data have ten classes."""
    return {id: replace(run, result=replace(run.result, classes=10)) for id, run in runs.items()}


def planned_of(study: Study, runs: Mapping[str, Run]) -> list[Table]:
    outcomes = outcomes_of(study, "digits", runs)
    return planned_tables(outcomes.comparison, outcomes.shown, metric="accuracy", title="planned")


def by_variant(table: Table) -> dict[object, Mapping[str, object]]:
    return {record["variant"]: record for record in table.records}


def test_a_row_that_is_shown_alone_is_the_row_among_all() -> None:
    study, runs = finished(COUNTS)
    whole = by_variant(results_table(study, "digits", runs))
    table = results_table(only(study, "lae"), "digits", runs)
    assert by_variant(table) == {"lae": whole["lae"]}
    # 2 / C(10, 5) is 0.0079, and three times that with the other two contrasts.
    assert whole["lae"]["p_adjusted"] == pytest.approx(3 * 2 / 252)
    (told,) = (note for note in table.notes if "not shown:" in note)
    assert told.endswith("not shown: average, max, lp")
    assert "4 variants" in told
    assert not any("not shown:" in note for note in results_table(study, "digits", runs).notes)


def test_caveats_of_variants_that_are_not_shown_are_left_out_but_for_the_baseline() -> None:
    counts = COUNTS | {"average": [None, *COUNTS["average"][1:]], "max": [None] * 5}
    study, runs = finished(counts)
    notes = results_table(only(study, "lae"), "digits", runs).notes
    assert any(note.startswith("† average: 1 of 5") for note in notes)
    assert not any(note.startswith("† max") for note in notes)
    (seeds, *_) = outcome_charts(only(study, "lae"), runs)
    assert [sample.label for sample in seeds.samples] == ["lae"]  # type: ignore[union-attr]


@pytest.mark.parametrize("metric", ["accuracy", "error"])
def test_collapsed_runs_are_counted_in_either_metric(metric: str) -> None:
    # Half right is no collapse, and neither is half wrong.
    counts = COUNTS | {"lae": [175, 100, 59, 178, 58]}
    study, runs = finished(counts, metric=metric)
    outcomes = outcomes_of(study, "digits", known(runs))
    assert outcomes.comparison.collapsed == {"average": 0, "max": 0, "lae": 2, "lp": 0}
    rows = by_variant(results_table(study, "digits", known(runs)))
    assert (rows["lae"]["n"], rows["lae"]["n_collapsed"]) == (5, 2)
    table = results_table(study, "digits", known(runs))
    assert [cells[1].text for cells in table.rows] == ["5", "5", "5§", "5"]
    assert any(note.startswith("§ lae: 2 of 5 runs collapsed") for note in table.notes)
    assert any("accuracy below 30.00 %" in note for note in table.notes)
    assert any("not counted" in note for note in results_table(study, "digits", runs).notes)


def test_p_does_not_fall_because_the_other_variants_are_not_trained_yet() -> None:
    study, runs = finished(COUNTS)
    missing = {id: run for id, run in runs.items() if run.cell.variant in ("average", "lae")}
    for found in (runs, missing):
        rows = by_variant(results_table(study, "digits", found))
        assert rows["lae"]["p_adjusted"] == pytest.approx(3 * 2 / 252)


def test_areas_are_compared_among_all_as_well() -> None:
    study, runs, found = measured(
        {"average": fgsm(*WEAK), "max": fgsm(*STRONG), "lae": fgsm(*STRONG)}
    )
    areas, settings = robustness_tables(study, runs, found)
    chosen, some = robustness_tables(only(study, "max"), runs, found)
    assert by_variant(chosen) == {"max": by_variant(areas)["max"]}
    assert [column.title for column in some.columns] == ["epsilon", "max %"]
    for record, whole in zip(some.records, settings.records, strict=True):
        assert record.items() <= whole.items()


def planned() -> tuple[Study, dict[str, Run]]:
    return finished(COUNTS, planned=(("max", "lae"), ("lae", "average")))


def test_planned_pairs_and_contrasts_are_one_family_and_a_pair_counts_once() -> None:
    study, runs = planned()
    comparison = outcomes_of(study, "digits", runs).comparison
    # Three contrasts, and of the two planned pairs the one that is none of them.
    assert [(pair.a, pair.b) for pair in comparison.planned] == [("max", "lae")]
    assert {pair.family_size for pair in comparison.family} == {4}
    assert comparison.pair("lae", "max").family_size == 4
    assert comparison.pair("lp", "max").family_size == 6
    # 8 / 252 is below 0.05, and 12 / 252 just so; 6 x 0.0159 would not be.
    assert comparison.pair("max", "lae").verdict == "worse"
    family = document(comparison)["family"]
    assert family == {"kind": "planned", "m": 4}


def test_a_family_may_be_of_planned_pairs_alone() -> None:
    values = {name: [count / 200 for count in row] for name, row in COUNTS.items()}
    c = compare(values, lower_is_better=False, planned=[("max", "lae")])
    assert c.pair("max", "lae").p_adjusted == c.pair("max", "lae").p
    assert (c.contrasts, c.verdicts) == ((), {})
    assert [pair["b"] for pair in document(c)["pairs"]] == ["lae"]
    for pair in (("max", "nothing"), ("max", "max")):
        with pytest.raises(BadInput):
            compare(values, lower_is_better=False, planned=[pair])


def test_planned_pairs_have_a_table_and_a_sentence_and_a_chosen_one_says_so() -> None:
    study, runs = planned()
    outcomes = outcomes_of(study, "digits", runs)
    (table,) = planned_of(study, runs)
    assert [(row["baseline"], row["candidate"]) for row in table.records] == [("max", "lae")]
    assert "every contrast with the baseline 'average' and every planned pair" in table.notes[1]
    assert "As planned - lae against max worse." in answer(outcomes)
    chosen = pair_table(outcomes.comparison, [("lp", "max")])
    assert "picked after the results" in chosen.notes[1]
    assert planned_of(only(study, "lp"), runs) == []
    assert len(planned_of(only(study, "lae"), runs)) == 1
    bare, runs = finished(COUNTS)
    assert planned_of(bare, runs) == []


def test_areas_have_the_same_family_and_a_table_of_its_planned_pairs() -> None:
    rows = {"average": fgsm(*WEAK), "max": fgsm(*STRONG), "lae": fgsm(*STRONG)}
    study, runs, found = measured(rows)
    analysis = replace(study.analysis, planned=(("max", "lae"),))
    areas, planned, _ = robustness_tables(replace(study, analysis=analysis), runs, found)
    assert [(row["baseline"], row["candidate"]) for row in planned.records] == [("max", "lae")]
    assert areas.detail["family"] == planned.detail["family"] == {"kind": "planned", "m": 3}


def test_a_baseline_chosen_afterwards_is_corrected_over_all_pairs_and_says_so() -> None:
    study, runs = finished(COUNTS)
    chosen = Reading(baseline="max").applied_to(study)
    table = results_table(chosen, "digits", runs)
    # Six pairs of four variants, each perfectly separated: 6 x 2 / 252.
    assert by_variant(table)["lae"]["p_adjusted"] == pytest.approx(6 * 2 / 252)
    assert any("chosen with the results at hand" in note for note in table.notes)
    assert table.detail["family"] == {"kind": "all-pairs", "m": 6}
    again = results_table(Reading(baseline="average").applied_to(study), "digits", runs)
    assert again == results_table(study, "digits", runs)


def test_the_plan_counts_the_comparisons_of_the_whole_suite() -> None:
    progress = PlanProgress(costs={}, devices=("cpu",))
    study, _ = planned()
    for each in (study, only(study, "lae")):
        notes = plan_table(each, "digits", progress).notes
        assert any("4 comparisons" in note for note in notes)
