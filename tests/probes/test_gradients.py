"""Credit of operators on small matrices: figure 1 of the LogAvgExp paper."""

from __future__ import annotations

import pytest
import torch

from poolbench.core.gradients import FIGURE_1
from poolbench.operators.create import create
from poolbench.probes.gradients import credit_of, passage_of


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
