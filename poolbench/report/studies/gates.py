"""The table of gates: the condition, the observed value, and the outcome."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poolbench.core.gate import Gate
from poolbench.report.number_format import NOTHING, count, per_cent, points
from poolbench.report.table import Column, Table, TableCell, printable, text_cell
from poolbench.stats import Judgement
from poolbench.stats.collapse import unseen_share


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A gate applied to one variant on one data set.

    Args:
        gate: The condition that must not hold.
        dataset: The data set.
        variant: The variant.
        reference: What the value is a difference from, as text; empty for a value by itself.
        alpha: One minus the confidence of the interval.
        judgement: The judgement by its interval.
        network: Label of the network, if the suite has several.
    """

    gate: Gate
    dataset: str
    variant: str
    reference: str
    alpha: float
    judgement: Judgement
    network: str = ""

    @property
    def seen(self) -> str:
        """The value with its interval, as text: ``"−0.50 [−0.90, −0.10] points vs average"``."""
        judged = self.judgement
        if math.isnan(judged.value):
            return NOTHING
        if not self.gate.is_share:
            sign = "+" if self.reference and judged.value > 0 else ""
            shown = f"{sign}{count(judged.value)}".replace("-", "−")
            return f"{shown} vs {self.reference}" if self.reference else shown
        if self.reference:
            return f"{points(judged.value, judged.interval)} points vs {self.reference}"
        if judged.interval is None:
            return f"{per_cent(judged.value)} %"
        low, high = (_edge(end) for end in judged.interval)
        return f"{per_cent(judged.value)} [{low}, {high}] %"

    @property
    def why(self) -> str:
        """Why it is undecided or fails whatever the value, and what limits the outcome."""
        return "; ".join(filter(None, (self.judgement.reason, self.judgement.caveat)))

    @property
    def sentence(self) -> str:
        """The ruling in one line, even if a name contains line ends."""
        reason = f" ({self.why})" if self.why else ""
        outcome = self.judgement.outcome
        verb = "is undecided on" if outcome == "undecided" else outcome
        return printable(
            f"{' on '.join(filter(None, (self.variant, self.network, self.dataset)))} {verb} "
            f"'{self.gate.text}': {self.seen}, n = {self.judgement.n}{reason}"
        )


def gate_table(rulings: Sequence[Ruling], *, familywise: bool = False) -> Table:
    """Return one row per ruling.

    Args:
        rulings: At least one.
        familywise: Whether the level of the intervals was divided among them.
    """
    levels = ", ".join(f"{100 * (1 - alpha):.4g}" for alpha in sorted({r.alpha for r in rulings}))
    has_networks = any(ruling.network for ruling in rulings)
    return Table(
        title="gates",
        columns=(
            Column(title="fails if", fields=("fail_if",), is_text=True),
            *([Column(title="network", fields=("network",), is_text=True)] if has_networks else ()),
            Column(title="data", fields=("dataset",), is_text=True),
            Column(title="variant", fields=("variant",), is_text=True),
            Column(title="n", fields=("n",)),
            Column(title=f"seen [{levels} % interval]", fields=_SEEN, is_text=True),
            Column(title="outcome", fields=("outcome",), is_text=True),
            Column(title="because", fields=("reason", "caveat"), is_text=True),
        ),
        rows=tuple(_row(ruling, has_networks=has_networks) for ruling in rulings),
        notes=tuple(_notes(rulings, familywise=familywise)),
    )


def _notes(rulings: Sequence[Ruling], *, familywise: bool) -> Iterator[str]:
    yield (
        "a gate fails where the whole interval meets its condition, passes where none of it does, "
        "and is undecided between; it also fails if runs diverged or collapsed, unless it allows "
        "that (allow: [diverged, collapsed], --allow)"
    )
    judged = [ruling for ruling in rulings if ruling.judgement.interval and ruling.gate.is_share]
    if not judged:
        return
    yield (
        "interval: spans that of ranks (Hodges-Lehmann shift, or the median) and Student's t "
        "(Welch's, or of the mean)"
    )
    # Of those that lost none.
    kept = [
        r.judgement.n for r in judged if not (r.judgement.outcome == "fails" and r.judgement.reason)
    ]
    if kept:
        yield (
            f"{min(kept)} runs of which none was lost leave room for losing up to "
            f"{per_cent(unseen_share(min(kept)))} % of them (at 95 %)"
        )
    if len(judged) > 1:
        level = max(ruling.alpha for ruling in judged)
        at_most = 1 - (1 - level / 2) ** len(judged)
        yield (
            f"{len(judged)} intervals at {100 * (1 - level):.4g} %"
            + (" keep the level together" if familywise else ", each by itself")
            + f": if every value were just at its bound, at least one gate would fail in up to "
            f"{per_cent(at_most)} % of studies"
            + ("" if familywise else "; --familywise keeps that of one")
        )


_SEEN = ("value", "low", "high", "reference")


def _row(ruling: Ruling, *, has_networks: bool) -> tuple[TableCell, ...]:
    judged = ruling.judgement
    low, high = judged.interval or (None, None)
    return (
        text_cell(ruling.gate.text),
        *([text_cell(ruling.network)] if has_networks else ()),
        text_cell(ruling.dataset),
        text_cell(ruling.variant),
        TableCell(values=(judged.n,), text=str(judged.n)),
        TableCell(values=(judged.value, low, high, ruling.reference), text=ruling.seen),
        text_cell(judged.outcome, is_bold=judged.outcome == "fails"),
        TableCell(values=(judged.reason, judged.caveat), text=ruling.why),
    )


def _edge(fraction: float) -> str:
    if math.isinf(fraction):
        return "+∞" if fraction > 0 else "−∞"
    return per_cent(fraction)
