"""poolbench: a benchmark of pooling operators in convolutional networks.

>>> import poolbench as pb
>>> pb.compare({"average": [5.2, 5.3, 5.1], "lae": [5.0, 5.1, 5.0]}, lower_is_better=True).rule
'set'

Importing it loads neither torch nor scipy; its attributes do, on first use.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.3.0"

if TYPE_CHECKING:
    from poolbench.app.api import model, operator, optimal_error, swap_pooling
    from poolbench.app.api_evaluate import evaluate
    from poolbench.app.api_results import report, robustness
    from poolbench.app.api_studies import load_plugins, load_suite, train
    from poolbench.app.open_store import open_store
    from poolbench.stats.compare import compare

_ATTRIBUTES = {
    "compare": "poolbench.stats.compare",
    "evaluate": "poolbench.app.api_evaluate",
    "load_plugins": "poolbench.app.api_studies",
    "load_suite": "poolbench.app.api_studies",
    "model": "poolbench.app.api",
    "open_store": "poolbench.app.open_store",
    "operator": "poolbench.app.api",
    "optimal_error": "poolbench.app.api",
    "robustness": "poolbench.app.api_results",
    "swap_pooling": "poolbench.app.api",
    "train": "poolbench.app.api_studies",
}

__all__ = [
    "__version__",
    "compare",
    "evaluate",
    "load_plugins",
    "load_suite",
    "model",
    "open_store",
    "operator",
    "optimal_error",
    "report",
    "robustness",
    "swap_pooling",
    "train",
]


class _Report(ModuleType):
    """The package ``poolbench.report``, which is the function of that name when it is called."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Return results: see :func:`poolbench.app.api_results.report`."""
        from poolbench.app.api_results import report

        return report(*arguments, **options)


class _Package(ModuleType):
    """This package. Whatever imports ``poolbench.report`` sets the attribute ``report``."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "report" and isinstance(value, ModuleType):
            value.__class__ = _Report
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name == "report":
        return importlib.import_module("poolbench.report")
    if name not in _ATTRIBUTES:
        raise AttributeError(f"module 'poolbench' has no attribute '{name}'")
    return getattr(importlib.import_module(_ATTRIBUTES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
