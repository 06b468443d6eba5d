"""Applying gates to results, and reporting the outcome."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poolbench.app.seed_values import ConditionValues
from poolbench.core.errors import (
    BadInput,
    EnvironmentFault,
    GateFailed,
    NothingMatched,
    did_you_mean,
)
from poolbench.core.gate import AREA, LEAST, LOSSES, Gate, read_gate
from poolbench.core.study import Analysis
from poolbench.probes import PROBES
from poolbench.report import FORMATS
from poolbench.report.formats.github import workflow_commands
from poolbench.report.studies.gates import Ruling
from poolbench.report.table import Table

if TYPE_CHECKING:
    from poolbench.stats import Judgement

Counterpart = Callable[[ConditionValues], tuple[ConditionValues, str] | None]


def read_gates(texts: Iterable[str], allow: Iterable[str] = ()) -> tuple[Gate, ...]:
    """Read gates from the command line.

    Args:
        texts: The conditions.
        allow: Ways of losing a run that fail none of them.

    Raises:
        BadInput: One of them is not a gate, or runs are not lost in such a way.
    """
    wanted = tuple(dict.fromkeys(allow))
    allowed = tuple(loss for loss in LOSSES if loss in wanted)
    if unknown := [name for name in wanted if name not in LOSSES]:
        raise BadInput(f"--allow {unknown[0]}", did_you_mean(unknown[0], LOSSES))
    return tuple(read_gate(text, allow=allowed, probes=PROBES) for text in texts)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Conditions of one study, and the gates that judge them.

    Args:
        gates: Conditions that must not hold.
        candidates: The conditions to judge.
        counterpart: Returns what a candidate is compared with, and its name; ``None`` if there is
            nothing, as for the baseline itself.
        analysis: Level of the intervals, pairing, published values.
        network: Label of their network, if the suite has several.
    """

    gates: Sequence[Gate]
    candidates: Sequence[ConditionValues]
    counterpart: Counterpart
    analysis: Analysis
    network: str = ""


def judge(cases: Sequence[Case], *, familywise: bool = False) -> list[Ruling]:
    """Apply every gate to every condition that it selects.

    A gate on a share fails whatever its value if a run diverged or collapsed, of the candidate or
    of what it is compared with, unless it allows that.

    Args:
        cases: What to judge.
        familywise: Whether all rulings by an interval share ``alpha`` (Bonferroni), so that the
            level holds for all of them together.

    Raises:
        NothingMatched: A gate selects none of its candidates.
    """
    rulings = [ruling for case in cases for ruling in _rulings(case)]
    by_interval = sum(ruling.gate.is_share for ruling in rulings)
    if familywise and by_interval > 1:
        shared = (
            replace(case, analysis=replace(case.analysis, alpha=case.analysis.alpha / by_interval))
            for case in cases
        )
        rulings = [ruling for case in shared for ruling in _rulings(case)]
    return rulings


def _rulings(case: Case) -> list[Ruling]:
    rulings = []
    for gate in case.gates:
        found = [
            ruling
            for candidate in case.candidates
            if fnmatchcase(candidate.variant, gate.only)
            if (ruling := _rule(gate, candidate, case)) is not None
        ]
        if not found:
            names = ", ".join(dict.fromkeys(each.variant for each in case.candidates))
            raise NothingMatched(
                f"the gate '{gate.text}' for '{gate.only}' applies to none of: {names}",
                "a baseline is not judged against itself; correct the gate's `only`",
            )
        rulings += found
    return rulings


def _rule(gate: Gate, candidate: ConditionValues, case: Case) -> Ruling | None:
    """Return a gate's ruling on a condition; ``None`` if there is nothing to compare it with."""
    analysis, name, involved = case.analysis, "", [candidate]
    if gate.metric.endswith((AREA, LEAST)) and gate.metric not in candidate.settings:
        judgement = _unknown(
            f"no {gate.metric}: not measured, at too few settings, or with several sets of "
            "options: see `poolbench robustness`"
        )
    elif gate.against == "baseline":
        other = case.counterpart(candidate)
        if other is None:
            return None
        reference, name = other
        involved.append(reference)
        judgement = _judge_change(gate, reference, name, candidate, analysis)
    elif gate.against == "published" and (
        reasons := analysis.incomparable(candidate.dataset, candidate.variant)
    ):
        judgement = _unknown(f"the published number is not comparable: {'; '.join(reasons)}")
    else:
        bound = _bound(gate, candidate, analysis)
        if bound is None:
            return None
        judgement = _judge_level(gate, candidate, bound, analysis)
    # What is bit for bit as before has lost nothing since.
    is_unchanged = len(involved) > 1 and involved[0].seeds == involved[1].seeds
    if gate.is_share and not is_unchanged and (lost := _lost(gate, involved, ("", name))):
        judgement = replace(judgement, outcome="fails", reason=lost)
    if missing := _missing(involved, ("", name)):
        told = "; ".join(filter(None, (judgement.caveat, missing)))
        judgement = replace(judgement, caveat=told)
    return Ruling(
        gate=gate,
        network=case.network,
        dataset=candidate.dataset,
        variant=candidate.variant,
        reference=name,
        alpha=analysis.alpha,
        judgement=judgement,
    )


