"""Benchmarks compare what gives the same answers, and say by how much."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from poolbench.app.bench import fgsm


def test_fgsm_is_timed_against_foolbox(poolbench: Callable[..., Any]) -> None:
    done = poolbench(
        "bench", "fgsm", "--model", "lenet-mnist", "--images", 8, "--rounds", 3, "--format=json"
    )
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    rows = {row["contender"]: row for row in table["rows"]}
    assert list(rows) == [
        "foolbox as documented",
        "foolbox, weights frozen",
        "one gradient for all epsilons",
    ]
    assert rows["foolbox as documented"]["ratio"] == 1
    # 60 passes of the network against 17, with a wide margin for a busy machine.
    assert rows["one gradient for all epsilons"]["ratio"] > 1.5
    assert "all agree on each of 120 images and epsilons" in str(table["notes"])


def test_contenders_that_disagree_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    foolbox = fgsm._foolbox
    monkeypatch.setattr(fgsm, "_foolbox", lambda *given: lambda: ~foolbox(*given)())
    with pytest.raises(RuntimeError, match="disagree"):
        fgsm.bench_fgsm("lenet-mnist", images=2, rounds=3, threads=1, device=torch.device("cpu"))
