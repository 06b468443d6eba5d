"""Find built-in suites by name."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import poolbench
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.plugins import loaded_files
from poolbench.core.study import Study
from poolbench.runtime.components import components_of_study

DEFAULT_STORE = Path("runs")
"""The store of commands without ``--store``."""


def folder() -> Path:
    """Return the folder of built-in suites, in an installed package or in a checkout."""
    package = Path(poolbench.__file__).parent
    installed = package / "_suites"
    return installed if installed.is_dir() else package.parent / "suites"


def names() -> list[str]:
    """Return the names of built-in suites, without those that start with ``_``, to extend."""
    root = folder()
    found = (path.relative_to(root).with_suffix("") for path in root.rglob("*.yaml"))
    return sorted(str(path) for path in found if not path.name.startswith("_"))


def shipped_files() -> dict[str, Path]:
    """Return the files of the built-in suites by name."""
    root = folder()
    return {name: root / f"{name}.yaml" for name in names()}


def find(named: str) -> Path:
    """Return the file for a command's SUITE argument.

    Args:
        named: A path, or the name of a built-in suite: ``smoke``, ``maxpool/lenet-mnist``.

    Raises:
        BadInput: There is no such suite.
    """
    path = Path(named)
    if path.exists() or path.suffix in {".yaml", ".yml"}:
        return path
    shipped = folder() / f"{named}.yaml"
    if shipped.is_file():
        return shipped
    raise BadInput(f"there is no suite '{named}'", did_you_mean(named, names()))


def command(
    verb: str, study: Study, store: Path | None = None, data_root: Path | None = None
) -> str:
    """Return the command line that applies a command to a study, with its changes to the suite.

    Args:
        verb: The command: ``train``, for instance.
        study: The study.
        store: Folder of the run store, left out if it is ``None`` or the default.
        data_root: Folder of the data sets; left out if it is ``None``.

    Returns:
        The line. A suite that is not in a file was given to this program by another: the line is
        one of Python, with ``suite`` for the suite.
    """
    if not study.origin:
        return _call(verb, store)
    name = next((n for n in names() if str(find(n)) == study.origin), study.origin)
    usual = Path(os.environ.get("POOLBENCH_STORE") or DEFAULT_STORE)
    where = [] if store in (None, usual) else ["--store", str(store)]
    where += [] if data_root is None else ["--data-root", str(data_root)]
    return shlex.join(["poolbench", verb, name, *study.arguments, *where, *_plugins(study)])


_CALLS = ("train", "robustness", "report")


def _call(verb: str, store: Path | None) -> str:
    """Return the call that does what a command does, or the command, if Python has none."""
    if verb not in _CALLS:
        return f"poolbench {verb} FILE, with the suite in FILE"
    where = "" if store is None or store == DEFAULT_STORE else f", store={str(store)!r}"
    return f"pb.{verb}(suite{where})"


def _plugins(study: Study) -> Iterator[str]:
    """Yield ``--plugin FILE`` for each plug-in file of a study, with its path if it is loaded."""
    named = [named for _, named in components_of_study(study)]
    needed = dict.fromkeys(each.plugin for each in (*named, *study.probes) if each.plugin)
    loaded = {Path(file).name: Path(file) for file in loaded_files()}
    for name in dict.fromkeys(source.name for source in needed if source.is_file):
        path = loaded.get(name, Path(name))
        is_near = path.is_relative_to(Path.cwd())
        yield from ("--plugin", str(path.relative_to(Path.cwd()) if is_near else path))
