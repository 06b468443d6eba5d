"""A gate: the condition under which a result fails, as written in a suite or a command.

::

    METRIC (< | <= | > | >=) (NUMBER | NUMBER% | BOUND [(+ | -) (NUMBERpp | NUMBER)])
    METRIC = accuracy | error | parameters | PROBE.area | PROBE.least
    BOUND = baseline | published
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from poolbench.core.document import Finite
from poolbench.core.errors import BadInput, did_you_mean

Sign = Literal["<", "<=", ">", ">="]
Loss = Literal["diverged", "collapsed"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
Against = Literal["number", "baseline", "published"]

AREA, LEAST = ".area", ".least"
_METRICS = ("accuracy", "error", "parameters")
_COSTS = {"error", "parameters"}
_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_GATE = re.compile(
    rf"(?P<metric>[\w.-]+?)\s*(?P<sign><=|>=|<|>)\s*"
    rf"(?:(?P<against>baseline|published)(?:\s*(?P<plus>[+-])\s*(?P<offset>{_NUMBER})"
    rf"\s*(?P<points>pp|%)?)?|(?P<number>{_NUMBER})\s*(?P<per_cent>pp|%)?)",
    re.IGNORECASE,
)
_EXAMPLES = "write it as 'accuracy < 95%' or 'accuracy < baseline - 0.5pp'"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A condition that must not hold.

    Args:
        text: As it was written.
        metric: ``accuracy``, ``error``, ``parameters``, or ``fgsm.area``, ``crop.least`` and their
            like: the area under a probe's curve, and its lowest point.
        sign: Side of the bound on which the gate fails.
        against: What the bound is relative to: nothing, the baseline's value, the published mean.
        offset: The bound, or its distance from what it is relative to: a fraction of the test
            images, or of the area's range; a count for ``parameters``.
        only: Glob of the variants it applies to.
        allow: Ways of losing a run that do not fail it: ``diverged``, ``collapsed``.
    """

    text: str
    metric: str
    sign: Sign
    against: Against
    offset: Finite
    only: str = "*"
    allow: tuple[Loss, ...] = ()

    @property
    def is_share(self) -> bool:
        """Whether the metric is a fraction, displayed in per cent."""
        return self.metric != "parameters"

    @property
    def lower_is_better(self) -> bool:
        """Whether smaller is better; decides on which side a diverged run counts."""
        return self.metric in _COSTS


def read_gate(
    text: str, *, only: str = "*", allow: Iterable[Loss] = (), probes: Iterable[str] = ()
) -> Gate:
    """Read a gate.

    Args:
        text: ``accuracy < baseline - 0.5pp``.
        only: Glob of the variants it applies to.
        allow: Ways of losing a run that do not fail it.
        probes: Probes whose curves it may test.

    Raises:
        BadInput: It is not a gate, names an unknown metric, or lacks a unit.
    """
    match = _GATE.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"'{text}' is not a condition for a gate", _EXAMPLES)
    metric, found = match["metric"].lower(), match.groupdict()
    known = (*_METRICS, *(f"{probe}{of}" for probe in probes for of in (AREA, LEAST)))
    if metric not in known:
        raise BadInput(f"'{text}': unknown metric '{metric}'", did_you_mean(metric, known))
    against = (found["against"] or "number").lower()
    if against == "published" and metric not in ("accuracy", "error"):
        hint = "give a number, or compare with the baseline"
        raise BadInput(f"'{text}': there are no published values of {metric}", hint)
    offset = _offset(text, metric, found)
    return Gate(
        text=text.strip(),
        metric=metric,
        sign=match["sign"],  # type: ignore[arg-type]
        against=against,  # type: ignore[arg-type]
        offset=-offset if found["plus"] == "-" else offset,
        only=only,
        allow=tuple(allow),
    )


def _offset(text: str, metric: str, found: Mapping[str, str | None]) -> float:
    digits = found["number"] or found["offset"] or "0"
    number, unit = float(digits), found["points"] or found["per_cent"]
    if metric == "parameters":
        if unit:
            raise BadInput(f"'{text}': parameters are a count, not {unit}", "leave the unit out")
        return number
    if found["offset"] and unit != "pp":
        hint = f"write {digits}pp for percentage points"
        raise BadInput(f"'{text}': {digits}{unit or ''} of what?", hint)
    # Exactly: 0.7 / 100 is not the float nearest to 7 / 1000.
    share = float(Fraction(digits) / 100) if unit else number
    if share > 1:
        hint = f"write {digits}%" if not unit and number <= 100 else "give at most 100%"
        raise BadInput(f"'{text}': {metric} is never above 1", hint)
    return share
