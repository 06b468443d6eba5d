"""Each variant now beside itself then."""

from __future__ import annotations

import math

import pytest

from poolbench.report.studies.changes import changes_table

THEN = [0.90, 0.91, 0.92, 0.93]
WORSE = [0.80, 0.81, 0.82, 0.83]


def test_a_row_is_then_now_the_shift_between_and_what_may_be_said() -> None:
    table = changes_table(
        {"a": (THEN, WORSE), "b": (THEN, [*THEN, 0.94, None]), "one": (THEN, [0.5])},
        title="then and now", metric="accuracy", lower_is_better=False, alpha=0.1, paired=False,
        margin=0.05, notes=("a note",),
    )  # fmt: skip
    assert table.title == "then and now"
    assert [column.title for column in table.columns] == [
        "variant", "n", "accuracy % then", "accuracy % now", "points [90 % interval]", "p (Holm)",
        "smallest p", "verdict",
    ]  # fmt: skip
    a, b, one = table.records
    assert (a["variant"], a["n_now"], a["n_then"], b["n_now"], one["n_now"]) == ("a", 4, 4, 5, 1)
    assert (a["then_mean"], a["now_mean"]) == (pytest.approx(0.915), pytest.approx(0.815))
    # The standard deviation of four values one apart is sqrt(5/3).
    assert (a["then_std"], a["now_std"]) == (pytest.approx(0.01 * math.sqrt(5 / 3)),) * 2
    assert a["shift"] == pytest.approx(-0.1)
    assert isinstance(a["shift_low"], float)
    assert isinstance(a["shift_high"], float)
    assert a["shift_low"] < -0.1 < a["shift_high"]
    # 2 / C(8, 4), and three times that: the one without a test is of the family all the same.
    assert (a["smallest_p"], a["p_adjusted"]) == (pytest.approx(2 / 70), pytest.approx(6 / 70))
    assert (one["p_adjusted"], one["shift_low"]) == (None, None)
    assert [row["verdict"] for row in table.records] == ["worse", "equivalent", "no test possible"]
    assert table.rows[1][1].text == "5 vs 4"
    assert table.notes[0].endswith("now − then; higher accuracy is better; alpha = 0.1")
    assert table.notes[1:] == (
        "p by Mann-Whitney U; Holm over 3 comparisons, one per variant", "a note"
    )  # fmt: skip


def test_orientation_and_pairing_are_those_asked_for() -> None:
    table = changes_table(
        {"a": (THEN * 2, [value + 0.001 * k for k, value in enumerate(THEN * 2, 1)])},
        title="", metric="error", lower_is_better=True, alpha=0.05, paired=True,
    )  # fmt: skip
    assert table.records[0]["verdict"] == "worse"
    assert "lower error is better" in table.notes[0]
    assert table.notes[1] == "p by Wilcoxon signed-rank; Holm over 1 comparison, one per variant"
    none = changes_table(
        {"a": ([0.5], [0.6])},
        title="", metric="error", lower_is_better=True, alpha=0.05, paired=False,
    )  # fmt: skip
    assert none.notes[1] == "no test of these runs is possible"
