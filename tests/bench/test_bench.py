"""Benchmarks compare what gives the same answers, and say by how much."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from poolbench.bench import data, device, efficiency, fgsm, operators, seeds
from poolbench.bench.ceilings import flops_of
from poolbench.bench.network import fresh_network
from poolbench.bench.pooling_task import read_task
from poolbench.bench.race import Contender
from poolbench.bench.seeds_worker import SeedsJob, SeedTrainer, digest
from poolbench.bench.user_loop import user_loop
from poolbench.data.batches import Batch
from poolbench.engines.local import ALLOCATOR
from poolbench.operators.kernels import native
from poolbench.operators.max import Max


def test_exact_tests_are_timed_against_scipys_and_agree(poolbench: Callable[..., Any]) -> None:
    done = poolbench("bench", "statistics", "--rounds", 3, "--format=json")
    assert done.code == 0, done.err
    tables = json.loads(done.out)["tables"]
    contenders = [[row["contender"] for row in table["rows"]] for table in tables]
    assert contenders == [["scipy", "poolbench"], ["scipy", "poolbench"], ["poolbench"]] * 2
    assert all(("all p agree to 1e-12" in t["notes"]) == (len(t["rows"]) == 2) for t in tables)


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
    assert rows["one gradient for all epsilons"]["ratio"] > 0
    assert "all agree on each of 120 images and epsilons" in str(table["notes"])


def test_one_gradient_for_all_epsilons_saves_the_others() -> None:
    cpu, passes = torch.device("cpu"), Counter[str]()
    network = fresh_network("lenet-mnist", cpu).eval()
    images = torch.rand((2, 1, 28, 28), generator=torch.Generator().manual_seed(0))
    batch = Batch(images=images, labels=network(images).argmax(1))
    for name, contender in (("foolbox", fgsm._foolbox), ("ours", fgsm._sweep)):
        run = contender(network, batch)
        handle = network.register_forward_hook(lambda *_: passes.update([name]))  # noqa: B023
        run()
        handle.remove()
    # An answer at each of 15 epsilons, and of foolbox a gradient too.
    assert passes == {"foolbox": 2 * 15, "ours": 1 + 15}


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


@pytest.mark.parametrize(
    ("operator", "window", "forward", "step"),
    [
        # In values of 4 bytes: maps of 2 x 3 x 8 x 8 = 384, pooled to 6, or 2 x 3 x 4 x 4 = 96.
        ("lae", None, 384 + 6, 3 * 384 + 2 * 6),
        ("gated", None, 384 + 6, 3 * 384 + 2 * 6),
        ("max", None, 384 + 6, 2 * 384 + 2 * 6),  # the slope of a maximum needs no maps
        ("softpool", (3, 2, 1), 384 + 96, 3 * 384 + 2 * 96),
        ("mixed", (3, 2, 1), 384 + 96, 2 * 384 + 2 * 96),
    ],
)
def test_the_least_that_moves_is_every_value_once(
    operator: str, window: tuple[int, int, int] | None, forward: int, step: int
) -> None:
    task = read_task(
        operator, shape="2x3x8x8", window=window, layout="contiguous", dtype="float32",
        learn="layer",
    )  # fmt: skip
    assert (task.forward_bytes, task.step_bytes) == (4 * forward, 4 * step)
    half = replace(task, dtype=torch.bfloat16)
    assert (half.forward_bytes, half.step_bytes) == (2 * forward, 2 * step)


def test_a_share_of_a_copys_speed_is_bytes_over_seconds(poolbench: Callable[..., Any]) -> None:
    command = ("bench", "operators", "--operator=max", "--shape=2x3x8x8", "--rounds", 7)
    done = poolbench(*command, "--format=json")
    (table,) = json.loads(done.out)["tables"]
    ours, *_, mean = table["rows"]
    copied_bytes, copy_s = 2 * 4 * 384, statistics.median(table["detail"]["copy_s"])
    speed = 4 * (2 * 384 + 2 * 6) / ours["forward_and_backward_s"]
    assert ours["step_copy_share"] == pytest.approx(speed / (copied_bytes / copy_s))
    assert mean["contender"] == "mean"
    assert mean["step_copy_share"] is None  # it has other bytes to move


def test_what_a_device_can_do_is_told_by_precision(poolbench: Callable[..., Any]) -> None:
    command = ("bench", "device", "--copy-mib=1", "--matrix-side=64", "--batch-size=2")
    done = poolbench(*command, "--rounds=3", "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    copied, *products = table["rows"]
    assert copied["work"] == "copy_ of 1 MiB"
    assert copied["bytes_per_s"] > 0
    assert copied["flops_per_s"] is None
    kinds = [(row["work"].split()[0], row["work"].rpartition(" ")[2]) for row in products]
    # No tf32 on a CPU, and of each precision's convolutions one.
    assert kinds == [
        ("matrix", "fp32"), ("3x3", "fp32"), ("matrix", "bf16"), ("3x3", "bf16")
    ]  # fmt: skip


def test_of_the_convolutions_of_a_precision_the_fastest_is_told() -> None:
    times = {
        "3x3 a, fp32": [2.0],
        "3x3 b, fp32": [1.0],
        "3x3 a, bf16": [1.0],
        "matrix, fp32": [9.0],
    }
    flops = {"3x3 a, fp32": 300, "3x3 b, fp32": 100, "3x3 a, bf16": 10, "matrix, fp32": 1}
    assert device._fastest_convolutions(times, flops) == [
        "3x3 a, fp32", "3x3 a, bf16", "matrix, fp32"
    ]  # fmt: skip


def test_a_benchmark_in_tf32_is_refused_on_a_cpu(poolbench: Callable[..., Any]) -> None:
    for command in ("training", "seeds", "efficiency", "profile"):
        done = poolbench("bench", command, "--precision=tf32")
        assert (done.code, "add --device cuda" in done.err) == (2, True), command


def test_a_peer_with_other_values_is_not_raced(monkeypatch: pytest.MonkeyPatch) -> None:
    peers = operators.peers_of
    monkeypatch.setattr(
        operators,
        "peers_of",
        lambda *given: {"wrong": (lambda x: x.mean((2, 3)), True)} | peers(*given),
    )
    task = read_task(
        "lae", shape="1x2x4x4", window=None, layout="contiguous", dtype="float32", learn="layer"
    )
    tables, failures = operators.bench_operators(
        [task], rounds=7, threads=1, device=torch.device("cpu"), with_compiled=False
    )
    assert not tables
    (failure,) = failures
    assert "'wrong' is" in failure


def test_an_operator_that_fails_keeps_the_others_times_and_ends_in_an_error(
    poolbench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    peers = operators.peers_of
    wrong = {"wrong": (lambda x: x.mean((2, 3)), True)}
    monkeypatch.setattr(
        operators,
        "peers_of",
        lambda name, *given: (wrong if name == "lae" else {}) | peers(name, *given),
    )
    command = ("bench", "operators", "--operator=lae", "--operator=max", "--shape=1x2x4x4")
    with pytest.raises(RuntimeError, match="'wrong' is"):
        poolbench(*command, "--rounds", 7, "--format=json", "-o", "found.json")
    (table,) = json.loads((tmp_path / "found.json").read_bytes())["tables"]
    assert table["title"].startswith("max,")


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
    assert rows["first training step of the next worker"]["ratio_to_torch"] < 0.5


def test_growth_is_shown_for_stores_and_probes(poolbench: Callable[..., Any]) -> None:
    done = poolbench("bench", "growth", "--runs", 100, "--rounds", 1, "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    rows = {row["work"]: row for row in table["rows"]}
    assert list(rows) == [
        "list runs, by runs", "plan, all trained, by cells", "report, by runs",
        "fgsm, by epsilons", "fgsm, by images",
    ]  # fmt: skip
    assert rows["list runs, by runs"]["sizes"] == "1 · 10 · 100"


def test_training_in_half_precision_is_timed_against_a_users_full(
    poolbench: Callable[..., Any],
) -> None:
    command = ("bench", "training", "--model=lenet-mnist", "--batch-size=8", "--steps=1")
    done = poolbench(*command, "--rounds=3", "--precision=bf16", "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    assert "bf16" in table["title"]
    rows = [row["contender"] for row in table["rows"]]
    assert rows == ["poolbench loop", "same model, one resident batch", "a user's loop"]
    assert "NCHW, fp32" in str(table["notes"])


def test_the_data_path_is_timed_against_transforms_image_by_image(
    poolbench: Callable[..., Any],
) -> None:
    done = poolbench("bench", "data", "--images", 256, "--rounds", 3, "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    rows = {row["contender"]: row for row in table["rows"]}
    assert list(rows) == ["DataLoader, torchvision transforms", "poolbench batches"]
    assert rows["DataLoader, torchvision transforms"]["ratio"] == 1
    assert rows["poolbench batches"]["ratio"] > 0


def test_both_data_paths_bring_every_image(monkeypatch: pytest.MonkeyPatch) -> None:
    raced: list[Contender] = []
    monkeypatch.setattr(data, "race", lambda contenders, *_: raced.extend(contenders))
    monkeypatch.setattr(data, "rate_table", lambda *_, **__: None)
    data.bench_data(batch_size=64, images=256, rounds=3)
    assert [(contender.run(), contender.images) for contender in raced] == [(4, 256), (4, 256)]


def test_the_parts_of_an_epoch_add_up_to_it(poolbench: Callable[..., Any]) -> None:
    command = ("bench", "profile", "--model=lenet-mnist", "--batch-size=8", "--steps=2")
    done = poolbench(*command, "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    shares = {row["part"]: row["share"] for row in table["rows"]}
    whole = shares.pop("all")
    assert whole == 1
    assert sum(shares.values()) == pytest.approx(1)
    assert min(shares.values()) >= 0
    layers = {"forward: Conv2d", "forward: Max", "forward: Linear"}
    assert {"data", "optimiser", "rest", *layers, "backward: Convolution"} <= shares.keys()
    pooling = "Peaks" if native.fault() is None else "MaxPool2DWithIndices"
    assert f"backward: {pooling}" in shares


@pytest.mark.parametrize("model", ["lenet-cifar", "resnet-page"])
def test_a_users_loop_trains_the_same_network_with_the_pooling_of_torch(model: str) -> None:
    cpu = torch.device("cpu")
    ours, theirs = fresh_network(model, cpu).eval(), user_loop(model, [], cpu)[1].eval()
    assert any(isinstance(module, Max) for module in ours.modules())
    assert not any(isinstance(module, Max) for module in theirs.modules())
    x = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(theirs(x), ours(x), rtol=0, atol=0)


def test_a_step_takes_the_operations_of_three_forward_passes_less_one_gradient() -> None:
    cpu = torch.device("cpu")
    step, convolutions = efficiency._step_and_convolutions("lenet-cifar", 2, "fp32", cpu)
    with FlopCounterMode(display=False) as counter:
        fresh_network("lenet-cifar", cpu)(torch.rand(2, 3, 32, 32))
    # Nobody asks for the gradient of the pixels.
    first = 2 * (2 * 28 * 28 * 32 * 3 * 5 * 5)
    assert flops_of(step) == 3 * counter.get_total_flops() - first
    dense = 3 * 2 * (2 * (512 * 200 + 200 * 10))
    assert flops_of(convolutions) == flops_of(step) - dense


def test_efficiency_is_a_share_of_the_fastest_convolution(poolbench: Callable[..., Any]) -> None:
    command = ("bench", "efficiency", "--model=lenet-mnist", "--batch-size=2", "--rounds=3")
    done = poolbench(*command, "--precision=bf16", "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    network, alone, *convolutions = table["rows"]
    assert 0 < network["share"] < 1
    assert 0 < alone["step_share"] < 1
    assert alone["flops"] < network["flops"]
    assert network["step_share"] is None
    assert max(row["share_high"] for row in convolutions) == 1


def test_a_sweep_is_timed_in_evaluations(poolbench: Callable[..., Any]) -> None:
    done = poolbench("bench", "resolution", "--images", 2, "--rounds", 3, "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    rows = {row["work"]: row for row in table["rows"]}
    assert list(rows) == ["one evaluation", "zoom", "pad-zero", "pad-noise"]
    assert rows["one evaluation"]["ratio"] == rows["one evaluation"]["excess"] == 1
    pixels = sum(s * s for s in (16, 20, 24, 28, 32, 36, 40, 48, 56, 64)) / 32**2
    assert rows["zoom"]["ratio"] == pytest.approx(pixels * rows["zoom"]["excess"])


def test_an_evaluation_is_timed_against_its_forward_passes(poolbench: Callable[..., Any]) -> None:
    done = poolbench(
        "bench", "evaluation", "--model", "resnet32", "--images", 4, "--size-px", 16,
        "--rounds", 3, "--format=json",
    )  # fmt: skip
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    bare, ours = table["rows"]
    assert bare["ratio"] == 1
    assert 0 < ours["ratio_low"] <= ours["ratio"] <= ours["ratio_high"]
    assert ours["images_per_s"] > 0


def test_a_network_of_one_size_has_no_sweep_to_time(poolbench: Callable[..., Any]) -> None:
    done = poolbench("bench", "resolution", "--model=lenet-cifar", "--images", 2)
    assert done.code == 2
    assert "fixed input size" in done.err


def test_a_seed_alone_is_told_from_another() -> None:
    job = SeedsJob(
        model="lenet-mnist", batch_size=4, steps=2, precision="fp32", threads=1, by_user=False,
        device="cpu",
    )  # fmt: skip
    trainer = SeedTrainer(job)
    digests = [digest(trainer.train(seed)) for seed in (0, 0, 1)]
    assert digests[0] == digests[1] != digests[2]


def test_workers_on_a_gpu_are_not_for_the_cpu(poolbench: Callable[..., Any]) -> None:
    done = poolbench("bench", "seeds", "--jobs=2")
    assert done.code == 2
    assert "--jobs is for workers on a GPU" in done.err


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")


@pytest.mark.gpu
@needs_gpu
def test_the_captured_step_is_timed_beside_the_eager_one(poolbench: Callable[..., Any]) -> None:
    command = ("bench", "training", "--model=lenet-mnist", "--batch-size=8", "--steps=5")
    done = poolbench(*command, "--rounds=3", "--device=cuda:0", "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    assert [row["contender"] for row in table["rows"]] == [
        "poolbench loop", "poolbench loop, captured step", "same model, one resident batch",
        "a user's loop",
    ]  # fmt: skip


@pytest.mark.gpu
@needs_gpu
def test_seeds_at_once_on_a_gpu_are_timed_and_agree(poolbench: Callable[..., Any]) -> None:
    command = ("bench", "seeds", "--model=lenet-mnist", "--batch-size=8", "--steps=6", "--seeds=3")
    done = poolbench(*command, "--rounds=3", "--device=cuda:0", "--jobs=2", "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    assert [row["contender"] for row in table["rows"]] == [
        "2 workers at once, eager step", "one worker, eager step",
        "2 workers at once, captured step", "one worker, captured step",
        "a user's loop, all threads",
    ]  # fmt: skip
    assert "in every round, eager and captured" in str(table["notes"])


@pytest.mark.slow
def test_ways_to_train_many_seeds_are_timed_and_agree(poolbench: Callable[..., Any]) -> None:
    command = ("bench", "seeds", "--model=lenet-mnist", "--batch-size=8", "--steps=1", "--seeds=3")
    done = poolbench(*command, "--rounds=3", "--cores=2", "--format=json")
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    assert [row["contender"] for row in table["rows"]] == [
        "a single-threaded worker per core",
        "one process, all threads",
        "a user's loop, all threads",
    ]
    assert "each of 3 seeds ends with the same bits" in str(table["notes"])


@pytest.mark.slow
def test_a_seed_that_differs_beside_others_stops_the_race(monkeypatch: pytest.MonkeyPatch) -> None:
    train = seeds._train  # one process gives the digests in order, two the other way round
    monkeypatch.setattr(seeds, "_train", lambda *given: train(*given)[:: 3 - 2 * len(given[0])])
    with pytest.raises(RuntimeError, match="a seed gives other bits in parallel than alone"):
        seeds.bench_seeds(
            "lenet-mnist", seeds=2, batch_size=1, steps=1, rounds=3, cores=2, precision="fp32"
        )


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ([], "every row under the allocator of a worker"),
        (["--allocator=system"], "every row under the system's allocator"),
    ],
)
def test_a_benchmark_measures_under_the_allocator_asked_for(
    choice: list[str],
    words: str,
    spawn: Callable[..., subprocess.Popen[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in ALLOCATOR:
        monkeypatch.delenv(name, raising=False)
    process = spawn(
        "bench", *choice, "profile", "--model=lenet-mnist", "--batch-size=1", "--steps=1",
        "--format=json", "-o", "table.json",
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")
    (table,) = json.loads((tmp_path / "table.json").read_bytes())["tables"]
    assert table["notes"][-1].endswith(words)


def test_a_restarted_command_has_the_allocator_from_its_first_moment_and_keeps_its_code() -> None:
    # What /proc shows is what the C library saw when the process started.
    code = (
        "import os, sys\n"
        "from poolbench.bench.allocator import restart_under_workers_allocator\n"
        "print(os.getpid(), flush=True)\n"
        "restart_under_workers_allocator()\n"
        "print(open('/proc/self/environ').read().replace(chr(0), chr(10)))\n"
        "sys.exit(41)\n"
    )
    environment = {name: os.environ[name] for name in os.environ.keys() - ALLOCATOR.keys()}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    first, second, *variables = done.stdout.splitlines()
    assert done.returncode == 41, done.stderr
    assert first == second
    assert ALLOCATOR.keys() <= {variable.split("=")[0] for variable in variables}
