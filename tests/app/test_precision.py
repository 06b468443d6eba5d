"""What the command says of precision: the paper's figure 7, without training."""

from __future__ import annotations

import json
from collections.abc import Callable

from poolbench.app.precision import precision
from poolbench.report.chart import Curves
from tests.conftest import Done


def test_half_precision_loses_the_textbook_formula_above_32_and_nothing_else(
    poolbench: Callable[..., Done],
) -> None:
    done = poolbench("precision", "--format", "json")
    assert done.code == 0, done.err
    values, derivatives, slopes = (table["rows"] for table in json.loads(done.out)["tables"])
    assert [row["temperature"] for row in values] == [2.0**power for power in range(11)]
    for row in values:
        assert (row["textbook_float16"] > 1) == (row["temperature"] > 32)
    for row in (*values, *derivatives, *slopes):
        assert row["stable_float16"] < 0.3
        assert row["stable_float32"] < 1e-4
        assert row["textbook_float32"] < 0.5
    assert slopes[-1]["textbook_float16"] > 1000


def test_the_curves_are_those_of_the_table(poolbench: Callable[..., Done]) -> None:
    tables, charts = precision([4.0, 1.0], 4)
    for table, chart in zip(tables, charts, strict=True):
        assert isinstance(chart, Curves)
        curve = next(c for c in chart.curves if c.label == "textbook float16")
        assert curve.x == (1.0, 4.0)
        assert curve.y == tuple(record["textbook_float16"] for record in table.records)
    assert poolbench("precision", "--temperature", "-1").code == 2
