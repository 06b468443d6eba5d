"""Simulated studies are decided as tables are: the same bold sets and verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from poolbench.stats import RULES, compare
from poolbench.stats.simulated import SimulatedStudies

# Variants, seeds, spread in images: heavy ties, few ties, permutations, chi-squared, beyond 50.
DESIGNS = [
    (2, 4, 2),
    (3, 3, 30),
    (3, 5, 30),
    (4, 6, 5),
    (6, 5, 1),
    (5, 8, 3),
    (5, 12, 30),
    (3, 55, 9),
]


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize(("variants", "seeds", "std"), DESIGNS)
def test_every_decision_is_that_of_a_table(
    variants: int, seeds: int, std: int, paired: bool
) -> None:
    random = np.random.default_rng([variants, seeds, std])
    costs = random.normal(0, std, (40, variants, seeds))
    costs[:, 0] -= random.uniform(0, 6, (40, 1)) * std / np.sqrt(seeds)
    costs = np.rint(costs)
    simulated = SimulatedStudies(costs=costs, alpha=0.05, paired=paired)
    baseline = variants - 1
    verdicts = simulated.verdicts([(baseline, index) for index in range(baseline)])
    for rule in RULES:
        for study, decision in enumerate(simulated.decisions(rule)):
            table = compare(
                {str(index): row.tolist() for index, row in enumerate(costs[study])},
                lower_is_better=True,
                rule=rule,
                baseline=str(baseline),
                paired=paired,
            )
            assert decision.bold == table.bold
            assert verdicts[study] == tuple(table.verdicts[str(i)] for i in range(baseline))


def test_samples_that_each_gave_one_value_have_no_test_here_either() -> None:
    costs = np.stack([np.zeros((1, 6)), np.ones((1, 6))], axis=1)
    simulated = SimulatedStudies(costs=costs, alpha=0.05, paired=False)
    assert simulated.verdicts([(1, 0)]) == [("no test possible",)]


def test_ties_are_settled_at_the_level_that_the_correction_leaves() -> None:
    # Heavy ties move p severalfold, and the smallest of five has to be below 0.01.
    random = np.random.default_rng(5)
    costs = np.rint(random.normal(0, 1, (150, 6, 9)))
    costs[:, 0] -= 2
    pairs = [(5, index) for index in range(5)]
    simulated = SimulatedStudies(costs=costs, alpha=0.05, paired=False)
    for study, verdicts in enumerate(simulated.verdicts(pairs)):
        table = compare(
            {str(index): row.tolist() for index, row in enumerate(costs[study])},
            lower_is_better=True,
            baseline="5",
        )
        assert verdicts == tuple(table.verdicts[str(index)] for index in range(5))
