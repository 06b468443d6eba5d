"""From a suite file to a checked study: the loader with all catalogues."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from poolbench.app.first_look import FirstLook
from poolbench.app.suites import find, shipped_files
from poolbench.core.data_root import data_root
from poolbench.core.errors import BadInput
from poolbench.core.study import Study
from poolbench.core.values import describe_value
from poolbench.core.weights import Weights
from poolbench.data import AUGMENTATIONS, DATASETS
from poolbench.data.fingerprint import fingerprint
from poolbench.data.found_images import found_images
from poolbench.data.watching import watched_by
from poolbench.engines import ENGINES
from poolbench.models import MODELS
from poolbench.operators import OPERATORS
from poolbench.probes import PROBES
from poolbench.search import SEARCHES
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.given import Given
from poolbench.suite.load import load
from poolbench.training import OPTIMIZERS, SCHEDULES

__all__ = ["CATALOGUES", "Study", "SuiteLike", "load_study", "suite_of"]

SuiteLike = str | Path | Mapping[str, Any]
"""A suite as Python programs give it: see :func:`suite_of`."""

CATALOGUES = Catalogues(
    operators=OPERATORS,
    models=MODELS,
    datasets=DATASETS,
    augmentations=AUGMENTATIONS,
    optimizers=OPTIMIZERS,
    schedules=SCHEDULES,
    probes=PROBES,
    searches=SEARCHES,
    engines=ENGINES,
)


def is_yaml(text: str) -> bool:
    """Whether text is a suite, and not the name of one."""
    return "\n" in text or text.lstrip().startswith("{")


def suite_of(suite: SuiteLike) -> Path | Given:
    """Return where a suite is read from.

    Args:
        suite: A mapping is the suite itself. Text with a line end, or that starts with ``{``, is
            YAML; any other is a path, or the name of a built-in suite, and so is a path object.

    Raises:
        BadInput: There is no such suite, or it is something else.
    """
    if isinstance(suite, Mapping) or (isinstance(suite, str) and is_yaml(suite)):
        return Given(suite)
    if isinstance(suite, str | Path):
        return find(str(suite))
    raise BadInput(
        f"a suite cannot be {describe_value(suite)}",
        "give a path, the name of a built-in suite, YAML text, a dict, or what load_suite returns",
    )


def load_study(
    path: Path | Given,
    *,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    only: Sequence[str] = (),
    limit: int | None = None,
    root: Path | None = None,
    download: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Study:
    """Read a suite.

    Args:
        path: Its file, or what :func:`suite_of` returns.
        profile: Name of a profile in it.
        overrides: Overrides, each ``key.path=value``, applied last.
        only: Globs of variants (or ``variant@seed``) to keep.
        limit: Most images of each split, at least 1; ``None`` for the suite's own.
        root: Folder of data sets, and of files of weights.
        download: Whether to fetch published weights that are not on this machine.
        tell: Called with a line every ten seconds while the files of data sets are looked at.

    Raises:
        BadInput: The suite is invalid; the message lists every fault with its position.
        EnvironmentFault: Data or weights are missing or cannot be read.
    """
    with watched_by(FirstLook(tell)):
        return load(
            path,
            catalogues=CATALOGUES,
            fingerprint=partial(fingerprint, root=data_root(root)),
            find_weights=_find_weights(data_root(root), download),
            count=partial(found_images, root=data_root(root)),
            shipped=shipped_files,
            profile=profile,
            overrides=overrides,
            only=only,
            limit=limit,
        )


def _find_weights(root: Path | None, download: bool) -> Callable[[str, Weights], Weights]:
    def find(network: str, asked: Weights) -> Weights:
        from poolbench.weights.finding import find_weights

        return find_weights(network, asked, root, download=download)

    return find
