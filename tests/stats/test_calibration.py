"""The table of error rates in the README is that of the script, which a small run of it repeats."""

from __future__ import annotations

import importlib.util
import math
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SIMULATIONS = 100


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("calibration", ROOT / ".ci/calibration.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


def told() -> tuple[int, dict[str, list[str]]]:
    """Return the simulations of the README's table, and each row's entries after the level."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"\| rate in %, of ([\d,]+) studies .*\n\|---.*\n((?:\|.*\n)+)", readme)
    rows = [line.strip("|\n ").split(" | ") for line in table[1].splitlines()]
    return int(table[0].replace(",", "")), {row[0]: row[2:] for row in rows}


def test_the_readmes_table_has_every_case_and_no_rate_beyond_its_level() -> None:
    calibration = script()
    simulations, rows = told()
    assert list(rows) == [case.text for case in calibration.CASES]
    for case in calibration.CASES:
        for n, entry in zip(calibration.SEEDS, rows[case.text], strict=True):
            assert (entry == "–") == (n < case.fewest)
            if case.level and entry != "–":
                level = float(case.level) / 100
                beyond = float(entry) / 100 - level
                assert beyond <= 4 * math.sqrt(level * (1 - level) / simulations)


@pytest.mark.slow
def test_a_small_run_of_the_script_finds_the_rates_of_the_readme() -> None:
    calibration = script()
    simulations, rows = told()
    for index, case in enumerate(calibration.CASES):
        for n, entry in zip(calibration.SEEDS, rows[case.text], strict=True):
            if entry == "–":
                continue
            rate = float(entry) / 100
            # Another seed than the table's: the rates are independent.
            seen = calibration.rate(index, n, SIMULATIONS, seed=1)
            share = max(rate, 1 / SIMULATIONS)
            error = math.sqrt(share * (1 - min(share, 0.99)) * (1 / SIMULATIONS + 1 / simulations))
            assert abs(seen - rate) <= 4.5 * error + 1 / SIMULATIONS, (case.text, n)