def _lost(gate: Gate, involved: Sequence[ConditionValues], names: Sequence[str]) -> str:
    """Return how many runs are lost in ways that a gate does not allow; empty for none."""
    classes = next((each.classes for each in involved if each.classes is not None), None)
    counts = [
        {loss: count for loss, count in each.lost(classes).items() if loss not in gate.allow}
        for each in involved
    ]
    return _told(involved, names, counts)


def _missing(involved: Sequence[ConditionValues], names: Sequence[str]) -> str:
    """Return how many runs are missing; empty for none."""
    counts = [
        {"are missing": sum(seed.status == "missing" for seed in each.seeds)} for each in involved
    ]
    return _told(involved, names, counts)


def _told(
    involved: Sequence[ConditionValues],
    names: Sequence[str],
    counts: Sequence[Mapping[Any, int]],
) -> str:
    """Return counts of runs, by what became of them, as text; empty if all are 0."""
    return ", ".join(
        f"{count} of {len(each.seeds)} runs{f' of {name}' if name else ''} {fate}"
        for each, name, fates in zip(involved, names, counts, strict=False)
        for fate, count in fates.items()
        if count
    )


def _judge_change(
    gate: Gate,
    reference: ConditionValues,
    name: str,
    candidate: ConditionValues,
    analysis: Analysis,
) -> Judgement:
    from poolbench.stats import judge_exact, judge_shift
    from poolbench.stats.estimate import constant_value

    seeds = sorted({seed.seed for each in (candidate, reference) for seed in each.seeds})
    before, values = reference.of(gate.metric, seeds), candidate.of(gate.metric, seeds)
    if reference.settings.get(gate.metric) != candidate.settings.get(gate.metric):
        # Such as a baseline frozen before lowest points were, or a probe with two sets of options.
        if gate.metric not in reference.settings:
            return _unknown(f"{name} has no {gate.metric}, or several")
        return _unknown(f"measured with other settings than {name}")
    if not gate.is_share:
        grown = constant_value(values) - constant_value(before)
        return judge_exact(grown, gate.sign, gate.offset, _count(values))
    if len(seeds) > 1 and None not in values and candidate.seeds == reference.seeds:
        # Bit-identical to before: no test is needed.
        return judge_exact(0.0, gate.sign, gate.offset, _count(values))
    return judge_shift(
        before,
        values,
        gate.sign,
        gate.offset,
        lower_is_better=gate.lower_is_better,
        paired=analysis.paired,
        alpha=analysis.alpha,
    )


def _bound(gate: Gate, candidate: ConditionValues, analysis: Analysis) -> Fraction | None:
    """Return the level that a gate names; ``None`` when nothing was published to add it to."""
    from poolbench.stats.scale import ratio_of

    offset = ratio_of(gate.offset)
    if gate.against != "published":
        return offset
    rows = analysis.published.get(candidate.dataset, {})
    if candidate.variant not in rows:
        return None
    mean = ratio_of(rows[candidate.variant][0]) / 100
    return offset + (mean if gate.metric == analysis.metric else 1 - mean)


def _judge_level(
    gate: Gate, candidate: ConditionValues, bound: Fraction, analysis: Analysis
) -> Judgement:
    from poolbench.stats import judge_exact, judge_level
    from poolbench.stats.estimate import constant_value

    values = candidate.of(gate.metric, [seed.seed for seed in candidate.seeds])
    if not gate.is_share:
        return judge_exact(constant_value(values), gate.sign, bound, _count(values))
    return judge_level(
        values, gate.sign, bound, lower_is_better=gate.lower_is_better, alpha=analysis.alpha
    )


def _unknown(reason: str) -> Judgement:
    from poolbench.stats import Judgement

    return Judgement(outcome="undecided", value=math.nan, interval=None, n=0, reason=reason)


def _count(values: Sequence[float | None]) -> int:
    return len(values) - values.count(None)


def announce(tables: Sequence[Table], rulings: Sequence[Ruling]) -> list[str]:
    """Report to GitHub Actions, if it runs this command.

    The tables are appended to the step's summary.

    Returns:
        Lines for standard error that become annotations; none outside GitHub Actions.

    Raises:
        EnvironmentFault: The summary cannot be written.
    """
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(FORMATS.resolve("markdown")(tables) + "\n")
        except OSError as error:
            raise EnvironmentFault(f"cannot write {summary}: {error.strerror}") from error
    return list(workflow_commands(rulings)) if os.environ.get("GITHUB_ACTIONS") == "true" else []


def enforce(rulings: Sequence[Ruling], *, strict: bool) -> None:
    """Raise an error if a gate fails.

    Args:
        rulings: Rulings of all gates.
        strict: Whether an undecided gate fails too.

    Raises:
        GateFailed: A gate failed; the message has a line for each ruling that failed.
    """
    failing = ("fails", "undecided") if strict else ("fails",)
    failed = [ruling for ruling in rulings if ruling.judgement.outcome in failing]
    if failed:
        lines = "\n".join(f"  {ruling.sentence}" for ruling in failed)
        raise GateFailed(f"{len(failed)} of {len(rulings)} gate rulings failed:\n{lines}")
