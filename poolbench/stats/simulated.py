"""Many simulated studies, decided by the rules and corrections that tables use.

Quick tests of all studies come first. Wherever their p could fall on either side of the level, the
table's own test takes their place, so that each study is decided as a table of it would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from poolbench.stats.batched_tests import (
    Quick,
    paired_samples,
    several_samples,
    several_within_seeds,
    two_samples,
)
from poolbench.stats.decision import Decision, Entrants, Question
from poolbench.stats.floor import smallest_p_of
from poolbench.stats.holm import holm
from poolbench.stats.pairwise import Verdict, verdicts_of
from poolbench.stats.rank_tests import RankTest, rank_test_of_all
from poolbench.stats.rules import RULES

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SimulatedStudies:
    """Studies of the same variants and seeds.

    Args:
        costs: Finite costs in whole steps, shape ``(studies, variants, seeds)``; two seeds or more.
        alpha: Significance level of every decision, in (0, 1).
        paired: Whether seeds are blocks.
    """

    costs: Numbers
    alpha: float
    paired: bool

    def decisions(self, rule: str) -> list[Decision]:
        """Return each study's decision by a rule; variants are called by their index."""
        names = tuple(map(str, range(self.costs.shape[1])))
        best = np.argmin(self.costs.mean(axis=2), axis=1)
        asking = [
            RULES[rule](
                Entrants(names=names, finished=names, tested=names, best=names[index]), self.alpha
            )
            for index in best
        ]
        decided: dict[int, Decision] = {}
        open_ = {study: next(each) for study, each in enumerate(asking)}
        while open_:
            answers = self._answers(list(open_), list(open_.values()))
            for study, tests in zip(list(open_), answers, strict=True):
                try:
                    open_[study] = asking[study].send(tests)
                except StopIteration as stop:
                    decided[study] = stop.value
                    del open_[study]
        return [decided[study] for study in range(len(asking))]

    def verdicts(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[Verdict, ...]]:
        """Return each study's verdicts on a family of pairs, (baseline, candidate)."""
        groups = np.broadcast_to(np.array(pairs), (len(self.costs), len(pairs), 2))
        found = self._tests(np.arange(len(self.costs)), groups, is_corrected=True)
        return [tuple(verdicts_of(tests, alpha=self.alpha)) for tests in found]

    def _answers(
        self, studies: Sequence[int], questions: Sequence[Question]
    ) -> list[list[RankTest]]:
        first = questions[0]  # all studies ask as many tests of as many variants
        return self._tests(
            np.array(studies),
            np.array([[[*map(int, group)] for group in q.groups] for q in questions]),
            is_corrected=first.is_corrected,
            trust_auto=first.trust_auto,
        )

    def _tests(
        self,
        studies: NDArray[np.intp],
        groups: NDArray[np.intp],
        *,
        is_corrected: bool,
        trust_auto: bool = False,
    ) -> list[list[RankTest]]:
        """Return the tests of some studies, of groups of shape ``(studies, tests, variants)``."""
        asked, tests, variants = groups.shape
        rows = np.repeat(studies, tests)
        members = groups.reshape(asked * tests, variants)
        quick = self._quick(rows, members)
        p = quick.p.reshape(asked, tests).copy()
        factor = quick.factor.reshape(asked, tests).copy()
        if trust_auto:
            factor = np.maximum(factor, 3.0)  # scipy's choice is not always the exact one
        # Holm's correction multiplies by the number of tests at most.
        may_be_open = (p / factor < self.alpha) & (p * factor * tests >= self.alpha)
        for study in np.flatnonzero((may_be_open & (factor > 1)).any(axis=1)):
            self._settle(
                self.costs[studies[study]],
                groups[study],
                p[study],
                factor[study],
                is_corrected=is_corrected,
                trust_auto=trust_auto,
            )
        return self._as_tests(p, quick.mean_ranks.reshape(asked, tests, variants))

    def _settle(
        self,
        costs: Numbers,
        groups: NDArray[np.intp],
        p: Numbers,
        factor: Numbers,
        *,
        is_corrected: bool,
        trust_auto: bool,
    ) -> None:
        """Put exact p in the place of those that leave a decision open."""
        while True:
            low, high = (p / factor).tolist(), np.minimum(p * factor, 1.0).tolist()
            if is_corrected:
                low, high = holm(low), holm(high)
            is_open = [a < self.alpha <= b for a, b in zip(low, high, strict=True)]
            doubtful = np.flatnonzero(is_open & (factor > 1))
            if not len(doubtful):
                return
            for index in doubtful:
                test = rank_test_of_all(
                    list(costs[groups[index]]), paired=self.paired, trust_auto=trust_auto
                )
                p[index], factor[index] = np.nan if test.p is None else test.p, 1.0
            if np.isnan(p).any():
                return

    def _as_tests(self, p: Numbers, mean_ranks: Numbers) -> list[list[RankTest]]:
        variants, seeds = mean_ranks.shape[2], self.costs.shape[2]
        floor = smallest_p_of([seeds] * variants, paired=self.paired)
        excess = mean_ranks[:, :, 1] - mean_ranks[:, :, 0]
        return [
            [
                RankTest(
                    name="",
                    method="",
                    p=None if value != value else value,
                    smallest_p=floor,
                    ties=False,
                    excess=more,
                    mean_ranks=tuple(ranks),
                )
                for value, more, ranks in zip(*each, strict=True)
            ]
            for each in zip(p.tolist(), excess.tolist(), mean_ranks.tolist(), strict=True)
        ]

    def _quick(self, rows: NDArray[np.intp], members: NDArray[np.intp]) -> Quick:
        if members.shape[1] == 2:
            first, second = (self.costs[rows, members[:, side]] for side in (0, 1))
            return (paired_samples if self.paired else two_samples)(first, second)
        if self.paired:
            return several_within_seeds(self.costs[rows[:, None], members])
        codes = self._codes[rows[:, None], members]
        return several_samples(codes, levels=int(self._codes.max()) + 1)

    @cached_property
    def _codes(self) -> NDArray[np.intp]:
        """Costs as their index among the study's distinct costs."""
        studies = len(self.costs)
        flat = self.costs.reshape(studies, -1)
        order = np.argsort(flat, axis=1)
        ordered = np.take_along_axis(flat, order, axis=1)
        index = np.zeros(flat.shape, dtype=np.intp)
        index[:, 1:] = np.cumsum(ordered[:, 1:] != ordered[:, :-1], axis=1)
        codes = np.empty_like(index)
        np.put_along_axis(codes, order, index, axis=1)
        return codes.reshape(self.costs.shape)
