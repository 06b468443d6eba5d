"""The table of pairs of variants on the test images: over seeds and images, and image by image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from poolbench.core.counted import counted
from poolbench.core.study import Study
from poolbench.report.number_format import NOTHING, count, level_of, points, probability
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats import Comparison
from poolbench.stats.answers import AnswersCompared


def image_table(
    study: Study,
    dataset: str,
    comparison: Comparison,
    compared: Sequence[AnswersCompared],
    *,
    notes: Sequence[str] = (),
) -> Table:
    """Return a row for each pair: its interval over seeds, that over seeds and images, its images.

    Args:
        study: The study.
        dataset: One of ``study.datasets``.
        comparison: Of the variants over their seeds.
        compared: The pairs on the test images.
        notes: What was left out.
    """
    metric, level = study.analysis.metric, level_of(comparison.alpha)
    return Table(
        title=f"{study.heading} · {dataset} · other seeds and other images, test {metric}",
        columns=(
            Column(title="candidate", fields=("candidate",), is_text=True),
            Column(title="baseline", fields=("baseline",), is_text=True),
            Column(title="n", fields=("n_candidate", "n_baseline")),
            Column(title="images", fields=("images",)),
            Column(
                title=f"over seeds, points [{level} % interval]",
                fields=("shift", "shift_low", "shift_high"),
            ),
            Column(
                title=f"over seeds and images, points [{level} % interval]",
                fields=("difference", "difference_low", "difference_high"),
            ),
            Column(title="gained", fields=("gained",)),
            Column(title="lost", fields=("lost",)),
            Column(title="p (Holm)", fields=("p", "p_adjusted")),
        ),
        rows=tuple(_row(each, comparison) for each in compared),
        notes=(*_about(compared, metric, comparison), *notes),
        detail={
            "dataset": dataset,
            "metric": metric,
            "alpha": comparison.alpha,
            "paired": comparison.paired,
            "family_size": max((each.family_size for each in compared), default=0),
            "not_comparable": [
                {"candidate": each.b, "baseline": each.a, "reason": each.why_not}
                for each in compared
                if each.why_not
            ],
        },
    )


def _row(each: AnswersCompared, comparison: Comparison) -> tuple[TableCell, ...]:
    pair, images = comparison.pair(each.a, each.b), each.images
    low, high = pair.shift_ci or (None, None)
    over_seeds = TableCell(values=(pair.shift, low, high), text=points(pair.shift, pair.shift_ci))
    named = text_cell(each.b), text_cell(each.a)
    if images is None or each.difference is None:
        nothing = TableCell(values=(None,), text=NOTHING)
        return (
            *named,
            TableCell(values=(None, None), text=NOTHING),
            nothing,
            over_seeds,
            TableCell(values=(None, None, None), text="not comparable"),
            nothing,
            nothing,
            TableCell(values=(None, None), text=NOTHING),
        )
    low, high = each.interval or (None, None)
    n = images.n_candidate, images.n_baseline
    return (
        *named,
        TableCell(values=n, text=f"{n[0]} vs {n[1]}"),
        TableCell(values=(images.total,), text=count(images.total)),
        over_seeds,
        TableCell(values=(each.difference, low, high), text=points(each.difference, each.interval)),
        TableCell(values=(images.gained,), text=count(images.gained)),
        TableCell(values=(images.lost,), text=count(images.lost)),
        TableCell(values=(each.p, each.p_adjusted), text=probability(each.p_adjusted)),
    )


def _about(
    compared: Sequence[AnswersCompared], metric: str, comparison: Comparison
) -> Iterator[str]:
    yield (
        "over seeds: Hodges-Lehmann shift, for networks trained anew and tested on these images; "
        f"over seeds and images: difference of the mean {metric}, for other test images from the "
        "same source too (crossed random effects); each interval is that of its comparison alone"
    )
    sizes = {each.family_size for each in compared}
    yield (
        "gained, lost: images that a larger share of the candidate's, or of the baseline's, seeds "
        "classifies correctly; p: sign-flip test over the images, with one seed each McNemar's, "
        f"Holm over {counted(max(sizes, default=0), 'comparison')}; it speaks of these networks on "
        "other images, not of networks trained anew"
    )
    if comparison.paired:
        yield "seeds are blocks: only those that both variants have are compared"
    for each in compared:
        if each.why_not:
            yield f"{each.b} against {each.a}: not comparable image by image: {each.why_not}"
        elif each.interval is None:
            yield (
                f"{each.b} against {each.a}: no interval over seeds and images, as a variant has "
                "one seed or no answer differs"
            )
