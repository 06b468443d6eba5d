"""What the command says of credit in small windows: figure 1 of the LogAvgExp paper."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from poolbench.app.gradients import gradients, parse_matrix, settings_of
from poolbench.core.errors import BadInput
from poolbench.core.gradients import FIGURE_1
from poolbench.report.chart import Matrices
from tests.conftest import Done


def test_the_picture_has_the_matrices_above_and_below_the_operators_on_each() -> None:
    table, chart = gradients(settings_of([], [], []))
    assert isinstance(chart, Matrices)
    assert [panel.values for panel in chart.rows[0]] == list(FIGURE_1)
    assert [len(row) for row in chart.rows] == [2, 5, 5]
    assert chart.rows[1][0].label.split() == ["max", "of", "X1:", "y", "=", "1.6"]
    assert chart.rows[2][0].values == ((0, 0), (1, 0))
    assert len(table.rows) == 10


def test_the_command_takes_any_operator_and_matrix(poolbench: Callable[..., Done]) -> None:
    done = poolbench(
        "gradients", "lae", "min", "--matrix", "0,3,-1", "--temperature", "2", "--format", "json"
    )
    assert done.code == 0, done.err
    rows = json.loads(done.out)["tables"][0]["rows"]
    assert [row["operator"] for row in rows] == ["lae (t = 2)", "min"]
    assert rows[1]["value"] == -1
    assert rows[1]["sparsity"] == pytest.approx(2 / 3)
    assert rows[1]["is_continuous"] is None
    assert poolbench("gradients", "lea").code == 2
    assert poolbench("gradients", "lae", "--temperature", "0").code == 2


@pytest.mark.parametrize("text", ["", "1,2;3", "1,x", "1,nan", ";"])
def test_what_is_no_matrix_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a matrix"):
        parse_matrix(text)
    assert parse_matrix(" 1, 2; 3,4 ") == ((1.0, 2.0), (3.0, 4.0))


def test_matrices_of_two_shapes_are_refused() -> None:
    with pytest.raises(BadInput, match="differ in shape"):
        settings_of(["max"], [((1.0,),), ((1.0, 2.0),)], [])


def test_the_suite_of_figure_1_is_what_the_command_shows_by_default(
    poolbench: Callable[..., Done],
) -> None:
    by_suite = poolbench("gradients", "--suite", "lae/fig1-gradients")
    assert by_suite.code == 0, by_suite.err
    shown, deviations, _ = by_suite.out.partition("not as in the source: ")
    assert shown == poolbench("gradients").out
    assert deviations
    assert poolbench("gradients", "max", "--suite", "lae/fig1-gradients").code == 2
    assert "poolbench gradients --suite" in poolbench("train", "lae/fig1-gradients").err


def test_a_suite_gives_operators_any_option_and_its_faults_have_places(
    poolbench: Callable[..., Done],
) -> None:
    head = ("gradients", "--suite", "lae/fig1-gradients", "--format", "json", "--set")
    done = poolbench(*head, "gradients.operators=[{name: gem, p: 2}]")
    assert json.loads(done.out)["tables"][0]["rows"][0]["operator"] == "gem (p = 2)"
    for fault in ("operators=[lea]", "operators=[]", "matrices=[[[1, 2], [3]]]", "matrices=[[]]"):
        refused = poolbench(*head, f"gradients.{fault}")
        assert refused.code == 2, fault
        assert "--set gradients" in refused.err
