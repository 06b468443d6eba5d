"""From a suite that trains nothing, or from options alone, to a checked experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from poolbench.app.study import CATALOGUES
from poolbench.app.suites import find, shipped_files
from poolbench.core.catalogue import Catalogue
from poolbench.core.experiment import Experiment
from poolbench.data import DATASETS
from poolbench.probes.contraction import TOY_PAIRS
from poolbench.suite import experiment as suites
from poolbench.suite.document import Override


def load_experiment(
    kind: str,
    suite: str | None,
    *,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
) -> Experiment[Any]:
    """Read the suite of an experiment.

    Args:
        kind: The section it must have: ``contraction``, ...
        suite: A file, or the name of a built-in suite; ``None`` for options alone.
        profile: Name of a profile in it.
        overrides: Overrides, each ``key.path=value``.
        options: Further overrides by the text that faults refer to, such as ``--model wrn``;
            applied last.

    Raises:
        BadInput: The suite is invalid; the message lists every fault with its position.
    """
    laid = [Override(typed=f"--set {text}", text=text) for text in overrides]
    laid += [Override(typed=typed, text=text) for typed, text in (options or {}).items()]
    # Put together now: a plug-in may have added to the data sets since this was imported.
    datasets = Catalogue("data set", {**dict(DATASETS.items()), **TOY_PAIRS})
    return suites.load_experiment(
        find(suite) if suite is not None else None,
        kind,
        catalogues=replace(CATALOGUES, datasets=datasets),
        profile=profile,
        overrides=laid,
        shipped=shipped_files,
    )
