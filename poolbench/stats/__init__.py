"""Statistics of per-seed values: estimates, tests, corrections, floors. scipy does the testing."""

from __future__ import annotations

from poolbench.stats.caveats import Caveat
from poolbench.stats.compare import compare
from poolbench.stats.comparison import Comparison
from poolbench.stats.correlation import Correlation, rank_correlation
from poolbench.stats.decision import Decision, Step
from poolbench.stats.distance import Distance, distance_from
from poolbench.stats.estimate import Estimate, estimate
from poolbench.stats.floor import floor_message, seeds_needed, smallest_p, smallest_p_paired
from poolbench.stats.gate import Judgement, judge_exact, judge_level, judge_shift
from poolbench.stats.holm import holm
from poolbench.stats.pairwise import Pair, Verdict
from poolbench.stats.rates import Rate, fit_rate
from poolbench.stats.rules import RULES

__all__ = [
    "RULES",
    "Caveat",
    "Comparison",
    "Correlation",
    "Decision",
    "Distance",
    "Estimate",
    "Judgement",
    "Pair",
    "Rate",
    "Step",
    "Verdict",
    "compare",
    "distance_from",
    "estimate",
    "fit_rate",
    "floor_message",
    "holm",
    "judge_exact",
    "judge_level",
    "judge_shift",
    "rank_correlation",
    "seeds_needed",
    "smallest_p",
    "smallest_p_paired",
]
