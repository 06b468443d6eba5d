"""The tables over conditions: a row for each variant, and one for each shift."""

from __future__ import annotations

from typing import Any

from poolbench.core.counted import counted
from poolbench.report.cells import optional
from poolbench.report.number_format import NOTHING, fixed, level_of, points
from poolbench.report.overall.conditions import Conditions
from poolbench.report.overall.notes import notes_of_overall, notes_of_shifts
from poolbench.report.studies.comparison_cells import (
    superiority_cell,
    superiority_column,
    verdict_cell,
)
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats.overall import Contrast, Overall, Record
from poolbench.stats.shift import Interval

_EMPTY = TableCell(values=(None,), text="")
_SHIFT = ("shift", "shift_low", "shift_high")
_SIGNS = {"win": "better", "tie": "tied", "loss": "worse"}


def overall_tables(conditions: Conditions) -> list[Table]:
    """Return what conditions show together, and with a baseline every shift behind it."""
    made = [_variants_table(conditions)]
    if conditions.overall.first.baseline:
        made.append(_shifts_table(conditions))
    return made


def _variants_table(conditions: Conditions) -> Table:
    overall = conditions.overall
    baseline = overall.first.baseline
    columns = [
        Column(title="variant", fields=("variant",), is_text=True),
        Column(title="mean rank", fields=("mean_rank",)),
    ]
    if baseline:
        columns += [
            Column(title=f"vs {baseline}: better", fields=("wins",)),
            Column(title="tied", fields=("ties",)),
            Column(title="worse", fields=("losses",)),
            superiority_column(f"P(beats {baseline}) [{level_of(overall.first.alpha)} % interval]"),
        ]
    return Table(
        title=(
            f"{conditions.heading} · overall · test {conditions.metric}, "
            f"{counted(len(overall.comparable), 'condition')}"
        ),
        columns=tuple(columns),
        rows=tuple(
            (
                text_cell(name),
                _rank_cell(overall, name),
                *(_record_cells(overall.records.get(name), name == baseline) if baseline else ()),
            )
            for name in conditions.shown
        ),
        notes=tuple(notes_of_overall(conditions)),
        detail={"metric": conditions.metric, "overall": _document(overall)},
    )


def _rank_cell(overall: Overall, name: str) -> TableCell:
    """Return the mean rank, in bold where the test does not show it below the best."""
    ranks, test = overall.mean_ranks, overall.test
    is_kept = False
    if test is not None and test.is_decided:
        best = min(ranks, key=ranks.__getitem__)
        is_kept = name == best or not test.differ(best, name)
    shown = optional(ranks.get(name), lambda rank: fixed(rank, 2))
    return TableCell(
        values=shown.values, text=shown.text, is_bold=is_kept, mark="*" if is_kept else ""
    )


def _record_cells(record: Record | None, is_baseline: bool) -> tuple[TableCell, ...]:
    if record is None:
        first = TableCell(values=(None,), text="baseline" if is_baseline else NOTHING)
        return first, _EMPTY, _EMPTY, TableCell(values=(None, None, None), text="")
    counts = (record.wins, record.ties, record.losses)
    return (
        *(TableCell(values=(count,), text=str(count)) for count in counts),
        _chance_cell(record.superiority, record.superiority_ci),
    )


def _chance_cell(p: float | None, interval: Interval | None) -> TableCell:
    if p is None:
        return TableCell(values=(None, None, None), text=NOTHING)
    return superiority_cell(p, interval)


def _shifts_table(conditions: Conditions) -> Table:
    overall = conditions.overall
    baseline, level = overall.first.baseline, level_of(overall.first.alpha)
    return Table(
        title=f"{conditions.heading} · shifts against {baseline} in every condition",
        columns=(
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="condition", fields=("condition",), is_text=True),
            Column(title=f"points [{level} % interval]", fields=_SHIFT),
            superiority_column(f"P(beats {baseline}) [{level} % interval]"),
            Column(title="counted as", fields=("standing",), is_text=True),
            Column(title="verdict", fields=("verdict",), is_text=True),
        ),
        rows=tuple(
            (text_cell(name), text_cell(condition), *_shift_cells(overall, name, condition))
            for name in conditions.shown
            if name != baseline
            for condition in overall.comparisons
        ),
        notes=tuple(notes_of_shifts(conditions)),
        detail={"metric": conditions.metric, "baseline": baseline},
    )


def _shift_cells(overall: Overall, name: str, condition: str) -> tuple[TableCell, ...]:
    found: Contrast | None = overall.contrasts.get(name, {}).get(condition)
    if found is None:
        nothing = TableCell(values=(None, None, None), text=NOTHING)
        return (
            TableCell(values=(None, None, None), text="not comparable"),
            nothing,
            TableCell(values=(None,), text=NOTHING),
            TableCell(values=(None,), text=NOTHING),
        )
    low, high = found.pair.shift_ci or (None, None)
    return (
        TableCell(
            values=(found.pair.shift, low, high),
            text=points(found.pair.shift, found.pair.shift_ci),
        ),
        superiority_cell(found.pair.superiority, found.pair.superiority_ci),
        TableCell(values=(found.standing,), text=_SIGNS[found.standing]),
        verdict_cell(found.pair),
    )


def _document(overall: Overall) -> dict[str, Any]:
    """Return what conditions show together, for programs."""
    first, test = overall.first, overall.test
    return {
        "conditions": list(overall.comparable),
        "incomparable": dict(overall.incomparable),
        "baseline": first.baseline or None,
        "alpha": first.alpha,
        "margin": first.margin,
        "mean_ranks": dict(overall.mean_ranks),
        "test": None
        if test is None
        else {
            "name": test.name,
            "p": test.p,
            "rejects": test.is_decided,
            "family": "all variants",
            "critical_difference": test.critical_difference,
            "groups": [list(group) for group in test.groups],
        },
    }
