"""The Python API of operators and networks; that of studies is in ``api_studies``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from poolbench.core.whole_numbers import pair, whole

if TYPE_CHECKING:
    from torch import Tensor, nn


def operator(name: str, **options: Any) -> nn.Module:
    """Build a pooling operator; see :func:`poolbench.operators.create.create`.

    Args:
        name: A name from ``poolbench list operators``.
        options: ``channels``, ``kernel_size``, ``stride``, ``padding``, ``ceil_mode``, ``grid``,
            and the operator's own options.

    Returns:
        A module ``(N, C, H, W) -> (N, C)``, or ``(N, C, H', W')`` with a ``kernel_size``.

    Raises:
        BadInput: The name, an option or the geometry is invalid.
    """
    from poolbench.operators.create import create

    return create(name, **options)


def model(
    name: str,
    *,
    num_classes: int = 10,
    in_channels: int | None = None,
    image_size: int | tuple[int, int] | None = None,
    pools: Mapping[str, str | Mapping[str, Any]] | None = None,
    **options: Any,
) -> nn.Module:
    """Build a network for normalised images, with weights from torch's global generator.

    Args:
        name: As ``poolbench list models`` gives it.
        num_classes: Width of the logits, at least 1.
        in_channels: Channels of the images, at least 1; by default the network's own, or 3.
        image_size: Side, or (H, W), of training images in pixels; by default its own, or 32.
        pools: Operators by site, as in a suite; sites left out keep their default.
        options: The network's own options, such as ``depth=18``.

    Returns:
        A module ``(N, C, H, W) -> (N, num_classes)``.

    Raises:
        BadInput: A name, site or option is invalid.
    """
    from poolbench.assembly.network import build_body, model_spec
    from poolbench.models import MODELS

    channels, height, width = MODELS[name].input_shape or (3, 32, 32)
    if in_channels is not None:
        channels = whole("in_channels", in_channels, minimum=1)
    if image_size is not None:
        height, width = pair("image_size", image_size, minimum=1)
    return build_body(
        model_spec(name, options, pools or {}),
        in_channels=channels,
        num_classes=whole("num_classes", num_classes, minimum=1),
        image_size=(height, width),
    )


def swap_pooling(
    module: nn.Module,
    name: str,
    *,
    sites: str | Collection[str] = "head",
    images: Tensor | None = None,
    **options: Any,
) -> list[str]:
    """Replace the pools of any network; see :func:`poolbench.assembly.swap_pooling.swap_pooling`.

    Args:
        module: The network, changed in place.
        name: The operator.
        sites: ``head``, ``se``, ``window``, or several of them.
        images: Images ``(N, C, H, W)`` to run through the network once, if the operator needs
            channels or grid.
        options: The operator's own options.

    Returns:
        Names of the replaced modules.

    Raises:
        BadInput: There is no pool to replace, or the operator does not fit.
    """
    from poolbench.assembly.swap_pooling import swap_pooling as swap

    return swap(module, name, sites=sites, images=images, **options)


def optimal_error(d: int, orders: Sequence[int]) -> tuple[float, tuple[float, ...]]:
    """Return the least error of subpool maxes against a max, and the coefficients that reach it.

    Args:
        d: Elements of the window, at least 2.
        orders: Sizes of the subpools, distinct numbers from 0 (the intercept) to d - 1.

    Returns:
        The least sup-norm error on the unit cube, and one coefficient for each order.

    Raises:
        BadInput: d or the orders are invalid.
    """
    from poolbench.theory.least_error import least_error

    best = least_error(d, tuple(orders))
    return float(best.largest_error), tuple(map(float, best.coefficients))
