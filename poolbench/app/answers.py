"""The stored answers of a study's runs to the test images, and comparisons of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poolbench.app.results import Results
from poolbench.core.counted import counted
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault
from poolbench.stats import Comparison
from poolbench.stats.answers import Answers, AnswersCompared, compare_answers
from poolbench.stats.calibration import Calibration, calibration

if TYPE_CHECKING:
    from poolbench.store.predictions import Predictions


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredAnswers:
    """What is stored of the answers on one data set.

    Args:
        by_variant: The answers of each variant of the suite that has any.
        notes: What was left out, a sentence each.
        calibrations: The calibration of each variant's networks whose confidences are stored.
        about_calibrations: What was left out of these besides.
    """

    by_variant: Mapping[str, Answers]
    notes: tuple[str, ...]
    calibrations: Mapping[str, tuple[Calibration, ...]]
    about_calibrations: tuple[str, ...]


def read_answers(results: Results, dataset: str) -> StoredAnswers:
    """Read the predictions of every finished run of the suite on a data set.

    Runs without predictions are left out, and said: diverged and damaged ones, and those that were
    tested on other images than the first of their variant.
    """
    import numpy as np

    from poolbench.store.predictions import predictions_of

    by_variant: dict[str, Answers] = {}
    calibrations: dict[str, tuple[Calibration, ...]] = {}
    notes, about_calibrations = [], []
    for variant, cells in results.study.whole.cells_on(dataset).items():
        found: list[tuple[int, Predictions]] = []
        diverged, unstored, other = 0, 0, 0
        for cell in cells:
            if (run := results.runs.get(cell.id)) is None:
                continue
            try:
                predictions = predictions_of(results.store, run)
            except Damaged as error:
                notes.append(f"left out: {cell}: {error}")
                continue
            except EnvironmentFault as error:
                notes.append(f"left out: {cell}: {error.message}: {error.hint}")
                continue
            if predictions is None:
                diverged += run.result.status == "diverged"
                unstored += run.result.status == "ok"
            elif found and not np.array_equal(found[0][1].label, predictions.label):
                other += 1
            else:
                found.append((cell.seed, predictions))
        for number, why in (
            (diverged, "diverged"),
            (unstored, "without stored predictions"),
            (other, f"tested on other images than seed {found[0][0]}" if found else ""),
        ):
            if number:
                notes.append(f"left out of {variant}: {counted(number, 'run')} {why}")
        if found:
            by_variant[variant] = Answers(
                seeds=tuple(seed for seed, _ in found),
                predicted=np.stack([each.predicted for _, each in found]),
                label=found[0][1].label,
            )
            calibrations[variant] = tuple(
                calibration(each.right, each.confidence, each.nll, each.brier)
                for _, each in found
                if each.confidence is not None and each.nll is not None and each.brier is not None
            )
            if old := len(found) - len(calibrations[variant]):
                about_calibrations.append(
                    f"left out of {variant}: {counted(old, 'run')} of a version that did not keep "
                    "confidences; evaluate again for calibration: `poolbench train` into another "
                    "store"
                )
    return StoredAnswers(
        by_variant=by_variant,
        notes=tuple(notes),
        calibrations=calibrations,
        about_calibrations=tuple(about_calibrations),
    )


def compare_stored(
    results: Results,
    comparison: Comparison,
    answers: StoredAnswers,
    pairs: Sequence[tuple[str, str]],
) -> list[AnswersCompared]:
    """Compare pairs of variants on the test images.

    As in the tests over seeds, a declared pair belongs to the family of all that were declared, and
    another to that of all pairs of variants.
    """
    analysis = results.study.analysis
    shown = {frozenset(pair): pair for pair in pairs}
    compared: dict[tuple[str, str], AnswersCompared] = {}
    for pair in pairs:
        if pair not in compared:
            # In the direction that is shown.
            names = [shown.get(frozenset(other), other) for other in comparison.family_of(*pair)]
            family = compare_answers(
                names,
                answers.by_variant,
                lower_is_better=analysis.lower_is_better,
                alpha=analysis.alpha,
                paired=analysis.paired,
            )
            compared = {(each.a, each.b): each for each in family} | compared
    return [compared[pair] for pair in pairs]
