"""subpool: against all subsets by brute force, and against published least errors."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from poolbench.core.errors import BadInput
from poolbench.operators.create import create
from poolbench.operators.definitions import subpool_max
from poolbench.operators.functional import average, maximum
from poolbench.operators.subpool import subpool
from poolbench.operators.window import Window
from poolbench.theory.estimator import order_statistic_weights
from poolbench.theory.least_error import optimal_coefficients
from tests.operators.definition import pool_by_definition

# Appendix D of "The Theoretical Expressiveness of Maxpooling".
PUBLISHED = {
    2: {(1,): "1/3", (0, 1): "1/4"},
    3: {(1,): "1/2", (2,): "1/5", (0, 2): "1/6", (1, 2): "1/7", (0, 1, 2): "1/8"},
    4: {
        (1,): "3/5", (2,): "1/3", (3,): "1/7", (0, 1): "3/8", (0, 2): "1/4", (0, 3): "1/8",
        (1, 2): "1/5", (1, 3): "1/9", (2, 3): "1/13", (0, 1, 2): "1/6", (0, 1, 3): "1/10",
        (0, 2, 3): "1/14", (1, 2, 3): "1/15", (0, 1, 2, 3): "1/16",
    },
}  # fmt: skip
PAIRS = [(d, orders, error) for d, rows in PUBLISHED.items() for orders, error in rows.items()]


def _vertices(d: int) -> Tensor:
    corners = list(itertools.product([0.0, 1.0], repeat=d))
    return torch.tensor(corners, dtype=torch.float64).view(-1, 1, 1, d)


def _worst(x: Tensor, orders: tuple[int, ...]) -> float:
    return float((subpool(x, orders, None) - maximum(x)).abs().max())


@pytest.mark.parametrize("d", [1, 2, 5, 7])
def test_the_mean_of_subpool_maxes_is_the_mixture_of_order_statistics(d: int) -> None:
    z = torch.randn(d, dtype=torch.float64, generator=torch.Generator().manual_seed(d)).tolist()
    for r in range(1, d + 3):
        weights = order_statistic_weights(d, r)
        mixture = sum(w * v for w, v in zip(weights, sorted(z, reverse=True), strict=True))
        assert mixture == pytest.approx(subpool_max(z, r), abs=1e-12)


@pytest.mark.parametrize(("d", "orders", "error"), PAIRS)
def test_the_error_at_the_vertices_is_the_published_one_and_nowhere_larger(
    d: int, orders: tuple[int, ...], error: str
) -> None:
    published = float(Fraction(error))
    assert _worst(_vertices(d), orders) == pytest.approx(published, abs=1e-9)
    inside = torch.rand(2000, 1, 1, d, generator=torch.Generator().manual_seed(0)).double()
    assert _worst(inside, orders) <= published + 1e-9


@pytest.mark.parametrize("d", [2, 5, 9])
def test_the_least_errors_have_their_closed_forms(d: int) -> None:
    assert _worst(_vertices(d), (d - 1,)) == pytest.approx(1 / (2 * d - 1), abs=1e-9)
    assert _worst(_vertices(d), (0, d - 1)) == pytest.approx(1 / (2 * d), abs=1e-9)
    assert _worst(_vertices(d), tuple(range(d))) == pytest.approx(2.0**-d, abs=1e-8)


@pytest.mark.parametrize("orders", [(3, 0), (1, 2), (0, 1, 2, 3)])
@pytest.mark.parametrize(
    "window", [Window.of(2), Window.of(3, 2, 1), Window.of((3, 2), 2, 1, ceil_mode=True), None]
)
def test_every_window_holds_the_optimum_of_the_elements_it_has(
    window: Window | None, orders: tuple[int, ...]
) -> None:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(2, 2, 3, 4, dtype=torch.float64, generator=generator)

    def definition(z: object) -> float:
        elements = list(z)  # type: ignore[call-overload]
        beta = optimal_coefficients(len(elements), orders)
        return float(sum(b * subpool_max(elements, r) for b, r in zip(beta, orders, strict=True)))

    torch.testing.assert_close(
        subpool(x, orders, None, window=window), pool_by_definition(x, window, definition)
    )


def test_learned_coefficients_start_at_the_optimum_and_weigh_the_terms() -> None:
    x = torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(1))
    frozen, learned = (create("subpool", kernel_size=2, learn=learn) for learn in ("none", "layer"))
    torch.testing.assert_close(frozen(x), learned(x))
    learned(x).sum().backward()
    expected = [2 * 3 * 2 * 3, sum(subpool_max(z, 3) for z in _blocks(x))]
    assert learned.beta.grad.tolist() == pytest.approx(expected, rel=1e-5)
    assert set(learned.pooling_parameters()) == {"beta"}


def _blocks(x: Tensor) -> list[list[float]]:
    blocks: list[list[float]] = x.unfold(2, 2, 2).unfold(3, 2, 2).reshape(-1, 4).tolist()
    return blocks


def test_single_orders_reach_from_the_mean_to_the_max() -> None:
    x = torch.rand(2, 3, 3, 3, generator=torch.Generator().manual_seed(2))
    one = torch.ones(1)
    torch.testing.assert_close(subpool(x, (1,), one), average(x))
    torch.testing.assert_close(subpool(x, (9,), one), maximum(x))
    assert (subpool(x, (4,), one) > average(x)).all()


def test_without_an_intercept_it_scales_with_the_elements_and_with_one_it_does_not() -> None:
    x = torch.rand(2, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    window = Window.of(2)
    for orders, scales in (((1, 3), True), ((0, 3), False)):
        one, seven = (subpool(c * x, orders, None, window=window) for c in (1.0, 7.0))
        assert torch.allclose(seven, 7.0 * one) == scales


def test_elements_of_minus_infinity_are_no_elements() -> None:
    x = torch.tensor([0.3, -torch.inf, 0.9, 0.1]).view(1, 1, 2, 2).requires_grad_()
    pooled = subpool(x, (0, 1, 2), None)
    others = torch.tensor([0.3, 0.9, 0.1]).view(1, 1, 1, 3)
    torch.testing.assert_close(pooled, subpool(others, (0, 1, 2), None))
    (gradient,) = torch.autograd.grad(pooled.sum(), x)
    assert gradient.isfinite().all()
    assert gradient[0, 0, 0, 1] == 0
    dark = torch.full((1, 1, 2, 2), -torch.inf)
    for orders in ((0, 1, 2), (1, 2)):
        assert subpool(dark, orders, None).item() == -torch.inf


def test_orders_and_maps_are_checked_where_a_function_is_called_by_hand() -> None:
    for orders in ((), (0,), (2, 2), (-1, 2)):
        with pytest.raises(BadInput, match="orders are"):
            subpool(torch.zeros(1, 1, 2, 2), orders, None)
    with pytest.raises(ValueError, match="no element"):
        subpool(torch.zeros(1, 1, 0, 2), (0, 1), None)


def test_sixteen_elements_work_with_every_order_and_seventeen_are_refused() -> None:
    corner = torch.zeros(1, 1, 4, 4)
    corner[0, 0, 2, 1] = 1.0
    assert subpool(corner, tuple(range(16)), None).item() == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(BadInput, match="at most 16"):
        subpool(torch.zeros(1, 1, 1, 17), (0, 3), None)
    with pytest.raises(BadInput, match="at most 16"):
        subpool(torch.zeros(1, 1, 1, 17), (0, 17), None)
    with pytest.raises(BadInput, match="at most 16"):
        create("subpool", kernel_size=5)
    with pytest.raises(BadInput, match="at most 16"):
        create("subpool", grid=(8, 8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"orders": []}, "orders are"),
        ({"orders": [0]}, "orders are"),
        ({"orders": [-1, 2]}, "subpool.orders: expected list of whole numbers >= 0, got -1"),
        ({"orders": [2, 2]}, "orders are"),
        ({"orders": [0, 5]}, "has 4 elements"),
        ({"orders": 3}, "numbers >= 0, got 3"),
        ({"orders": [1.5]}, "numbers >= 0, got 1.5"),
        ({"learn": "channel"}, "subpool.learn: expected none | layer, got 'channel'"),
    ],
)
def test_orders_that_cannot_be_meant_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        create("subpool", kernel_size=2, **options)
    assert message in caught.value.message


def test_a_global_subpool_learns_only_for_a_known_grid() -> None:
    with pytest.raises(BadInput, match="maps it is trained on"):
        create("subpool", learn="layer")
    for grid in ((2, 3), (3, 2)):
        operator = create("subpool", learn="layer", grid=grid, orders=[4])
        assert operator.beta.item() == pytest.approx(optimal_coefficients(6, (4,))[0])
        assert operator(torch.rand(2, 3, *grid)).shape == (2, 3)


@pytest.mark.parametrize("orders", [(2, 3), (0, 3, 2), (0, 1, 2, 3)])
def test_orders_above_the_elements_of_a_window_count_once_as_its_max(
    orders: tuple[int, ...],
) -> None:
    assert _worst(_vertices(2), orders) == pytest.approx(0.0, abs=1e-9)
