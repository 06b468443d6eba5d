"""The tables of a search: every point tried, and what each variant's search cost and gained."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from poolbench.core.counted import counted
from poolbench.core.search import Point, short_name
from poolbench.core.study import Study
from poolbench.report.number_format import NOTHING, count, duration, level_of, per_cent, points
from poolbench.report.search.searched import Searched, Tried
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import estimate
from poolbench.stats.gain import Gain


def searches_table(study: Study, found: Sequence[Searched]) -> Table:
    """Return a row for each variant's search: its budget, where it began and ended, its gain.

    Args:
        study: The study with the search.
        found: Its searches; at least one.
    """
    level = level_of(study.analysis.alpha)
    unfinished = [s.variant for s in found if s.outcome is None]
    return Table(
        title=f"{study.heading} · searches",
        columns=(
            Column(title="data", fields=("dataset",), is_text=True),
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="points", fields=("points",)),
            Column(title="folds trained", fields=("folds", "folds_diverged")),
            Column(title="images", fields=("images",)),
            Column(title="time", fields=("duration_s",)),
            Column(title="start %", fields=("start_mean", "start_std")),
            Column(title="best %", fields=("best_mean", "best_std")),
            Column(title=f"gain, points [{level} % interval]", fields=("gain", "low", "high")),
            Column(title="best recipe", fields=("recipe",), is_text=True),
            Column(title="found", fields=("finding",), is_text=True),
        ),
        rows=tuple(_summary(each, study.analysis.alpha) for each in found),
        notes=(
            "accuracy on the images that a fold held out of the training split, mean ± standard "
            "deviation over the folds; the test split was not opened",
            "gain: mean difference from the start on the same folds; interval: resampled t, "
            "corrected for the overlap of folds (Nadeau, Bengio 2003). The best point was chosen "
            "on these folds, so its gain is optimistic: train the tuned suite to know",
            "images: passes over training images, of all folds; time: of training, summed over "
            "workers",
            *_endings(found),
            *(
                [f"unfinished, run `poolbench tune` again: {', '.join(unfinished)}"]
                if unfinished
                else []
            ),
        ),
        detail={"search": str(study.search), "unfinished": unfinished},
    )


def _endings(found: Sequence[Searched]) -> Iterator[str]:
    """Yield how the searches ended, those that ended alike together."""
    by_end: dict[str, list[str]] = {}
    for each in found:
        if each.outcome is not None and each.outcome.ended:
            by_end.setdefault(each.outcome.ended, []).append(each.variant)
    for end, variants in by_end.items():
        yield f"ended: {', '.join(dict.fromkeys(variants))}: {end}"


def _summary(searched: Searched, alpha: float) -> tuple[TableCell, ...]:
    outcome = searched.outcome
    start = None if outcome is None else searched.at(outcome.start)
    best = None if outcome is None else searched.at(outcome.best)
    gain = searched.gain(alpha)
    runs = searched.runs.values()
    images = sum(timing.images for run in runs for timing in run.timings)
    duration_s = sum(run.duration_s for run in runs)
    scores = [accuracy for _, score in searched.history for accuracy in score.accuracies]
    diverged = sum(map(math.isnan, scores))
    folds = f"{len(scores)} ({diverged} diverged)" if diverged else str(len(scores))
    return (
        text_cell(searched.dataset),
        text_cell(searched.variant),
        TableCell(values=(len(searched.tried),), text=str(len(searched.tried))),
        TableCell(values=(len(scores), diverged), text=folds),
        TableCell(values=(images,), text=count(images)),
        TableCell(values=(duration_s,), text=duration(duration_s)),
        _accuracy_cell(start),
        _accuracy_cell(best),
        _gain_cell(gain),
        text_cell("" if outcome is None else str(outcome.best)),
        text_cell(_finding(searched, gain)),
    )


def _gain_cell(gain: Gain | None) -> TableCell:
    if gain is None or gain.mean is None:
        return TableCell(values=(None, None, None), text=NOTHING)
    low, high = gain.interval or (None, None)
    return TableCell(values=(gain.mean, low, high), text=points(gain.mean, gain.interval))


def _finding(searched: Searched, gain: Gain | None) -> str:
    if searched.outcome is None:
        return "unfinished"
    if searched.is_lost:
        return "every fold of the start diverged, and nothing better was found"
    if gain is None:
        return "the start is the best"
    if gain.doubt:
        return gain.doubt
    if gain.is_clear:
        return "better than the start, on the folds that chose it"
    return "not distinguishable from the start"


def trials_table(study: Study, searched: Searched) -> Table:
    """Return a row for each point that a search tried, the best first.

    Args:
        study: The study with the search.
        searched: One of its searches, with at least one point.
    """
    keys = list(dict.fromkeys(key for tried in searched.tried for key in tried.point.values))
    outcome = searched.outcome
    best = None if outcome is None else outcome.best.key
    # As the search ranks them: on the folds it decides on before those of a round, then fewer
    # diverged folds; of equals, where it ended, then what was tried first.
    ranked = sorted(
        searched.tried,
        key=lambda tried: (tried.decides, tried.score.rank, tried.point.key == best),
        reverse=True,
    )
    has_rounds = not all(tried.decides for tried in ranked)
    path = [] if outcome is None else [point.key for point in outcome.path]
    order = {tried.point.key: number for number, tried in enumerate(searched.tried, 1)}
    rows = []
    for rank, tried in enumerate(ranked, 1):
        key = tried.point.key
        step = path.index(key) + 1 if key in path else None
        rows.append(
            (
                TableCell(values=(rank,), text=str(rank), mark="*" if key == best else ""),
                TableCell(values=(order[key],), text=str(order[key])),
                text_cell(tried.point.stage),
                *(_value_cell(tried.point.values.get(name)) for name in keys),
                *([_folds_cell(tried)] if has_rounds else []),
                TableCell(values=(len(tried.accuracies),), text=str(len(tried.accuracies))),
                _accuracy_cell(tried),
                TableCell(values=(step,), text="" if step is None else str(step)),
            )
        )
    return Table(
        title=f"{study.heading} · {searched.dataset} · {searched.variant} · points tried",
        columns=(
            Column(title="rank", fields=("rank",)),
            Column(title="tried", fields=("order",)),
            Column(title="as", fields=("stage",), is_text=True),
            *(Column(title=short_name(name), fields=(name,)) for name in keys),
            *([Column(title="scored on", fields=("decides",), is_text=True)] if has_rounds else []),
            Column(title="folds", fields=("folds",)),
            Column(title="accuracy %", fields=("accuracy_mean", "accuracy_std")),
            Column(title="path", fields=("path",)),
        ),
        rows=tuple(rows),
        notes=(
            f"of {counted(len(ranked), 'point')}, by the mean over the folds; * where the search "
            "ended; a point with a diverged fold ranks last",
            *(
                [
                    "scored on: a round's points on its own fold, which says what to try next; the "
                    "finalists, ranked first, on the final folds alone, where they are compared"
                ]
                if has_rounds
                else []
            ),
            *(["path: the points that a coordinate search accepted, in order"] if path else []),
            *(_skipped(outcome.skipped) if outcome is not None and outcome.skipped else []),
        ),
    )


def _skipped(points: Sequence[Point]) -> Iterator[str]:
    yield f"skipped, as no recipe can be there: {'; '.join(point.stage for point in points)}"


def _folds_cell(tried: Tried) -> TableCell:
    text = "the final folds" if tried.decides else "its round"
    return TableCell(values=(tried.decides,), text=text)


def _accuracy_cell(tried: Tried | None) -> TableCell:
    if tried is None:
        return TableCell(values=(None, None), text=NOTHING)
    e = estimate(list(tried.accuracies.values()))
    if e.n_diverged:
        text = f"{per_cent(e.mean, e.std)} ({e.n}/{e.n_asked})" if e.n else "diverged"
        return TableCell(values=(e.mean, e.std), text=text)
    return TableCell(values=(e.mean, e.std), text=per_cent(e.mean, e.std))


def _value_cell(value: float | None) -> TableCell:
    return TableCell(values=(value,), text=NOTHING if value is None else f"{value:g}")
