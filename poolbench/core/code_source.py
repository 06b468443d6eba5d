"""What the code of an entry is that a program adds by hand: part of the identity of its runs.

Code in a file is known by the file, as a plug-in is. Code of a script, or of a notebook's cell, is
known by the text of the script, or of the cells in which it is defined. What it imports, or uses of
other cells, is not.
"""

from __future__ import annotations

import hashlib
import importlib.util
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from poolbench.core.plugin_source import PluginSource
from poolbench.core.printable import printable

MAIN = "__main__"

_asked: dict[str, tuple[Any, PluginSource | None]] = {}


def source_of(target: str) -> PluginSource | None:
    """Return what the code of a target is known by.

    Args:
        target: ``module:Attribute``; it is not imported.

    Returns:
        The source; ``None`` if nothing is known, because it is not defined (yet), or because
        Python keeps no text of it, as of code that is typed at its prompt.
    """
    module, _, attribute = target.partition(":")
    if file := module_file(module):
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        return PluginSource.of_file(printable(file.name), sha256)
    text = "".join(_texts(getattr(sys.modules.get(module), attribute, None)))
    if not text:
        return None
    return PluginSource(name=module, version=f"code {hashlib.sha256(text.encode()).hexdigest()}")


def loaded_source_of(target: str) -> PluginSource | None:
    """Return what the loaded code of a target is known by.

    It is :func:`source_of` when this was first asked of the code, as its file may change since.
    """
    module, _, attribute = target.partition(":")
    loaded = getattr(sys.modules.get(module), attribute, None)
    known = _asked.get(target)
    if loaded is None or known is None or known[0] is not loaded:
        known = _asked[target] = (loaded, source_of(target))
    return known[1]


def module_file(module: str) -> Path | None:
    """Return the file that a module can be imported from; ``None`` if there is none.

    There is none for the program itself, a script or a notebook: importing it would run it again.
    """
    if module == MAIN:
        return None
    loaded = sys.modules.get(module)
    try:
        spec = importlib.util.find_spec(module) if loaded is None else None
    except (ImportError, ValueError):
        return None
    name = getattr(loaded if loaded is not None else spec, "__file__" if loaded else "origin", None)
    path = Path(name) if isinstance(name, str) and name.endswith(".py") else None
    return path.resolve() if path is not None and path.is_file() else None


def import_root(module: str, file: Path) -> Path:
    """Return the folder that has to be on ``sys.path`` for a module to be imported from a file."""
    depth = module.count(".") + (file.stem == "__init__")
    return file.parents[depth]


def _texts(definition: Any) -> Iterator[str]:
    """Yield the text of each script or cell that a class or function is written in."""
    members = [definition, *(vars(definition).values() if isinstance(definition, type) else ())]
    codes = (getattr(getattr(each, "__func__", each), "__code__", None) for each in members)
    for name in dict.fromkeys(code.co_filename for code in codes if code is not None):
        yield from linecache.getlines(name)
