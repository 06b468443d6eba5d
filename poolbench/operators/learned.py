"""What the pooling operators of a network learn: names for the optimiser, values for people."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from poolbench.operators.base import PoolingOperator


def learned_parameters(network: nn.Module) -> dict[str, Tensor]:
    """Return what every pooling operator inside a network has learned.

    Args:
        network: Any module, a pooling operator included.

    Returns:
        ``module.path.parameter`` to detached values: ``temperature`` in the units of the
        activations, ``p`` as the exponent, ``alpha`` as the share of the max, others as they are.
    """
    return {
        _join(path, name): value
        for path, operator in _operators(network)
        for name, value in operator.pooling_parameters().items()
    }


def pooling_parameter_names(network: nn.Module) -> frozenset[str]:
    """Return the parameters that take no weight decay and may have their own learning rate.

    Args:
        network: Any module, a pooling operator included.

    Returns:
        Names as ``network.named_parameters()`` gives them. The weights of a ``conv`` operator are
        not among them: they train like any convolution's.
    """
    own = {
        id(parameter)
        for _, operator in _operators(network)
        if not operator.has_ordinary_weights
        for parameter in operator.parameters()
    }
    return frozenset(name for name, p in network.named_parameters() if id(p) in own)


def _operators(network: nn.Module) -> Iterator[tuple[str, PoolingOperator]]:
    for path, module in network.named_modules():
        if isinstance(module, PoolingOperator):
            yield path, module


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
