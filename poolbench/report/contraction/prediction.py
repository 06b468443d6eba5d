"""Whether contraction at initialisation predicts accuracy after training, across operators."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from poolbench.core.contraction import ContractionSettings, Observed
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Axis, Cloud, Grid, Scatter
from poolbench.report.contraction.similarities import or_none, similarity, stages
from poolbench.report.number_format import per_cent, probability, ratio
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import estimate, holm, rank_correlation
from poolbench.stats.correlation import FEWEST, spearman_rho

Key = tuple[str, str, str]
"""Labels of a network, a source of pairs and an operator."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One operator in one network on one data set, untrained and trained.

    Args:
        label: Label for people.
        similarity: Mean over the pairs, for each seed, after the operator and before training.
        spread: Standard deviation over all pairs.
        order_kept: Spearman's correlation with the features' similarities.
        accuracies: Test accuracy of each trained network; empty if there is none.
    """

    label: str
    similarity: tuple[float, ...]
    spread: float
    order_kept: float
    accuracies: tuple[float, ...]

    @property
    def accuracy(self) -> float:
        """Mean accuracy; NaN if no network finished training."""
        return estimate(self.accuracies).mean


def subjects_of(
    settings: ContractionSettings,
    observed: Sequence[Observed],
    accuracies: Mapping[Key, Sequence[float]],
) -> list[Subject]:
    """Return every measured operator with the accuracies of its trained networks."""
    subjects = []
    for each in observed:
        for stage in stages(each, settings):
            if stage.name not in settings.pools:
                continue
            told = [each.network] if len(settings.networks) > 1 else []
            told += [each.source.label] if len(settings.data) > 1 else []
            steps = stage.steps
            subjects.append(
                Subject(
                    label=" · ".join([*told, stage.name]),
                    similarity=stage.means,
                    spread=statistics.stdev(stage.values) if len(stage.values) > 1 else math.nan,
                    order_kept=spearman_rho(*zip(*steps, strict=True)) if steps else math.nan,
                    accuracies=tuple(
                        accuracies.get((each.network, each.source.label, stage.name), ())
                    ),
                )
            )
    return subjects


def accuracy_table(
    experiment: Experiment[ContractionSettings], subjects: Sequence[Subject]
) -> Table:
    """Return one row per operator, the most accurate first."""
    columns = (
        Column(title="operator", fields=("operator",), is_text=True),
        Column(title="similarity behind", fields=("similarity_mean", "similarity_std")),
        Column(title="spread", fields=("spread",)),
        Column(title="order kept", fields=("order_kept",)),
        Column(title="trained", fields=("n", "n_diverged")),
        Column(title="accuracy %", fields=("accuracy_mean", "accuracy_std")),
    )
    ordered = sorted(subjects, key=lambda s: -math.inf if math.isnan(s.accuracy) else -s.accuracy)
    return Table(
        title=f"{experiment.title} · before and after training",
        columns=columns,
        rows=tuple(_row(subject) for subject in ordered),
        notes=(
            "similarity behind: of random pairs, untrained, mean ± standard deviation of the "
            "seeds' means; spread: standard deviation over the pairs; order kept: Spearman's "
            "correlation with the similarity of the features",
            "accuracy: mean ± standard deviation over the trained networks that did not diverge",
        ),
    )


def prediction_table(
    experiment: Experiment[ContractionSettings], subjects: Sequence[Subject]
) -> Table:
    """Return the rank correlation of accuracy with each predictor known before training."""
    accuracy = [subject.accuracy for subject in subjects]
    predictors = {
        "similarity behind": [estimate(subject.similarity).mean for subject in subjects],
        "spread over pairs": [subject.spread for subject in subjects],
        "order kept": [subject.order_kept for subject in subjects],
    }
    found = {name: rank_correlation(x, accuracy) for name, x in predictors.items()}
    is_few = any(each.n < FEWEST for each in found.values())
    adjusted = holm([None if math.isnan(each.p) else each.p for each in found.values()])
    rows = []
    for (name, each), p in zip(found.items(), adjusted, strict=True):
        ends = (each.ci_low, each.ci_high)
        interval = "" if math.isnan(ends[0]) else f" [{ratio(ends[0])}, {ratio(ends[1])}]"
        rows.append(
            (
                text_cell(name),
                TableCell(values=(each.n,), text=str(each.n)),
                TableCell(
                    values=tuple(map(or_none, (each.rho, *ends))), text=ratio(each.rho) + interval
                ),
                TableCell(values=(p,), text=probability(p)),
            )
        )
    return Table(
        title=f"{experiment.title} · rank correlation with accuracy, across operators",
        columns=(
            Column(title="known before training", fields=("predictor",), is_text=True),
            Column(title="operators", fields=("operators",)),
            Column(title="Spearman's ρ [95 % interval]", fields=("rho", "low", "high")),
            Column(title="p (Holm)", fields=("p_adjusted",)),
        ),
        rows=tuple(rows),
        notes=(
            "p: permutation test, Holm over the predictors; similar operators are not independent "
            "evidence, so p and the interval are optimistic",
            *([f"fewer than {FEWEST} operators give no interval"] if is_few else []),
        ),
    )


def prediction_chart(
    experiment: Experiment[ContractionSettings], subjects: Sequence[Subject], name: str
) -> Grid:
    """Return accuracy after training against two predictors, one point per operator."""
    gap = Axis(label="1 − similarity behind the operator", scale="log")
    order = Axis(label="order kept (Spearman's ρ)")
    return Grid(
        name=f"{name}-accuracy",
        title=experiment.title,
        caption="Across: untrained networks, mean over pairs and seeds. Up: test accuracy of "
        "trained ones, mean and standard deviation over the seeds.",
        charts=(
            _panel("contraction", gap, subjects, lambda s: 1 - estimate(s.similarity).mean),
            _panel("order", order, subjects, lambda s: s.order_kept),
        ),
        is_shared=False,
    )


def _panel(
    title: str, x: Axis, subjects: Sequence[Subject], predictor: Callable[[Subject], float]
) -> Scatter:
    shown = [s for s in subjects if math.isfinite(predictor(s)) and math.isfinite(s.accuracy)]
    return Scatter(
        name=title,
        title=title,
        x=x,
        y=Axis(label="test accuracy (%)", is_share=True),
        clouds=tuple(
            Cloud(
                label=subject.label,
                x=(predictor(subject),),
                y=(subject.accuracy,),
                y_spread=(estimate(subject.accuracies).std,) if len(subject.accuracies) > 1 else (),
            )
            for subject in shown
        ),
    )


def _row(subject: Subject) -> tuple[TableCell, ...]:
    before, after = estimate(subject.similarity), estimate(subject.accuracies)
    std = "" if math.isnan(before.std) else f" ± {before.std:.4f}"
    return (
        text_cell(subject.label),
        TableCell(
            values=(or_none(before.mean), or_none(before.std)),
            text=f"{similarity(before.mean)}{std}",
        ),
        TableCell(values=(or_none(subject.spread),), text=similarity(subject.spread)),
        TableCell(values=(or_none(subject.order_kept),), text=ratio(subject.order_kept)),
        TableCell(
            values=(after.n, after.n_diverged),
            text=f"{after.n}/{after.n_asked}" if after.n_diverged else str(after.n),
        ),
        TableCell(
            values=(or_none(after.mean), or_none(after.std)), text=per_cent(after.mean, after.std)
        ),
    )
