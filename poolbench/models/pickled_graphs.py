"""Graphs of torch.fx that can be pickled although they call functions which cannot."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from torch import fx


@dataclass(frozen=True)
class _Imported:
    """Where a function is imported from, in its place."""

    module: str
    name: str

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Call the function: the target of a node has to be callable."""
        return self.function(*args, **keywords)

    @property
    def function(self) -> Any:
        return getattr(import_module(self.module), self.name)


def by_import(graph: fx.Graph) -> fx.Graph:
    """Return a copy of a graph that names where functions are imported from, to be pickled.

    Some of torch's, such as ``max_pool2d``, were made inside others, where pickle looks for them.
    A function that no module has stays, and pickle says so.

    Args:
        graph: The graph, which is not changed.
    """
    copied = deepcopy(graph)
    for node in copied.nodes:
        if node.op == "call_function" and "<locals>" in getattr(node.target, "__qualname__", ""):
            module, name = node.target.__module__, node.target.__name__
            if getattr(import_module(module), name, None) is node.target:
                node.target = _Imported(module, name)
    return copied


def with_functions(graph: fx.Graph) -> fx.Graph:
    """Return a copy of a graph of :func:`by_import` that calls the functions themselves again."""
    copied = deepcopy(graph)
    for node in copied.nodes:
        if isinstance(node.target, _Imported):
            node.target = node.target.function
    return copied
