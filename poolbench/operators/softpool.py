"""SoftPool: the mean of the elements, each weighted by its softmax."""

from __future__ import annotations

from torch import Tensor

from poolbench.operators.smooth_maximum import smooth_maximum
from poolbench.operators.temperature import TemperedOperator
from poolbench.operators.window import Window


class SoftPool(TemperedOperator):
    """Softmax-weighted mean: ``sum softmax(z/t) z``.

    References:
        Stergiou, Poppe, Kalliatakis 2021 (arXiv:2101.00440).
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of shape ``(N, C, H, W)``."""
        return softmax_mean(x, self.log_temperature, window=self.window)


def softmax_mean(x: Tensor, log_temperature: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the softmax-weighted mean of each window: ``sum softmax(z/t) z``.

    ``mean(z) <= y <= max(z)``; y -> max as t -> 0+, -> mean as t -> inf; dy/dlog t is minus the
    weighted variance over t. Unlike in ``lae``, the smallest elements have a negative gradient.
    Elements of -inf have no weight; a window of only these gives -inf.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_temperature: log t, ``(1,)`` or ``(C,)``, t in the units of x.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: see :class:`poolbench.operators.smooth_maximum.SmoothMaximum`. Computed on distances
    from the maximum, so that neither a large t nor a large common offset costs digits.
    """
    return smooth_maximum(x, log_temperature, window, "softpool")
