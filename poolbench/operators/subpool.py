"""The optimal estimator of the maximum from means over subpool maxes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poolbench.core.errors import BadInput
from poolbench.operators.base import PoolingOperator
from poolbench.operators.elements import (
    WithoutInfinity,
    as_output,
    check_maps,
    gather_elements,
    without_autocast,
)
from poolbench.operators.recording import is_finite
from poolbench.operators.window import Window
from poolbench.theory.estimator import check_orders, order_statistic_weights
from poolbench.theory.least_error import optimal_coefficients

LARGEST_WINDOW = 16
"""Elements of the largest window; up to here the coefficients of every set of orders are small."""


class Subpool(PoolingOperator):
    """Estimate of the maximum: ``sum over r in R of beta_r M_r(z)``, M_0 = 1.

    M_r is the mean of the maxes of all size-r subsets of the window. beta minimises the largest
    error on the unit cube. It is solved for each number of elements in a window, so windows at the
    border have their own; a learned beta starts at that of a full window and is shared by all
    windows, and an order above a window's size counts as its size.

    Outside the unit cube the error bound does not hold. The estimate shifts with z only
    if 0 is not in R and the betas sum to 1, and scales with z only if 0 is not in R: the intercept
    is a constant in the units of the activations.

    Args:
        window: Geometry, of at most 16 elements; ``None`` pools the whole map.
        channels: Unused.
        grid: (H, W) of the maps in training, in pixels; needed to learn without a window.
        orders: R, distinct numbers from 0 (the intercept) to the size of a full window.
        learn: ``none``, or ``layer`` for one beta.

    Raises:
        BadInput: The orders are invalid, the window is too large, or the grid is missing.

    References:
        "The Theoretical Expressiveness of Maxpooling", section 3 and Appendix D.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        channels: int | None = None,  # noqa: ARG002
        grid: tuple[int, int] | None = None,
        orders: tuple[int, ...] = (0, 3),
        learn: str = "none",
    ) -> None:
        super().__init__(window=window)
        positions = window.kernel_size if window else grid
        elements = positions[0] * positions[1] if positions else None
        check_orders(orders, elements)
        if elements is not None:
            _check_size(elements)
        self.orders = orders
        self.beta: Tensor | None = None
        if learn == "layer":
            if elements is None:
                raise BadInput(
                    "a global subpool starts from the optimum for the maps it is trained on",
                    "pass grid=(height, width)",
                )
            self.beta = nn.Parameter(torch.tensor(optimal_coefficients(elements, orders)))

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``.

        Raises:
            BadInput: The whole map has more than 16 elements.
        """
        return subpool(x, self.orders, self.beta, window=self.window)

    def pooling_parameters(self) -> dict[str, Tensor]:
        """Return the coefficients, one for each order, if they are learned."""
        return {} if self.beta is None else {"beta": self.beta.detach().clone()}


def subpool(
    x: Tensor, orders: tuple[int, ...], beta: Tensor | None, *, window: Window | None = None
) -> Tensor:
    """Return ``sum over r of beta_r M_r(z)`` for each window.

    Args:
        x: Maps, ``(N, C, H, W)``, floating, best in [0, 1]. Elements of -inf are ignored, like
            padding; a window of only these gives -inf.
        orders: The r of the terms; an r above the size of a window counts as its size.
        beta: ``(len(orders),)``; ``None`` for the optimum of each number of elements.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.
        BadInput: The orders are invalid, or a window has more than 16 elements.

    Numerics: sorted once and summed in float64, because optimal coefficients of many orders are
    large and of both signs. Equal elements are ranked in row-major order for the gradient.
    """
    check_maps(x, window)
    check_orders(orders, None)
    with without_autocast(x):
        elements = gather_elements(x, window, padding=-torch.inf)
        largest = elements.shape[-1]
        _check_size(largest)
        ranked = elements.sort(descending=True, stable=True).values.double()
        highest = ranked[..., 0].detach()
        if not is_finite(highest):
            ranked = WithoutInfinity.apply(ranked)
        is_present = ranked != -torch.inf
        counts = is_present.sum(-1)
        mixtures = x.new_tensor(_mixtures(largest, orders), dtype=torch.float64)
        terms = (
            x.new_tensor(_coefficients(largest, orders), dtype=torch.float64)
            if beta is None
            else beta.double().expand(largest + 1, -1)
        )
        weights = torch.einsum("dr,dri->di", terms, mixtures)
        intercepts = terms[:, orders.index(0)] if 0 in orders else terms.new_zeros(largest + 1)
        estimate = (weights[counts] * ranked.where(is_present, 0.0)).sum(-1) + intercepts[counts]
        estimate = estimate.where(counts > 0, -torch.inf)
        return as_output(estimate + highest.where(highest == torch.inf, 0.0), x, window)


def _check_size(elements: int) -> None:
    if elements > LARGEST_WINDOW:
        raise BadInput(
            f"subpool takes windows of at most {LARGEST_WINDOW} elements, not {elements}",
            "choose a smaller kernel_size, or another operator for this site",
        )


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _mixtures(largest: int, orders: tuple[int, ...]) -> list[list[list[float]]]:
    return [
        [[*order_statistic_weights(d, r), *[0.0] * (largest - d)] for r in orders]
        for d in range(largest + 1)
    ]


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def _coefficients(largest: int, orders: tuple[int, ...]) -> list[tuple[float, ...]]:
    nothing = (0.0,) * len(orders)
    return [nothing, *(optimal_coefficients(d, orders) for d in range(1, largest + 1))]
