"""Pooling as pure functions: maps and parameters in, pooled values out.

Every function pools whole maps, ``(N, C, H, W) -> (N, C)``, or, with a ``window``, patches,
``(N, C, H, W) -> (N, C, H', W')``. Padding is never an element. The result has the dtype of the
maps; autocast does not affect the arithmetic.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from poolbench.operators.elements import check_maps, without_autocast
from poolbench.operators.kernels import peaks_for
from poolbench.operators.layout import formatted_like, maximum_by_torch, pool_by_torch
from poolbench.operators.means import mean_of
from poolbench.operators.peak_and_mean import PeakAndMean
from poolbench.operators.peaks import Peaks
from poolbench.operators.recording import is_finite
from poolbench.operators.smooth_maximum import smooth_maximum
from poolbench.operators.window import Window


def average(x: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the mean of each window: ``mean(z)``.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.
    """
    check_maps(x, window)
    with without_autocast(x):
        return mean_of(x, window)


def maximum(x: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the maximum of each window: ``max(z)``.

    Ties give the whole gradient to the first element in row-major order, on every device; only
    its index is saved for backward.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.
    """
    check_maps(x, window)
    with without_autocast(x):
        if peaks_for(x):
            peak: Tensor = Peaks.apply(x, None, window, False)[0]
            return peak.flatten(1) if window is None else peak
        if window is not None:
            return maximum_by_torch(x, window)
        if x.device.type == "cpu":
            return pool_by_torch(partial(F.adaptive_max_pool2d, output_size=1), x).flatten(1)
        # On other devices that kernel adds its gradients atomically, in no fixed order.
        return _gather_first_maximum(x)


def log_sum_exp(x: Tensor, log_temperature: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the smooth maximum from above: ``t log sum exp(z/t)``.

    ``max(z) <= y <= max(z) + t log n``; dy/dz = softmax(z/t); dy/dlog t = t H(softmax(z/t)).
    Elements of -inf have no weight; a window of only these gives -inf.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_temperature: log t, ``(1,)`` or ``(C,)``, t in the units of x.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: see :class:`poolbench.operators.smooth_maximum.SmoothMaximum`.
    """
    return smooth_maximum(x, log_temperature, window, "lse")


def log_avg_exp(x: Tensor, log_temperature: Tensor, *, window: Window | None = None) -> Tensor:
    """Return the smooth maximum between mean and max: ``t log mean exp(z/t)``.

    ``mean(z) <= y <= max(z)``; dy/dz = softmax(z/t); dy/dlog t = y - sum softmax(z/t) z.
    Elements of -inf count in n but have no weight; a window of only these gives -inf.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        log_temperature: log t, ``(1,)`` or ``(C,)``, t in the units of x.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    Numerics: see :class:`poolbench.operators.smooth_maximum.SmoothMaximum`.

    References:
        Lowe, Trappenberg, Oore 2021 (arXiv:2111.01742).
    """
    return smooth_maximum(x, log_temperature, window, "lae")


def mixed(x: Tensor, share: Tensor, *, window: Window | None = None) -> Tensor:
    """Return a mixture of max and mean: ``a max(z) + (1 - a) mean(z)``.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        share: a, any real: ``(1,)``, ``(C,)``, or one value per output, as from :func:`gate`.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    References:
        Lee, Gallagher, Tu 2016 (arXiv:1509.08985).
    """
    check_maps(x, window)
    if share.dim() == 1:
        share = share.view(1, -1) if window is None else share.view(1, -1, 1, 1)
    with without_autocast(x):
        if peaks_for(x):
            peak, mean = Peaks.apply(x, None, window, True)[:2]
            if window is None:
                peak, mean = peak.flatten(1), mean.flatten(1)
        elif window is None and x.shape[1]:
            peak, mean, _ = PeakAndMean.apply(x)
        else:
            peak, mean = maximum(x, window=window), average(x, window=window)
        blend = _blend(share, peak, mean).to(x.dtype)
    return blend if window is None else formatted_like(x, blend)


def gate(x: Tensor, weight: Tensor, *, window: Window | None = None) -> Tensor:
    """Return each window's share of the max: ``sigmoid(w . z)``.

    Padding and infinite elements add nothing to the product.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        weight: w, ``(1 or C, kernel height, kernel width)``; ``(1 or C, H, W)`` without window.
        window: Geometry; ``None`` takes the whole map.

    Returns:
        Shares in (0, 1), ``(N, C)``, or ``(N, C, H', W')`` with a window; float32 or wider.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    References:
        Lee, Gallagher, Tu 2016 (arXiv:1509.08985).
    """
    check_maps(x, window)
    with without_autocast(x):
        dtype = torch.promote_types(x.dtype, torch.float32)
        elements, weight = x.to(dtype).masked_fill(x.isinf(), 0.0), weight.to(dtype)
        if window is None:
            return (elements * weight).sum((2, 3)).sigmoid()
        bottom, right = window.overhang((x.shape[2], x.shape[3]))
        vertical, horizontal = window.padding
        elements = F.pad(elements, (horizontal, horizontal + right, vertical, vertical + bottom))
        kernel = weight.unsqueeze(1)
        stride = window.stride

        def multiply(maps: Tensor) -> Tensor:
            channels = maps.shape[1]
            return F.conv2d(
                maps, kernel.expand(channels, -1, -1, -1), None, stride, groups=channels
            )

        return pool_by_torch(multiply, elements).sigmoid()


def gated(x: Tensor, weight: Tensor, *, window: Window | None = None) -> Tensor:
    """Return a mixture of max and mean with a share that depends on the window.

    ``a max(z) + (1 - a) mean(z)`` with ``a = sigmoid(w . z)`` from :func:`gate`.

    Args:
        x: Maps, ``(N, C, H, W)``, floating.
        weight: w, ``(1 or C, kernel height, kernel width)``; ``(1 or C, H, W)`` without window.
        window: Geometry; ``None`` pools the whole map.

    Returns:
        ``(N, C)``, or ``(N, C, H', W')`` with a window.

    Raises:
        ValueError: x is not a batch of floating maps, or a window would be empty.

    References:
        Lee, Gallagher, Tu 2016 (arXiv:1509.08985).
    """
    check_maps(x, window)
    if not peaks_for(x, with_product=True):
        return mixed(x, gate(x, weight, window=window), window=window)
    with without_autocast(x):
        weight = weight.to(torch.promote_types(x.dtype, torch.float32))
        peak, mean, product, _ = Peaks.apply(x, weight, window, True)
        blend = _blend(product.sigmoid(), peak, mean).to(x.dtype)
    return blend.flatten(1) if window is None else blend


def _blend(share: Tensor, peak: Tensor, mean: Tensor) -> Tensor:
    if not is_finite(mean):
        # Any mixture with an infinite mean is that: its share gets no gradient, and no 0 * inf.
        share = share.where(~mean.isinf(), 0.5)
    return share * peak + (1 - share) * mean


def _gather_first_maximum(x: Tensor) -> Tensor:
    elements = x.flatten(2)
    first = elements.detach().argmax(-1, keepdim=True)
    return elements.gather(-1, first).squeeze(-1)
