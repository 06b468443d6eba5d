"""Whether contraction at initialisation predicts accuracy after training, across operators."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from poolbench.core.contraction import ContractionSettings, Observed
from poolbench.core.experiment import Experiment
from poolbench.report.chart import Axis, Cloud, Grid, Scatter
from poolbench.report.contraction.similarities import or_none, similarity, stages
from poolbench.report.number_format import per_cent, points, probability, ratio
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
        published: Test accuracy in the source; NaN if it gives none.
    """

    label: str
    similarity: tuple[float, ...]
    spread: float
    order_kept: float
    accuracies: tuple[float, ...]
    published: float = math.nan

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
            is_published = settings.pools[stage.name].name == "average"
            subjects.append(
                Subject(
                    label=" · ".join([*told, stage.name]),
                    similarity=stage.means,
                    spread=statistics.stdev(stage.values) if len(stage.values) > 1 else math.nan,
                    order_kept=spearman_rho(*zip(*steps, strict=True)) if steps else math.nan,
                    accuracies=tuple(
                        accuracies.get((each.network, each.source.label, stage.name), ())
                    ),
                    published=settings.published_accuracy.get(each.network, math.nan)
                    if is_published
                    else math.nan,
                )
            )
    return subjects


def accuracy_table(
    experiment: Experiment[ContractionSettings],
    subjects: Sequence[Subject],
    *,
    is_reduced: bool = False,
    notes: Sequence[str] = (),
) -> Table:
    """Return one row per operator, the most accurate first, beside what is published.

    Args:
        experiment: The experiment.
        subjects: The operators.
        is_reduced: Whether they were trained on less than their suite describes: then there is no
            difference from what is published.
        notes: Notes about their training.
    """
    columns: tuple[Column, ...] = (
        Column(title="operator", fields=("operator",), is_text=True),
        Column(title="similarity behind", fields=("similarity_mean", "similarity_std")),
        Column(title="spread", fields=("spread",)),
        Column(title="order kept", fields=("order_kept",)),
        Column(title="trained", fields=("n", "n_diverged")),
        Column(title="accuracy %", fields=("accuracy_mean", "accuracy_std")),
        Column(title="published %", fields=("published",)),
        Column(title="ours − published", fields=("difference_from_published",)),
    )
    ordered = sorted(subjects, key=_place)
    rows = [_row(subject, is_reduced=is_reduced) for subject in ordered]
    if not has_published(subjects):
        columns, rows = columns[:-2], [row[:-2] for row in rows]
    source = ", ".join(f"{key} {value}" for key, value in experiment.source.items())
    return Table(
        title=f"{experiment.title} · before and after training",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "similarity behind: of random pairs, untrained, mean ± standard deviation of the "
            "seeds' means; spread: standard deviation over the pairs; order kept: Spearman's "
            "correlation with the similarity of the features",
            "accuracy: mean ± standard deviation over the trained networks that did not diverge",
            *((f"published: {source}; a spread is not given",) if has_published(subjects) else ()),
            *notes,
        ),
    )


def has_published(subjects: Sequence[Subject]) -> bool:
    """Return whether the source gives the accuracy of some of them."""
    return any(not math.isnan(subject.published) for subject in subjects)


def as_published(subjects: Sequence[Subject]) -> list[Subject]:
    """Return the subjects whose accuracy the source gives, with that as their only one."""
    known = (subject for subject in subjects if not math.isnan(subject.published))
    return [replace(subject, accuracies=(subject.published,)) for subject in known]


def _place(subject: Subject) -> float:
    """Return where a subject stands: by its accuracy, or the published one without it, or last."""
    known = [a for a in (subject.accuracy, subject.published) if not math.isnan(a)]
    return -known[0] if known else math.inf


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


def _row(subject: Subject, *, is_reduced: bool) -> tuple[TableCell, ...]:
    before, after = estimate(subject.similarity), estimate(subject.accuracies)
    difference = math.nan if is_reduced else after.mean - subject.published
    is_incomparable = is_reduced and not math.isnan(after.mean - subject.published)
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
        TableCell(values=(or_none(subject.published),), text=per_cent(subject.published)),
        TableCell(
            values=(or_none(difference),),
            text="not comparable" if is_incomparable else points(difference),
        ),
    )
