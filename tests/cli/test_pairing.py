"""Pairing that is declared beforehand, and pairing that is chosen with the results at hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Done

Program = Callable[..., Done]

PAIRED = ("--set", "analysis.test=paired")


def codes(poolbench: Program, *arguments: object) -> set[str]:
    done = poolbench("report", *arguments, "--format", "json")
    assert done.code == 0, done.err
    return {each["code"] for each in json.loads(done.out)["tables"][0]["detail"]["warnings"]}


def test_pairing_counts_if_it_was_declared_before_training(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    assert poolbench("train", tiny, *PAIRED, "-q").code == 0
    assert "pairing-chosen" not in codes(poolbench, tiny, *PAIRED)
    assert "pairing-chosen" not in codes(poolbench)  # as the store remembers it


def test_pairing_after_training_is_called_exploratory_and_training_again_does_not_wash_it(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    assert poolbench("train", tiny, "-q").code == 0
    assert "pairing-chosen" not in codes(poolbench, tiny)
    assert "pairing-chosen" in codes(poolbench, tiny, *PAIRED)
    assert poolbench("train", tiny, *PAIRED, "-q").code == 0
    assert "pairing-chosen" in codes(poolbench, tiny, *PAIRED)
    assert "pairing-chosen" in codes(poolbench)
    # More seeds are another study, which has the first runs in common with that one.
    more = (*PAIRED, "--set", "seeds=3")
    assert poolbench("train", tiny, *more, "-q").code == 0
    assert "pairing-chosen" in codes(poolbench, tiny, *more)
