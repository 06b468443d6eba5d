"""Cells of the theory's tables."""

from __future__ import annotations

from poolbench.report.theory.optimal_error import show


def test_runs_of_orders_are_shortened() -> None:
    assert [show(orders) for orders in ((3,), (0, 1, 2, 3), (0, 1, 2, 3, 4), (0, 2, 3, 4, 5))] == [
        "3", "0,1,2,3", "0,1,...,4", "0,2,3,4,5",
    ]  # fmt: skip
