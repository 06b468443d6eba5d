"""Benchmarks compare what gives the same answers, and say by how much."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from poolbench.app.bench import fgsm, operators


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


@pytest.mark.parametrize("operator", ["lae", "lse", "softpool", "mixed", "max"])
@pytest.mark.parametrize(
    "window", [(), ("--kernel-size", 3, "--padding", 1)], ids=["global", "windowed"]
)
def test_every_operator_is_timed_against_peers_that_compute_the_same(
    operator: str, window: tuple[object, ...], poolbench: Callable[..., Any]
) -> None:
    command = ("bench", "operators", "--operator", operator, "--shape=2x3x8x8", "--rounds", 7)
    done = poolbench(*command, *window, "--layout=channels_last", "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    rows = {row["contender"]: row for row in table["rows"]}
    assert next(iter(rows)) == "ours"
    assert list(rows)[-1] == "mean"
    assert len(rows) >= 3
    assert rows["ours"]["forward_verdict"] == "reference"
    assert {row["forward_and_backward_verdict"] for row in rows.values()} <= {
        "reference", "slower", "faster", "within noise"
    }  # fmt: skip


def test_ours_keeps_three_values_a_window_and_the_textbook_a_copy_of_the_maps(
    poolbench: Callable[..., Any],
) -> None:
    done = poolbench("bench", "operators", "--shape=2x4x32x32", "--rounds", 7, "--format=json")
    (table,) = json.loads(done.out)["tables"]
    rows = {row["contender"]: row for row in table["rows"]}
    # y is returned, not kept; m and the logarithm are, in float32, and the one temperature.
    assert rows["ours"]["kept_bytes"] == 4 * (2 * 8 + 1)
    assert rows["textbook formula"]["kept_share"] > 1


def test_a_peer_with_other_values_is_not_raced(monkeypatch: pytest.MonkeyPatch) -> None:
    peers = operators.peers_of
    monkeypatch.setattr(
        operators,
        "peers_of",
        lambda *given: {"wrong": (lambda x: x.mean((2, 3)), True)} | peers(*given),
    )
    task = operators.read_task(
        "lae", shape="1x2x4x4", window=None, layout="contiguous", dtype="float32", learn="layer"
    )
    with pytest.raises(RuntimeError, match=r"'wrong' is .* away from our lae"):
        operators.bench_operators(
            [task], rounds=7, threads=1, device=torch.device("cpu"), with_compiled=False
        )


@pytest.mark.parametrize(
    "wrong", ["--operator=conv", "--shape=3x4", "--layout=nhwc", "--dtype=int8", "--kernel-size=99"]
)
def test_a_task_that_makes_no_sense_is_refused(wrong: str, poolbench: Callable[..., Any]) -> None:
    assert poolbench("bench", "operators", wrong).code == 2


@pytest.mark.slow
def test_startup_is_timed_beside_torch(poolbench: Callable[..., Any]) -> None:
    done = poolbench("bench", "startup", "--rounds", 3, "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    rows = {row["process"]: row for row in table["rows"]}
    assert rows["import torch"]["ratio_to_torch"] == 1
    assert rows["poolbench --help"]["ratio_to_torch"] < 1
    assert rows["first training step of a worker"]["ratio_to_torch"] > 0.5


def test_growth_is_shown_for_stores_and_probes(poolbench: Callable[..., Any]) -> None:
    done = poolbench("bench", "growth", "--runs", 100, "--rounds", 1, "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    rows = {row["work"]: row for row in table["rows"]}
    assert list(rows) == [
        "list runs, by runs", "plan, all trained, by cells", "fgsm, by epsilons", "fgsm, by images"
    ]  # fmt: skip
    assert rows["list runs, by runs"]["sizes"] == "1 · 10 · 100"
