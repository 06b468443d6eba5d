"""Whether the weights of a study fit its networks, before training; loads torch for these only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from poolbench.core.cell import Cell
from poolbench.core.study import Study
from poolbench.data.found_images import known_classes
from poolbench.report.studies.starts import about_start, of_variants

if TYPE_CHECKING:
    from poolbench.assembly.loaded_weights import Start


def about_starts(study: Study, dataset: str, root: Path | None) -> Iterator[str]:
    """Say which parts of the networks on a data set do not start from their weights.

    Args:
        study: The study.
        dataset: One of ``study.datasets``.
        root: The data root.

    Raises:
        BadInput: Weights are not of their network, or not for such images.
        EnvironmentFault: A file is missing, cannot be read, or has changed.
    """
    starts: dict[str, Start] = {}
    alike: dict[str, list[str]] = {}
    for name, cells in study.cells_on(dataset).items():
        model, source = cells[0].model, cells[0].data.source
        if model.weights is None:
            continue
        if not _is_shape_known(cells[0]):
            sentence = (
                f"Whether {model.weights} fits is known once the images of {dataset} are read"
            )
            alike.setdefault(sentence, []).append(name)
            continue
        classes = known_classes(source, study.found.get(dataset))
        if model.identity not in starts:
            starts[model.identity] = _start_of(cells[0], classes, root)
        start = starts[model.identity]
        if start.choice:
            alike.setdefault(f"Of the states in {model.weights}, {start.choice}", []).append(name)
        for sentence in about_start(
            model.weights,
            classifier=start.classifier,
            classes=(start.file_classes, classes),
            fresh=start.fresh,
            unused=start.unused,
            conversion=start.conversion,
        ):
            alike.setdefault(sentence, []).append(name)
    yield from of_variants(alike)


def _start_of(cell: Cell, classes: int | None, root: Path | None) -> Start:
    from poolbench.assembly.network import image_shape
    from poolbench.runtime.start import start_of

    start = start_of(cell, shape=image_shape(cell), num_classes=classes, root=root)
    assert start is not None  # noqa: S101 - it has weights
    return start


def _is_shape_known(cell: Cell) -> bool:
    from poolbench.assembly.network import is_shape_known

    return is_shape_known(cell)


def check_starts(study: Study, root: Path | None) -> None:
    """Check the weights of every network.

    Raises:
        As :func:`about_starts`.
    """
    for part in study.parts:
        for dataset in part.datasets:
            for _ in about_starts(part, dataset, root):
                pass
