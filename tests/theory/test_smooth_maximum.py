"""LSE and LAE against the max: worst cases, and operators that are held to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from poolbench.core.errors import BadInput
from poolbench.operators.functional import log_avg_exp, log_sum_exp
from poolbench.theory.smooth_maximum import lae_shortfall, lse_excess


def test_two_elements_by_hand() -> None:
    assert lse_excess(2, 1.0) == pytest.approx(math.log(2))
    assert lae_shortfall(2, 1.0) == pytest.approx(1 - math.log((math.e + 1) / 2))
    assert lse_excess(1, 5.0) == lae_shortfall(1, 5.0) == 0


@pytest.mark.parametrize("n", [2, 9, 100])
@pytest.mark.parametrize("t", [1e-3, 0.3, 1.0, 20.0])
def test_the_operators_err_by_the_bounds_at_most_and_reach_them(n: int, t: float) -> None:
    random = np.random.default_rng(0).random((300, n))
    windows = np.concatenate([random, np.full((1, n), 0.3), np.eye(1, n)])
    x = torch.from_numpy(windows).view(-1, 1, 1, n)
    log_t = torch.tensor([math.log(t)], dtype=torch.float64)
    excess = log_sum_exp(x, log_t).flatten().numpy() - windows.max(1)
    shortfall = windows.max(1) - log_avg_exp(x, log_t).flatten().numpy()
    assert excess.max() == pytest.approx(lse_excess(n, t), rel=1e-9)
    assert excess[-2] == pytest.approx(lse_excess(n, t), rel=1e-9)
    assert shortfall.max() == pytest.approx(lae_shortfall(n, t), rel=1e-9)
    assert shortfall[-1] == pytest.approx(lae_shortfall(n, t), rel=1e-9)
    assert min(excess.min(), shortfall.min()) >= -1e-12


def test_a_smooth_maximum_that_is_normalised_twice_breaks_the_bound() -> None:
    z, t = np.eye(1, 9)[0], 1.0
    wrong = t * (math.log(np.exp(z / t).sum()) - 2 * math.log(9))
    assert z.max() - wrong > lae_shortfall(9, t)


def test_lae_falls_short_by_t_log_n_when_cold_and_as_the_mean_when_hot() -> None:
    assert lae_shortfall(49, 1e-3) == pytest.approx(1e-3 * math.log(49))
    assert lae_shortfall(49, 1e9) == pytest.approx(1 - 1 / 49, rel=1e-8)
    # To first order in 1/t it lacks the variance of the elements over 2t.
    gap = [(1 - 1 / 49) - lae_shortfall(49, t) for t in (1e3, 1e4)]
    assert gap[0] == pytest.approx(48 / 49**2 / 2e3, rel=2e-3)
    assert math.log10(gap[0] / gap[1]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("n", "t"), [(0, 1.0), (3, 0.0), (3, -1.0), (3, math.inf), (3, math.nan)])
def test_a_window_or_temperature_without_a_smooth_maximum_is_refused(n: int, t: float) -> None:
    for error in (lse_excess, lae_shortfall):
        with pytest.raises(BadInput) as refused:
            error(n, t)
        assert refused.value.hint
