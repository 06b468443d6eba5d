"""poolbench: a benchmark of pooling operators in convolutional networks.

>>> import poolbench as pb
>>> pb.compare({"average": [5.2, 5.3, 5.1], "lae": [5.0, 5.1, 5.0]}, lower_is_better=True).rule
'set'

Importing it loads neither torch nor scipy; its attributes do, on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.3.0"

if TYPE_CHECKING:
    from poolbench.app.api import model, operator, optimal_error, swap_pooling
    from poolbench.app.api_studies import load_plugins, load_suite, train
    from poolbench.stats.compare import compare

_ATTRIBUTES = {
    "compare": "poolbench.stats.compare",
    "load_plugins": "poolbench.app.api_studies",
    "load_suite": "poolbench.app.api_studies",
    "model": "poolbench.app.api",
    "operator": "poolbench.app.api",
    "optimal_error": "poolbench.app.api",
    "swap_pooling": "poolbench.app.api",
    "train": "poolbench.app.api_studies",
}

__all__ = [
    "__version__",
    "compare",
    "load_plugins",
    "load_suite",
    "model",
    "operator",
    "optimal_error",
    "swap_pooling",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _ATTRIBUTES:
        raise AttributeError(f"module 'poolbench' has no attribute '{name}'")
    return getattr(importlib.import_module(_ATTRIBUTES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
