"""Operators in place of the pools of a network that was built elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from torch import Tensor, fx, nn

from poolbench.core.errors import BadInput
from poolbench.models.found_pools import FoundPool
from poolbench.models.pickled_graphs import by_import, with_functions
from poolbench.models.pool_geometry import Pair, of_call

_UNTRACED = "which torch.fx cannot trace"


class OnePixel(nn.Module):
    """Give a global pool the output shape of torch's adaptive pools, ``(N, C, 1, 1)``.

    Args:
        pool: Operator from maps to ``(N, C)``.
    """

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, 1, 1)`` for maps of shape ``(N, C, H, W)``."""
        return self.pool(x)[:, :, None, None]


class EachCell(nn.Module):
    """Pool each cell of a map that is divided into equal ones, as an adaptive pool does.

    Args:
        pool: Operator from maps to ``(N, C)``.
        output_size: (H', W'), the number of cells.
    """

    def __init__(self, pool: nn.Module, output_size: Pair) -> None:
        super().__init__()
        self.pool = pool
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, C, H', W')`` for maps of shape ``(N, C, H, W)``.

        Raises:
            ValueError: H or W is no multiple of the number of cells: adaptive pools then count
                some elements twice.
        """
        (rows, columns), (height, width) = self.output_size, x.shape[2:]
        if height % rows or width % columns:
            raise ValueError(f"maps of {height}x{width} do not divide into {rows}x{columns} cells")
        shape = (x.shape[0], x.shape[1], rows, height // rows, columns, width // columns)
        cells = x.reshape(shape).permute(0, 2, 4, 1, 3, 5)
        pooled: Tensor = self.pool(cells.flatten(0, 2))
        return pooled.reshape(shape[0], rows, columns, -1).permute(0, 3, 1, 2)


def replace_pools(
    network: nn.Module, pools: Sequence[FoundPool], operators: Sequence[nn.Module]
) -> None:
    """Replace pools by operators, with the same mode and output shape, all of them or none.

    Args:
        network: The network with the pools, as they were found in it.
        pools: The pools to replace, in the order in which they were found.
        operators: For each, from maps to ``(N, C)``, or for a window to ``(N, C, H', W')``.

    Raises:
        BadInput: A pool is called in a ``forward`` that torch.fx cannot trace.
    """
    called = [pool for pool in pools if pool.call is not None]
    graphs = {pool.module: _graphs(pool) for pool in called}
    for pool in called:
        for graph in graphs[pool.module].values():
            _node_of(pool, graph)
    for pool, operator in reversed(list(zip(pools, operators, strict=True))):
        shaped = _shaped(operator, pool).train(pool.module.training)
        if pool.call is None:
            for path, module in list(network.named_modules(remove_duplicate=False)):
                if module is pool.module:
                    network.set_submodule(path, shaped)
        else:
            # From the last to the first, so that the numbers of those before stay as they are.
            _replace_call(pool, shaped, graphs[pool.module])
    for module, by_mode in graphs.items():
        _set_forward(module, by_mode)


def tracing_fault(pool: FoundPool) -> str:
    """Return why a pool that is called cannot be replaced, after its path; empty if it can."""
    if pool.call is None:
        return ""
    try:
        for graph in _graphs(pool).values():
            _node_of(pool, graph)
    except BadInput:
        return f"is called in {type(pool.module).__name__}.forward, {_UNTRACED}"
    return ""


def _shaped(operator: nn.Module, pool: FoundPool) -> nn.Module:
    size = pool.geometry.output_size
    if size not in (None, (1, 1)):
        return EachCell(operator, size)
    return OnePixel(operator) if size and pool.geometry.keeps_grid else operator


class _OwnCode(fx.Tracer):
    """Traces a module's own ``forward``; what its children do is left to them."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:  # noqa: ARG002
        return True


def _graphs(pool: FoundPool) -> dict[bool, fx.Graph]:
    """Return the own code of the module that calls a pool, by whether it is in training."""
    module = pool.module
    if known := getattr(type(module), "own_graphs", None):
        return {mode: deepcopy(graph) for mode, graph in known.items()}
    graphs, mode_before = {}, module.training
    try:
        for mode in (True, False):
            module.training = mode
            graphs[mode] = _OwnCode().trace(module)
    except Exception as error:  # code may do anything with a symbol in place of a tensor
        reason = str(error).partition("\n")[0]
        raise BadInput(
            f"{pool.path} is called in {type(module).__name__}.forward, {_UNTRACED}: {reason}",
            "choose another site",
        ) from error
    finally:
        module.training = mode_before
    return graphs


def _node_of(pool: FoundPool, graph: fx.Graph) -> fx.Node:
    calls = [node for node in graph.nodes if _pools_maps(node)]
    number = pool.call or 0
    if number >= len(calls) or _function(calls[number]) != pool.function:
        raise BadInput(
            f"{pool.path} is not called in every mode of {type(pool.module).__name__}.forward",
            "choose another site",
        )
    return calls[number]


def _replace_call(pool: FoundPool, operator: nn.Module, graphs: Mapping[bool, fx.Graph]) -> None:
    name = pool.path.rpartition(".")[2]
    while hasattr(pool.module, name):
        name += "_"
    pool.module.add_module(name, operator)
    for graph in graphs.values():
        node = _node_of(pool, graph)
        with graph.inserting_before(node):
            node.replace_all_uses_with(graph.call_module(name, (node.args[0],)))
        graph.erase_node(node)


def _function(node: fx.Node) -> str:
    return getattr(node.target, "__name__", str(node.target))


def _pools_maps(node: fx.Node) -> bool:
    is_call = node.op in ("call_function", "call_method")
    return is_call and of_call(_function(node), node.args, node.kwargs) is not None


def _set_forward(module: nn.Module, graphs: Mapping[bool, fx.Graph]) -> None:
    """Give a module the code of its graphs, by a class of its own.

    A copy of the module then has it too, and so has what is pickled, or saved as a whole by
    ``torch.save``: it is made again from its own class and the graphs.
    """
    training, evaluation = (
        type(fx.GraphModule(module, graphs[mode])).forward for mode in (True, False)
    )

    def forward(self: nn.Module, *args: Any, **keywords: Any) -> Any:
        return (training if self.training else evaluation)(self, *args, **keywords)

    def reduced(self: nn.Module, protocol: Any) -> tuple[Any, ...]:  # noqa: ARG001
        state = self.__getstate__()  # type: ignore[no-untyped-call]
        return _restored, (own, state, {mode: by_import(graph) for mode, graph in graphs.items()})

    replaced = type(module)
    own = replaced.__bases__[0] if hasattr(replaced, "own_graphs") else replaced
    members = {"forward": forward, "own_graphs": graphs, "__reduce_ex__": reduced}
    module.__class__ = type(own.__name__, (own,), members)


def _restored(
    own: type[nn.Module], state: dict[str, Any], graphs: Mapping[bool, fx.Graph]
) -> nn.Module:
    """Return a pickled module, from the class that it had before its calls were replaced."""
    module = own.__new__(own)
    module.__setstate__(state)  # type: ignore[no-untyped-call]
    _set_forward(module, {mode: with_functions(graph) for mode, graph in graphs.items()})
    return module
