"""Answers that changed between two networks, and McNemar's exact test of them."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from poolbench.stats.changed_answers import ChangedAnswers, changed_answers


def test_only_answers_that_turned_right_or_wrong_count() -> None:
    label = np.array([0, 1, 2, 3, 4, 5], np.int32)
    first = np.array([0, 9, 2, 9, 9, 5], np.int32)
    second = np.array([9, 1, 2, 3, 8, 9], np.int32)  # wrong in another way is no change
    assert changed_answers(first, second, label) == ChangedAnswers(gained=2, lost=2, total=6)
    only = changed_answers(first, label, label)
    assert (only.gained, only.lost) == (3, 0)
    with pytest.raises(ValueError, match="predictions of"):
        changed_answers(first[:-1], second, label)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (3, 11), (40, 12), (200, 200)])
def test_p_is_that_of_statsmodels(gained: int, lost: int) -> None:
    table = [[50, lost], [gained, 7]]
    expected = mcnemar(table, exact=True).pvalue if gained + lost else 1.0
    assert ChangedAnswers(gained=gained, lost=lost, total=457).p == pytest.approx(expected)
