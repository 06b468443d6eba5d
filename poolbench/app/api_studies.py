"""The Python API of studies: loading suites and plug-ins, and training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from poolbench.app.api_inputs import AGAIN, engine_for, settings_from, several, study_from
from poolbench.app.study import SuiteLike
from poolbench.core.study import Study

if TYPE_CHECKING:
    from poolbench.runtime.summary import Summary


def load_suite(
    suite: SuiteLike,
    *,
    profile: str | None = None,
    overrides: str | Sequence[str] = (),
    only: str | Sequence[str] = (),
    limit: int | None = None,
    data_root: str | Path | None = None,
) -> Study:
    """Read and check a suite.

    Args:
        suite: A path; the name of a built-in suite, such as ``smoke``; a dict with what a suite
            file has; or YAML text, which is any text with a line end or a ``{`` at its start.
            ``extends`` of a dict or of text is relative to the current folder.
        profile: Name of one of its profiles.
        overrides: A change ``key.path=value``, or several, applied last.
        only: A glob of variants, or of ``variant@seed``, to keep, or several.
        limit: Most images of each split, at least 1.
        data_root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.

    Returns:
        The study, whose ``cells`` are what there is to train.

    Raises:
        BadInput: The suite is invalid. The message lists every fault with its position: file,
            line and column; ``suite:LINE:COLUMN`` in text; the keys in a dict, such as
            ``suite['recipe']['epochs']``.
        EnvironmentFault: Data or weights are missing or cannot be read.
        NothingMatched: ``only`` keeps nothing.
    """
    from poolbench.app.study import load_study, suite_of

    return load_study(
        suite_of(suite),
        profile=profile,
        overrides=several(overrides),
        only=several(only),
        limit=limit,
        root=None if data_root is None else Path(data_root),
    )


def train(
    suite: SuiteLike | Study,
    *,
    store: str | Path = "runs",
    device: str | None = None,
    jobs: int | None = None,
    engine: str | None = None,
    data_root: str | Path | None = None,
    progress: bool | None = None,
) -> Summary:
    """Train the cells of a suite that have no result yet, as ``poolbench train`` does.

    Workers are processes of their own, which never run the calling script again: it needs no
    ``__main__`` guard.

    Args:
        suite: A suite as :func:`load_suite` takes it, or what it returned.
        store: Folder of the run store; created if missing.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; ``None`` for the suite's.
        jobs: Number of workers, at least 1; ``None`` for the suite's, or one for each core or GPU.
        engine: ``local``, ``inline`` (this process), ``slurm`` or ``ray``; ``None`` for the
            suite's, or ``local``.
        data_root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.
        progress: ``None`` shows it in notebooks and on terminals; ``True`` also elsewhere, a line
            for each finished cell on standard error; ``False`` shows none.

    Returns:
        What was trained and what was stored already.

    Raises:
        BadInput: The suite, a device, a site or weights are invalid.
        CellsFailed: Some cells have no result: which, and why. Its ``summary`` is what would have
            been returned. The others are stored; call it again to try these.
        EnvironmentFault: Device, data, disk or store cannot be used; finished cells are safe.
        Interrupted: Ctrl-C; call it again to continue.
    """
    from poolbench.app.failures import UNTRAINED, refuse_failures
    from poolbench.app.notebook_progress import api_progress
    from poolbench.app.train import train as train_study
    from poolbench.app.train import unfinished_count

    study = study_from(suite, data_root)
    settings = settings_from(store, device, jobs, engine or engine_for(study, jobs), data_root)
    with api_progress(unfinished_count(study, settings.store), progress) as listen:
        summary = train_study(study, settings, listen)
    refuse_failures(summary.failed, UNTRAINED, summary, again=AGAIN)
    return summary


def load_plugins(*files: str | Path) -> None:
    """Load plug-ins: Python files that add operators, networks, data sets, ... to the catalogues.

    Workers load them too, and a file's SHA-256 is part of the identity of the runs that use it. A
    file that has changed since is loaded again, and its entries are replaced.

    Args:
        files: Python files; besides them, the plug-ins of installed packages are loaded.

    Raises:
        BadInput: A file cannot be loaded, or adds an invalid entry.
    """
    from poolbench.core.plugins import load_plugins as load

    load(map(str, files))
