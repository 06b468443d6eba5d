"""From a suite that trains nothing, or from options alone, to a checked experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from poolbench.app.study import CATALOGUES
from poolbench.app.suites import find
from poolbench.core.catalogue import Catalogue
from poolbench.core.experiment import Experiment
from poolbench.data import DATASETS
from poolbench.probes.contraction import TOY_PAIRS
from poolbench.suite import experiment as suites
from poolbench.suite.document import Override

_CATALOGUES = replace(
    CATALOGUES, datasets=Catalogue("data set", {**dict(DATASETS.items()), **TOY_PAIRS})
)


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
        kind: ``contraction``, ...: the section it must have.
        suite: A file, or the name of a suite that ships; ``None`` for options alone.
        profile: Name of a profile in it.
        overrides: ``key.path=value`` each.
        options: The same, by the words a fault in it is told at: ``--model wrn``; applied last.

    Raises:
        BadInput: Everything that is wrong with it, each at its place.
    """
    laid = [Override(typed=f"--set {text}", text=text) for text in overrides]
    laid += [Override(typed=typed, text=text) for typed, text in (options or {}).items()]
    return suites.load_experiment(
        find(suite) if suite is not None else None,
        kind,
        catalogues=_CATALOGUES,
        profile=profile,
        overrides=laid,
    )
