"""The numbers in the sentences below a table."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from scipy import stats

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
