"""Third-party catalogue entries: from installed packages, or from files named by ``--plugin``.

A suite can never load one: only the command line, or an installed distribution's entry points.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path

from poolbench.core.errors import BadInput


def load_plugins(files: Iterable[str]) -> None:
    """Import plug-ins; each adds its entries to the catalogues when it is imported.

    Installed distributions name a function in the entry-point group ``poolbench.plugins``, which
    is called without arguments; a file is imported as a module.

    Raises:
        BadInput: A plug-in cannot be imported, or adds a name that is taken.
    """
    for point in entry_points(group="poolbench.plugins"):
        try:
            point.load()()
        except Exception as error:
            raise BadInput(f"plug-in '{point.value}' failed: {error}") from error
    for file in files:
        path = Path(file).resolve()
        # The path keeps files of one name in two folders apart.
        place = hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:8]
        name = f"poolbench_plugin_{path.stem}_{place}"
        if name in sys.modules:
            continue
        spec = importlib.util.spec_from_file_location(name, path)
        if not path.is_file():
            raise BadInput(f"there is no plug-in '{file}'", "name a Python file with --plugin")
        if spec is None or spec.loader is None:
            raise BadInput(f"plug-in '{file}' is not a Python file")
        module = importlib.util.module_from_spec(spec)
        # Entries resolve by module name, so the module has to be found under it.
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            raise BadInput(f"plug-in '{file}' failed: {error}") from error
