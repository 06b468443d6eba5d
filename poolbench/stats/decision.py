"""What a rule decides, and how it asks for the tests that it decides by."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

from poolbench.stats.rank_tests import RankTest


@dataclass(frozen=True, kw_only=True)
class Step:
    """One test of a rule.

    Args:
        tested: The variants compared.
        test: Name of the test.
        method: How p was computed.
        p: p as the rule used it, corrected if the rule corrects; ``None`` if no test exists.
        dropped: The variant it removed; empty for none.
    """

    tested: tuple[str, ...]
    test: str
    method: str
    p: float | None
    dropped: str = ""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The decision of a rule.

    Args:
        bold: Variants not shown worse than the best.
        best: The variant with the best mean, diverged runs counted as the column's worst value;
            empty if no run is finite.
        untested: Bold variants with too few runs to be shown worse, whatever their values.
        p_values: By variant, the p that dropped it or failed to.
        steps: The tests in the order of execution.
    """

    bold: frozenset[str]
    best: str
    untested: frozenset[str]
    p_values: Mapping[str, float | None]
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Entrants:
    """The variants of a column.

    Args:
        names: All of them.
        finished: Those with a finite run.
        tested: Those with a finite run and at least two runs, diverged ones included.
        best: The one with the best mean; empty if no run is finite.
    """

    names: tuple[str, ...]
    finished: tuple[str, ...]
    tested: tuple[str, ...]
    best: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """Tests that a rule asks for: of each group of variants, whether they differ.

    Args:
        groups: Names of the variants of each test.
        is_corrected: Whether the p are one family for Holm's correction.
        trust_auto: Whether ties in small samples are left to scipy.
    """

    groups: tuple[tuple[str, ...], ...]
    is_corrected: bool = False
    trust_auto: bool = False


Asking = Generator[Question, list[RankTest], Decision]
Rule = Callable[[Entrants, float], Asking]
