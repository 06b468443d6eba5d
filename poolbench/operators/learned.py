"""The learned parameters of a network's pooling operators: names for the optimiser, and values."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from poolbench.operators.base import PoolingOperator


def learned_parameters(network: nn.Module) -> dict[str, Tensor]:
    """Return the learned values of every pooling operator in a network.

    Args:
        network: Any module, a pooling operator included.

    Returns:
        Detached values by ``module.path.parameter``: ``temperature`` in the units of the
        activations, ``p`` as the exponent, ``alpha`` as the share of the max, others as stored.
    """
    return {
        _join(path, name): value
        for path, operator in _operators(network)
        for name, value in operator.pooling_parameters().items()
    }


def pooling_parameter_names(network: nn.Module) -> frozenset[str]:
    """Return the parameters without weight decay, which may have their own learning rate.

    Args:
        network: Any module, a pooling operator included.

    Returns:
        Names as in ``network.named_parameters()``. The weights of a ``conv`` operator are not
        included: they train like any convolution's.
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
