"""Third-party catalogue entries: from installed packages, or from files named by ``--plugin``.

A suite can never load one: only the command line, or an installed distribution's entry points.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

from poolbench.core.catalogue import added_by, take_back
from poolbench.core.errors import BadInput
from poolbench.core.plugin_source import PluginSource, loading
from poolbench.core.printable import printable

_GROUP = "poolbench.plugins"
_PREFIX = "poolbench_plugin_"
_RETRY = "correct the file, then type the command again"

# By module name or entry point of a loaded plug-in: its source, and the path of a file.
_loaded: dict[str, tuple[PluginSource, str]] = {}


def load_plugins(files: Iterable[str]) -> None:
    """Import plug-ins, which add their entries to the catalogues.

    Installed distributions name a function in the entry-point group ``poolbench.plugins``, which
    is called without arguments; a file is imported as a module. A loaded plug-in is not loaded
    again unless its file has changed; its entries are then replaced.

    Args:
        files: Python files, besides the plug-ins of installed distributions.

    Raises:
        BadInput: A plug-in cannot be imported, or adds an invalid entry.
    """
    for point in entry_points(group=_GROUP):
        if point.value not in _loaded:
            _load_point(point)
    for file in files:
        _load_file(file)


def loaded_files() -> tuple[str, ...]:
    """Return the files of loaded plug-ins, for worker processes to load."""
    return tuple(where for name, (_, where) in _loaded.items() if name.startswith(_PREFIX))


def forget_plugins(*, but: Iterable[str] = ()) -> None:
    """Unload plug-ins and remove their entries.

    Args:
        but: Files to keep, as returned by :func:`loaded_files`.
    """
    kept = set(but)
    for name in [name for name, (_, where) in _loaded.items() if where not in kept]:
        _forget(name)


def _forget(name: str) -> None:
    source, _ = _loaded.pop(name)
    take_back(source)
    sys.modules.pop(name, None)


def _load_point(point: EntryPoint) -> None:
    owner, version = (point.dist.name, point.dist.version) if point.dist else (point.value, "")
    source = PluginSource(name=owner, version=version)
    try:
        with loading(source):
            point.load()()
    except Exception as error:
        take_back(source)
        raise BadInput(
            f"the plug-in '{point.value}' of {owner} {version} failed: {_error_text(error)}",
            f"update {owner}, or remove it: pip uninstall {owner}",
        ) from error
    _loaded[point.value] = (source, "")


def _load_file(file: str) -> None:
    path = Path(file).resolve()
    # The folder distinguishes files of the same name.
    folder_hash = hashlib.sha256(os.fsencode(path.parent)).hexdigest()[:8]
    name = f"{_PREFIX}{path.stem}_{folder_hash}"
    if not os.path.isfile(path):  # noqa: PTH113 - a name too long is an error to Path
        raise BadInput(f"there is no plug-in '{file}'", "name a Python file with --plugin")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise BadInput(f"the plug-in '{file}' is not a Python file", "name a file that ends in .py")
    try:
        code = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read the plug-in '{file}': {error.strerror}") from error
    source = PluginSource.of_file(printable(path.name), hashlib.sha256(code).hexdigest())
    if source in [known for known, _ in _loaded.values()]:
        return
    if name in _loaded:
        _forget(name)
    module = importlib.util.module_from_spec(spec)
    # Entries resolve by module name, so the module must be registered under it.
    sys.modules[name] = module
    try:
        with loading(source):
            # Not by the module's loader, so that the hashed bytes run and not stale bytecode.
            exec(compile(code, str(path), "exec"), module.__dict__)  # noqa: S102 - named by the user
        _check_targets(source, module)
    except Exception as error:
        take_back(source)
        del sys.modules[name]
        line = _line(error, path)
        where = f"{file}:{line}" if line else file
        hint = error.hint if isinstance(error, BadInput) and error.hint else _RETRY
        raise BadInput(f"the plug-in {where} failed: {_error_text(error)}", hint) from error
    _loaded[name] = (source, str(path))


def _check_targets(source: PluginSource, module: ModuleType) -> None:
    for catalogue, name in added_by(source):
        for field, target in catalogue[name].targets().items():
            home, _, attribute = target.partition(":")
            if home == module.__name__ and not hasattr(module, attribute):
                raise BadInput(
                    f"the {field} of the {catalogue.kind} '{name}' is '{attribute}', which the "
                    f"file does not define",
                    f"define {attribute} in it, or correct the {field}",
                )


def _line(error: Exception, path: Path) -> int | None:
    """Return the line of the plug-in's file that raised an error; ``None`` if none did."""
    if isinstance(error, SyntaxError):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((each.lineno for each in reversed(frames) if each.filename == str(path)), None)


def _error_text(error: Exception) -> str:
    if isinstance(error, BadInput):
        return error.message
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
