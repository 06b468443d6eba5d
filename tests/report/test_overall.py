"""The section over conditions: its tables, its sentence, its charts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from poolbench.core.cell import Cell
from poolbench.core.study import Study
from poolbench.report import FORMATS
from poolbench.report.charts.picture import png
from poolbench.report.charts_over_conditions import Forest, RankLine
from poolbench.report.findings import Findings
from poolbench.report.overall.answer import overall_answer
from poolbench.report.overall.charts import overall_charts
from poolbench.report.overall.conditions import Conditions, conditions_of
from poolbench.report.overall.tables import overall_tables
from poolbench.report.table import Table
from tests.report.examples import TOTAL
from tests.report.many_conditions import a_study_of, runs_of

VARIANTS = ("average", "max", "lae")
EIGHT = tuple("abcdefgh")


def steady(cell: Cell) -> int:
    """``lae`` is ten images better than ``average`` everywhere, ``max`` two worse."""
    return 150 + {"average": 0, "max": -2, "lae": 10}[cell.variant] + cell.seed


def together(study: Study, correct: Callable[[Cell], int | str | None] = steady) -> Conditions:
    found = conditions_of(study, runs_of(study, correct))
    assert found is not None
    return found


def texts(table: Table) -> list[list[str]]:
    return [[cell.marked_text for cell in row] for row in table.rows]


def test_every_variant_has_its_rank_its_record_and_its_chance() -> None:
    table, shifts = overall_tables(together(a_study_of(VARIANTS, networks=("wrn", "dla"))))
    assert [row[:5] for row in texts(table)] == [
        ["average", "2.00", "baseline", "", ""],
        ["max", "3.00", "0", "0", "6"],
        ["lae", "1.00", "6", "0", "0"],
    ]
    assert table.records[2]["superiority"] == 1.0
    assert table.title.endswith("overall · test accuracy, 6 conditions")
    assert len(shifts.rows) == 12
    first = shifts.records[0]
    assert (first["variant"], first["condition"]) == ("max", "wrn on digits")
    assert first["shift"] == pytest.approx(-2 / TOTAL)
    assert first["standing"] == "loss"


def test_the_sentence_claims_ranks_and_no_test_below_eight_conditions() -> None:
    assert overall_answer(together(a_study_of(VARIANTS))) == (
        "Over 3 conditions lae has the best mean rank, 1.00 among 3 variants. That is not tested: "
        "a test of ranks needs at least 8 conditions. By the shifts alone, against average - max: "
        "better in 0, worse in 3; lae: better in 3, worse in 0."
    )


def test_the_sentence_and_the_signs_are_those_of_the_test_from_eight_conditions_on() -> None:
    found = together(a_study_of(VARIANTS, datasets=EIGHT))
    assert found.overall.test is not None
    assert found.overall.test.groups == (("lae", "average"), ("average", "max"))
    assert (
        "Friedman's test shows that ranks differ (p = 3e−4): max below lae; not shown to rank "
        "below it: average."
    ) in overall_answer(found)
    table = overall_tables(found)[0]
    assert [row[1] for row in texts(table)] == ["* 2.00", "3.00", "* 1.00"]
    assert [row[1].is_bold for row in table.rows] == [True, False, True]
    test = table.detail["overall"]["test"]
    assert (test["name"], test["rejects"], test["family"]) == ("Friedman", True, "all variants")
    forest, line = overall_charts(found)
    assert isinstance(forest, Forest)
    assert isinstance(line, RankLine)
    assert line.groups == (("lae", "average"), ("average", "max"))


def test_a_test_that_shows_nothing_marks_nothing() -> None:
    order = {dataset: index for index, dataset in enumerate(EIGHT)}

    def turned(cell: Cell) -> int:
        return 150 + (VARIANTS.index(cell.variant) + order[cell.data.source.name]) % 3

    found = together(a_study_of(VARIANTS, datasets=EIGHT), turned)
    assert "Friedman's test over the 8 conditions shows no difference (p = " in overall_answer(
        found
    )
    table = overall_tables(found)[0]
    assert not any(cell.mark for row in table.rows for cell in row)


def test_two_conditions_are_counted_and_neither_ranked_nor_averaged() -> None:
    found = together(a_study_of(VARIANTS, datasets=("digits", "mnist")))
    assert overall_answer(found).startswith(
        "Only 2 comparable conditions: too few to average ranks or probabilities (at least 3) or "
        "to test ranks (at least 8). By the shifts alone, against average - max: better in 0, "
        "worse in 2;"
    )
    assert [row[1] for row in texts(overall_tables(found)[0])] == ["–", "–", "–"]
    assert [row[5] for row in texts(overall_tables(found)[0])] == ["", "–", "–"]


def test_a_condition_that_lacks_a_run_counts_nowhere_and_is_named() -> None:
    def lacking(cell: Cell) -> int | str:
        is_lost = cell.data.source.name == "mnist" and (cell.variant, cell.seed) == ("lae", 1)
        return "-" if is_lost else steady(cell)

    found = together(a_study_of(VARIANTS), lacking)
    table, shifts = overall_tables(found)
    note = "not comparable, and in none of these numbers: mnist (1 of 15 runs missing)"
    assert note in table.notes
    assert note in shifts.notes
    assert [row[2:5] for row in texts(table)][2] == ["2", "0", "0"]
    assert [row[2] for row in texts(shifts)][2::3] == ["not comparable"] * 2
    (forest,) = overall_charts(found)
    assert isinstance(forest, Forest)
    assert [row.label for row in forest.groups[0].rows] == ["digits", "cluttered-digits"]


def test_runs_of_another_test_set_make_a_condition_incomparable() -> None:
    from dataclasses import replace

    study = a_study_of(VARIANTS)
    runs = runs_of(study, steady)
    cell = next(c for c in study.cells if c.data.source.name == "mnist")
    runs[cell.id] = replace(runs[cell.id], result=replace(runs[cell.id].result, total=2 * TOTAL))
    found = conditions_of(study, runs)
    assert found is not None
    assert found.overall.incomparable == {"mnist": "test sets of 200 to 400 images"}


def test_a_shift_within_the_margin_is_tied_and_the_note_says_so() -> None:
    # Two of 200 images are one point.
    found = together(a_study_of(VARIANTS, margin=1.0))
    assert [row[2:5] for row in texts(overall_tables(found)[0])][1] == ["0", "3", "0"]
    assert any("tied: within ±1 points" in note for note in overall_tables(found)[0].notes)
    assert "max: better in 0, worse in 0, tied in 3" in overall_answer(found)


def test_without_a_baseline_there_are_ranks_alone() -> None:
    from dataclasses import replace

    found = together(replace(a_study_of(VARIANTS), baseline=""))
    (table,) = overall_tables(found)
    assert table.fields == ("variant", "mean_rank")
    assert "no baseline, so no wins and losses; name one with --baseline" in table.notes
    assert overall_charts(found) == []


def test_only_hides_rows_and_no_rank() -> None:
    from dataclasses import replace

    whole = a_study_of(VARIANTS)
    kept = tuple(cell for cell in whole.cells if cell.variant == "max")
    part = replace(whole, variants=("max",), cells=kept, whole_cells=whole.cells)
    found = conditions_of(part, runs_of(whole, steady))
    assert found is not None
    table, shifts = overall_tables(found)
    assert [row[:2] for row in texts(table)] == [["max", "3.00"]]
    assert len(shifts.rows) == 3
    assert any(note.startswith("every test is over all 3 variants") for note in table.notes)


def test_with_many_variants_the_sentence_names_those_that_are_better_everywhere() -> None:
    names = ("average", *(f"v{index}" for index in range(8)))

    def correct(cell: Cell) -> int:
        index = names.index(cell.variant)
        is_mixed = cell.variant == "v3" and cell.data.source.name == "mnist"
        return 150 + (index - 4 if not is_mixed else 0) * 2 + cell.seed

    sentence = overall_answer(together(a_study_of(names), correct))
    assert sentence.endswith("against average - in all 3 conditions better: "
                             "v0, v1, v2, v3, v4, v5, v6, v7.")  # fmt: skip


def test_one_condition_or_one_variant_has_no_section() -> None:
    for study in (a_study_of(VARIANTS, datasets=("digits",)), a_study_of(("average",))):
        assert conditions_of(study, runs_of(study, lambda _: 150)) is None


@pytest.mark.parametrize("format", ["rich", "markdown", "html", "latex", "json", "csv"])
def test_every_format_has_the_tables(format: str) -> None:
    assert format in FORMATS
    found = together(a_study_of(VARIANTS, networks=("wrn", "dla"), datasets=EIGHT))
    tables, charts = overall_tables(found), overall_charts(found)
    text = Findings(tuple(tables), tuple(charts)).render(format)
    assert "dla on h" in text
    if format == "json":
        (first, _) = json.loads(text)["tables"]
        assert first["detail"]["overall"]["conditions"][-1] == "dla on h"


def test_charts_are_drawn_whatever_the_intervals_are() -> None:
    def lost(cell: Cell) -> int | None:
        return None if cell.variant == "max" and cell.seed < 3 else steady(cell)

    for study in (a_study_of(VARIANTS, datasets=EIGHT), a_study_of(VARIANTS, seeds=1)):
        for chart in overall_charts(together(study, lost)):
            assert png(chart).startswith(b"\x89PNG")
