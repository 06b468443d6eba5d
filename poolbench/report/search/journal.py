"""Searches as a journal that ``optuna-dashboard`` opens: written once, never read back by us."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from poolbench.core.errors import not_installed
from poolbench.report.search.searched import Searched

_OTHERWISE = "without it, `poolbench tune SUITE -o points.csv` writes the points"


def write_journal(found: Sequence[Searched], target: Path) -> int:
    """Write a journal file with a study for each search and a trial for each point.

    A trial's value is the mean over its folds; a point with a diverged fold is a failed trial. The
    points of a search's rounds are in a study of their own, ``... rounds``: their values are of
    other folds, and the best of the first study is what the search found.

    Args:
        found: The searches.
        target: The file; an existing one is replaced atomically.

    Returns:
        The number of trials.

    Raises:
        EnvironmentFault: Optuna is not installed.
        OSError: The file cannot be written; the old file is unchanged.
    """
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        need = "a journal of trials needs Optuna"
        raise not_installed(need, "optuna", _OTHERWISE) from error
    written = 0
    with tempfile.TemporaryDirectory(dir=target.parent) as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            journal = Path(folder) / "journal.log"
            storage = optuna.storages.JournalStorage(JournalFileBackend(str(journal)))
            for searched in found:
                for decides, suffix in ((True, ""), (False, " rounds")):
                    trials = _trials(searched, optuna, decides=decides)
                    if suffix and not trials:
                        continue
                    study = optuna.create_study(
                        storage=storage,
                        study_name=f"{searched.dataset} {searched.variant}{suffix}",
                        direction="maximize",
                    )
                    study.add_trials(trials)
                    written += len(trials)
        finally:
            optuna.logging.set_verbosity(verbosity)
        journal.replace(target)
    return written


def _trials(searched: Searched, optuna: Any, *, decides: bool) -> list[Any]:
    ranges = _ranges(searched)
    made = []
    for number, tried in enumerate(searched.tried):
        if tried.decides != decides:
            continue
        is_sound = not math.isnan(tried.mean)
        state = optuna.trial.TrialState.COMPLETE if is_sound else optuna.trial.TrialState.FAIL
        made.append(
            optuna.trial.create_trial(
                state=state,
                params={key: tried.point.values[key] for key in ranges},
                distributions={
                    key: optuna.distributions.FloatDistribution(low, high, log=low > 0)
                    for key, (low, high) in ranges.items()
                },
                value=tried.mean if is_sound else None,
                user_attrs={
                    "number": number,
                    "proposed as": tried.point.stage,
                    "accuracies": {
                        str(fold): None if math.isnan(accuracy) else accuracy
                        for fold, accuracy in sorted(tried.accuracies.items())
                    },
                },
            )
        )
    return made


def _ranges(searched: Searched) -> Mapping[str, tuple[float, float]]:
    """Return the span of each setting over all points."""
    points = [tried.point.values for tried in searched.tried]
    return {
        key: (min(p[key] for p in points), max(p[key] for p in points))
        for key in (points[0] if points else ())
    }
