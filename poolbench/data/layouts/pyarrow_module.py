"""Pyarrow, which is not everywhere."""

from __future__ import annotations

import importlib
from typing import Any

from poolbench.core.errors import not_installed


def import_pyarrow(part: str = "") -> Any:
    """Return pyarrow, or a module of it.

    Raises:
        EnvironmentFault: It is not installed.
    """
    try:
        return importlib.import_module(f"pyarrow{part}")
    except ImportError as error:
        need = "data sets of Hugging Face need pyarrow"
        raise not_installed(need, "pyarrow", "folders, CSV and tar shards do without") from error
