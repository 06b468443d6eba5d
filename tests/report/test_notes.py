"""The numbers in the sentences below a table."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from scipy import stats

from poolbench.core.comparability import Difference
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.studies.results import results_table
from tests.report.examples import finished

_TEST_SET = re.compile(
    r"test set: (?P<images>.*) images, .* (?P<error>\S+) points at (?P<at>\S+) %"
)


def note_of_test_set(study: Study, runs: dict[str, Run]) -> tuple[str, str, str]:
    """Return what is said of the test set: its size, its binomial error, and where."""
    notes = results_table(study, "digits", runs).notes
    (found,) = filter(None, map(_TEST_SET.search, notes))
    return found["images"], found["error"], found["at"]


def binomial_error(accuracy: float, images: int) -> str:
    return f"{100 * stats.binom(images, accuracy).std() / images:.2f}"


def test_the_error_of_a_test_set_is_binomial_at_the_accuracy_of_all_runs() -> None:
    # A diverged run and a missing one classify nothing.
    study, runs = finished({"average": [180, 184, None], "max": [150, 158, "-"]})
    accuracy = (180 + 184 + 150 + 158) / 800
    assert note_of_test_set(study, runs) == ("200", binomial_error(accuracy, 200), "84.00")
    assert binomial_error(accuracy, 200) == "2.59"  # by hand: sqrt(0.84 * 0.16 / 200)


@pytest.mark.parametrize("large_first", [True, False])
def test_of_test_sets_of_two_sizes_the_smaller_tells_the_error(large_first: bool) -> None:
    study, runs = finished({"average": [180, 180]})
    large = study.cells[0 if large_first else 1].id
    runs[large] = replace(runs[large], result=replace(runs[large].result, correct=640, total=800))
    # 820 of 1,000 are right.
    assert note_of_test_set(study, runs) == ("200 to 800", binomial_error(0.82, 200), "82.00")


def test_the_signs_of_contrasts_are_explained_with_their_family_margin_and_floor() -> None:
    low, high = [180, 181, 182, 183, 184, 185], [190, 191, 192, 193, 194, 195]
    counts = {"average": low, "max": high, "one": [190, *["-"] * 5]}
    study, runs = finished(counts, margin=1.5)
    signs, floor = (
        note
        for note in results_table(study, "digits", runs).notes
        if note.startswith(("points:", "smallest p"))
    )
    # The variant with a single run has no test, and is of the family all the same.
    assert signs == (
        "points: Hodges-Lehmann shift against average with the interval of each comparison alone; "
        "p: Mann-Whitney U, Holm over 2 comparisons; ▲ better, ▼ worse, ≈ equivalent within "
        "±1.5 points"
    )
    assert floor == (
        "smallest p (Holm) these seeds can reach: 0.0043; below 0.05 needs 5 seeds for each variant"
    )
    # Of floors 2 / C(12, 6) and 2 / C(8, 2), each twice, the smaller is told.
    study, runs = finished(counts | {"one": [190, 191, *["-"] * 4]}, metric="error")
    notes = results_table(study, "digits", runs).notes
    assert "lower is better" in notes[0]
    (signs,) = (note for note in notes if note.startswith("points:"))
    assert signs.endswith("Holm over 2 comparisons; ▲ better, ▼ worse")
    (floor,) = (note for note in notes if note.startswith("smallest p"))
    assert "reach: 0.0043; below 0.05 needs 5 seeds" in floor


def test_a_question_mark_is_explained_where_there_is_one() -> None:
    few, runs = finished({"average": [180, 181], "max": [190, 191]})
    enough, more = finished({"average": [180, 181, 182, 183], "max": [190, 191, 192, 193]})
    for study, found, is_told in ((few, runs, True), (enough, more, False)):
        notes = results_table(study, "digits", found).notes
        assert any(note.startswith("? ") for note in notes) == is_told


def test_a_difference_is_no_comparison_where_nothing_published_is_shown() -> None:
    study, runs = finished({"average": [180, 181], "max": [190, 191]})
    shorter = Difference(
        dataset="digits", part="recipe", text="recipe.epochs 1 instead of 2", variants=("max",)
    )
    study = replace(
        study,
        arguments=("--profile", "smoke", "--only", "m*"),
        analysis=replace(study.analysis, published={}, differences=(shorter,)),
    )
    assert results_table(study, "digits", runs).notes[-1] == (
        "differs from the suite (changed by --profile smoke): recipe.epochs 1 instead of 2 (max)"
    )
