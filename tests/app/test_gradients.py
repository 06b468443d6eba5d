"""Credit of operators on small matrices: figure 1 of the LogAvgExp paper."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import torch

from poolbench.app.gradients import gradients, parse_matrix, settings_of
from poolbench.core.errors import BadInput
from poolbench.core.gradients import FIGURE_1
from poolbench.operators.create import create
from poolbench.probes.gradients import credit_of, passage_of
from poolbench.report.chart import Matrices
from tests.conftest import Done


def flat(matrix: tuple[tuple[float, ...], ...]) -> list[float]:
    return [value for row in matrix for value in row]


def test_the_credit_of_max_jumps_that_of_the_mean_stays_and_that_of_lae_follows() -> None:
    swapped = [create(name) for name in ("max", "average", "lae")]
    peak, mean, lae = ([credit_of(o, matrix) for matrix in FIGURE_1] for o in swapped)
    assert [flat(credit.derivatives) for credit in peak] == [[0, 0, 0, 1], [0, 0, 1, 0]]
    assert [flat(credit.derivatives) for credit in mean] == [[0.25] * 4, [0.25] * 4]
    before, after = (flat(credit.derivatives) for credit in lae)
    assert before[2:] == pytest.approx(after[:1:-1])
    assert before[0] < before[1] < before[2] < before[3] < 1
    assert [credit.sparsity for credit in (peak[0], mean[0], lae[0])] == [0.75, 0, 0]


@pytest.mark.parametrize("temperature", [0.25, 1.0, 4.0])
def test_the_credit_of_lae_is_the_softmax_of_the_matrix(temperature: float) -> None:
    credit = credit_of(create("lae", temperature=temperature), FIGURE_1[0])
    z = torch.tensor(flat(FIGURE_1[0])).double()
    assert flat(credit.derivatives) == pytest.approx((z / temperature).softmax(0).tolist())
    expected = temperature * ((z / temperature).exp().mean().log())
    assert credit.value == pytest.approx(expected.item())


@pytest.mark.parametrize(
    ("name", "jump"),
    [("max", 1.0), ("mixed", 0.5), ("avgmax", 0.5), ("median", 0.5), ("lae", 0), ("average", 0)],
)
def test_continuity_is_told_from_a_jump_by_finer_steps(name: str, jump: float) -> None:
    passage = passage_of(create(name, channels=1, grid=(2, 2)), *FIGURE_1)
    assert passage.is_continuous == (jump == 0)
    if jump:
        assert passage.largest_step == pytest.approx(jump)
    # However steep, a softmax is continuous.
    assert passage_of(create("lae", temperature=0.01), *FIGURE_1).is_continuous


def test_the_picture_has_the_matrices_above_and_below_the_operators_on_each() -> None:
    table, chart = gradients(settings_of([], [], []))
    assert isinstance(chart, Matrices)
    assert [panel.values for panel in chart.rows[0]] == list(FIGURE_1)
    assert [len(row) for row in chart.rows] == [2, 5, 5]
    assert chart.rows[1][0].label.split() == ["max", "of", "X1:", "y", "=", "1.6"]
    assert flat(chart.rows[2][0].values) == [0, 0, 1, 0]
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
    with pytest.raises(BadInput, match="no matrix"):
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
    assert by_suite.out == poolbench("gradients").out
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
