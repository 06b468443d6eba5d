"""Variants compared on the test images: tables, and the images that tell two of them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poolbench.app.answers import StoredAnswers, compare_stored, read_answers
from poolbench.app.results import Results
from poolbench.core.cell import Cell
from poolbench.core.data_root import data_root
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.report.chart import Chart
from poolbench.report.studies.calibration import calibration_table
from poolbench.report.studies.discordant import (
    discordant_chart,
    discordant_images,
    discordant_table,
)
from poolbench.report.studies.image_differences import image_table
from poolbench.report.studies.outcomes import outcomes_of
from poolbench.report.table import Table
from poolbench.stats import Comparison
from poolbench.stats.answers import Answers, AnswersCompared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class _Compared:
    """Pairs of variants compared on the test images of one data set."""

    results: Results
    dataset: str
    comparison: Comparison
    answers: StoredAnswers
    pairs: list[AnswersCompared]

    @property
    def pair_tables(self) -> list[Table]:
        if not self.pairs:
            return []
        study, notes = self.results.study, self.answers.notes
        return [image_table(study, self.dataset, self.comparison, self.pairs, notes=notes)]

    @property
    def tables(self) -> list[Table]:
        answers = self.answers
        calibrations = calibration_table(
            self.results.study,
            self.dataset,
            answers.calibrations,
            notes=(*answers.notes, *answers.about_calibrations),
        )
        return [*self.pair_tables, calibrations]


def image_tables(results: Results) -> list[Table]:
    """Return of each data set the declared pairs on the test images, and the calibration."""
    return [table for each in _declared(results) for table in each.tables]


def image_findings(results: Results, root: Path | None) -> tuple[list[Table], list[Chart]]:
    """Return :func:`image_tables`, and of each data set the pair with the smallest p in pictures.

    Args:
        results: The results.
        root: Folder of data sets, for the images and the names of the classes.
    """
    tables: list[Table] = []
    charts: list[Chart] = []
    for each in _declared(results):
        tables += each.tables
        tested = [pair for pair in each.pairs if pair.p is not None]
        if tested:
            pair = min(tested, key=lambda pair: pair.p or 0.0)
            others = ("the pair with the smallest p; `poolbench compare A B` shows any other",)
            notes = others if len(tested) > 1 else ()
            more, pictures = _discordant(each, pair, root, notes)
            tables += more
            charts += pictures
    return tables, charts


def pair_on_images(
    results: Results, dataset: str, pair: tuple[str, str], root: Path | None
) -> tuple[list[Table], list[Chart]]:
    """Return a pair on the test images, and the images that tell the two variants apart most.

    Args:
        results: The results on one network.
        dataset: One of the study's data sets.
        pair: ``(baseline, candidate)``.
        root: As for :func:`image_findings`.

    Returns:
        The tables, and a picture if there are such images and the data set is on this machine.
    """
    comparison = outcomes_of(results.study, dataset, results.runs).comparison
    each = _compared(results, dataset, comparison, [pair])
    tables, charts = _discordant(each, each.pairs[0], root)
    return [*each.pair_tables, *tables], charts


def _declared(results: Results) -> Iterator[_Compared]:
    for part in results.parts:
        for dataset in part.study.datasets:
            comparison = outcomes_of(part.study, dataset, part.runs).comparison
            shown = {*part.study.cells_on(dataset)} - {comparison.baseline}
            pairs = [pair for pair in comparison.declared if {*pair} & shown]
            yield _compared(part, dataset, comparison, pairs)


def _compared(
    results: Results, dataset: str, comparison: Comparison, pairs: Sequence[tuple[str, str]]
) -> _Compared:
    answers = read_answers(results, dataset)
    compared = compare_stored(results, comparison, answers, pairs)
    return _Compared(
        results=results, dataset=dataset, comparison=comparison, answers=answers, pairs=compared
    )


def _discordant(
    on: _Compared, pair: AnswersCompared, root: Path | None, notes: Sequence[str] = ()
) -> tuple[list[Table], list[Chart]]:
    answers = on.answers.by_variant
    if not (found := discordant_images(pair, answers)):
        return [], []
    where = on.results.study.condition_on(on.dataset)
    title = f"{where} · images that tell {pair.b} and {pair.a} apart"
    cell = on.results.study.whole.cells_on(on.dataset)[pair.b][0]
    try:
        pixels, classes = _pictures(cell, answers[pair.b], [each.index for each in found], root)
    except (BadInput, EnvironmentFault) as error:
        note = f"without pictures and names of classes: {error.message}"
        return [discordant_table(pair, found, title=title, notes=[*notes, note])], []
    found = discordant_images(pair, answers, classes)
    name = re.sub(r"[^a-z0-9]+", "-", f"images-{where}-{pair.b}-{pair.a}".lower()).strip("-")
    return (
        [discordant_table(pair, found, title=title, notes=notes)],
        [discordant_chart(pair, found, pixels, name=name, title=title)],
    )


def _pictures(
    cell: Cell, answers: Answers, indices: list[int], root: Path | None
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return images that a cell was scored on, by their indices, and the names of the classes.

    Raises:
        EnvironmentFault: The data set is not there, or is not the one that was tested on.
        BadInput: It cannot be read as the cell read it.
    """
    # Reading images needs torch.
    import numpy as np
    import torch

    from poolbench.data.load import load_scored

    split, classes = load_scored(cell.data, root=data_root(root))
    if not np.array_equal(split.labels.numpy(), answers.label):
        raise EnvironmentFault(
            f"the images of '{cell.data.source.name}' here are not those that were tested on",
            "name the data folder with --data-root",
        )
    return split.take(torch.tensor(indices)).numpy(), classes
