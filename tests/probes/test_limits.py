"""How fast LAE nears its limits: measured on the operator, beside exact windows."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.core.theory import LimitsSettings
from poolbench.operators.functional import log_avg_exp, log_sum_exp
from poolbench.probes import limits
from poolbench.probes.limits import measure_limits
from poolbench.report.theory.limits import limits_chart, limits_table

SMALL = LimitsSettings(
    n=(2, 9), low=(1e-5, 1e-4, 1e-3), high=(30.0, 100.0, 300.0), samples=200, seeds=3
)


def windows(seed: int, n: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(200, n, dtype=torch.float64, generator=generator)


def test_distances_are_those_of_the_windows() -> None:
    found = {(each.n, each.to): each for each in measure_limits(SMALL)}
    z = windows(1, 9)
    t = 1e-3
    peak = z.max(1).values
    # t log n - t log(sum exp((z - max) / t)), every exponent at most 0.
    short = t * math.log(9) - t * torch.exp((z - peak[:, None]) / t).sum(1).log()
    assert found[9, "max"].gaps[1][2] == pytest.approx(float(short.mean()), rel=1e-9)
    # The series of the logarithm: variance / 2t + third central moment / 6t^2 + ...
    centred = z - z.mean(1, keepdim=True)
    rise = (centred**2).mean(1) / 60 + (centred**3).mean(1) / 5400
    assert found[9, "mean"].gaps[1][0] == pytest.approx(float(rise.mean()), rel=1e-4)
    assert found[9, "mean"].leading[1][0] == pytest.approx(float((centred**2).mean()) / 60)
    assert found[2, "max"].leading[0] == pytest.approx([t * math.log(2) for t in SMALL.low])
    assert all(each.derivative_deviation < 1e-7 for each in found.values())


def test_the_table_has_the_exponents_beside_the_proved_ones() -> None:
    found = measure_limits(SMALL)
    rows = {(row["n"], row["limit"]): row for row in limits_table(found, SMALL).records}
    for (_, to), row in rows.items():
        assert row["law_exponent"] == (1 if to == "max" else -1)
        assert row["exponent"] == pytest.approx(row["law_exponent"], abs=0.005)
        assert row["low"] <= row["exponent"] <= row["high"]  # type: ignore[operator]
        assert row["first_ratio"] == pytest.approx(1, abs=0.01)
    alone = replace(SMALL, seeds=1)
    (row, *_) = limits_table(measure_limits(alone), alone).records
    assert (row["low"], row["high"]) == (None, None)
    assert [chart.name for chart in limits_chart(found)] == ["lae-to-max", "lae-to-mean"]


def test_operators_with_other_limits_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "log_avg_exp", log_sum_exp)
    found = {(each.n, each.to): each for each in measure_limits(SMALL)}
    # LSE is t log n above LAE, which at high temperatures is no limit at all.
    assert found[9, "mean"].gaps[0][-1] > found[9, "mean"].gaps[0][0] > 1
    monkeypatch.setattr(limits, "log_avg_exp", lambda z, log_t: log_avg_exp(z, 2 * log_t))
    squared = measure_limits(SMALL)
    rows = limits_table(squared, SMALL).records
    assert [row["exponent"] for row in rows] == pytest.approx([2, -2, 2, -2], abs=0.01)
    assert min(each.derivative_deviation for each in squared) > 0.1


def test_an_operator_whose_gradient_is_another_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def halved(z: Tensor, log_t: Tensor) -> Tensor:
        pooled = log_avg_exp(z, log_t)
        return (pooled + pooled.detach()) / 2

    monkeypatch.setattr(limits, "log_avg_exp", halved)
    assert min(each.derivative_deviation for each in measure_limits(SMALL)) > 0.4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": (0.1, 0.2)}, "the low temperatures are 0.1, 0.2"),
        ({"high": (3.0, 2.0, 4.0)}, "the high temperatures are 3, 2, 4"),
        ({"low": (0.0, 0.1, 0.2)}, "the low temperatures are 0, 0.1, 0.2"),
        ({"n": (1,)}, "n is 1"),
        ({"samples": 0}, "samples is 0"),
        ({"seeds": 0}, "seeds is 0"),
        ({"n": (10**6,)}, "do not fit"),
    ],
)
def test_numbers_without_a_limit_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput) as refused:
        measure_limits(replace(SMALL, **changes))  # type: ignore[arg-type]
    assert message in refused.value.message
    assert "--" in refused.value.hint
