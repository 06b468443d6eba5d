"""What only a GPU has: refused on a CPU by name, told apart in identities, and recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from poolbench.app import train as train_study
from poolbench.app.study import load_study
from poolbench.core.errors import EnvironmentFault
from poolbench.runtime import devices
from poolbench.runtime.devices import open_device
from poolbench.runtime.process import configured
from tests.conftest import Done

Program = Callable[..., Done]
TF32, BENCHMARK = "execution.precision=tf32", "execution.cudnn_benchmark=true"


@pytest.mark.parametrize(
    ("asked", "off"),
    [
        ([TF32], ["--set execution.precision=fp32"]),
        ([BENCHMARK], ["--set execution.cudnn_benchmark=false"]),
        (
            [TF32, BENCHMARK, "execution.captured=true"],
            [
                "--set execution.captured=false",
                "--set execution.cudnn_benchmark=false",
                "--set execution.precision=fp32",
            ],
        ),
    ],
    ids=["tf32", "cudnn_benchmark", "all"],
)
@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_cpu_is_refused_with_the_words_that_would_do_and_before_there_is_a_store(
    device: str,
    asked: list[str],
    off: list[str],
    poolbench: Program,
    tiny: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    changes = [word for change in asked for word in ("--set", change)]
    done = poolbench("train", tiny, "--store", "none", "--device", device, *changes)
    assert done.code == 2
    assert " ".join(off) in done.err
    assert not (tiny.parent / "none").exists()
    mended = [word for change in off for word in change.split()]
    settings = ("--only=average@0", "--engine=inline", "-q", "--store", "none")
    assert poolbench("train", tiny, *changes, *mended, *settings).code == 0


def test_tf32_is_part_of_a_runs_identity_and_cudnn_benchmark_is_not(tiny: Path) -> None:
    def ids(*changes: str) -> list[str]:
        return [cell.id for cell in load_study(tiny, overrides=changes).cells]

    assert set(ids()).isdisjoint(ids(TF32))
    assert set(ids(TF32)).isdisjoint(ids("execution.precision=bf16"))
    assert ids() == ids(BENCHMARK)


@pytest.mark.parametrize("asked", [False, True])
def test_a_worker_lets_the_library_try_its_algorithms_where_the_suite_does_and_says_so(
    asked: bool, poolbench: Program, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing of it needs a GPU but the permission to run on a CPU.
    monkeypatch.setattr(train_study, "check_settings", lambda *_, **__: None)
    settings = ("--only=average@0", "--engine=inline", "--device=cpu", "-q")
    change = f"execution.cudnn_benchmark={str(asked).lower()}"
    done = poolbench("train", tiny, "--store", "one", "--set", change, *settings)
    assert done.code == 0, done.err
    (path,) = (tiny.parent / "one" / "runs").glob("*/environment.json")
    environment: dict[str, Any] = json.loads(path.read_bytes())
    assert environment["cudnn_benchmark"] is asked
    assert torch.backends.cudnn.benchmark is False


@pytest.fixture
def one_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let torch say that there is a GPU, and give its switches back as they were."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Tesla T4")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, matmul.allow_tf32
    cudnn.allow_tf32 = matmul.allow_tf32 = True
    yield
    cudnn.allow_tf32, matmul.allow_tf32 = before


def test_an_opened_gpu_keeps_all_digits_of_float32(one_gpu: None) -> None:
    assert open_device("cuda:0") == torch.device("cuda:0")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_a_gpu_without_tf32_is_not_opened_for_it(one_gpu: None) -> None:
    with pytest.raises(EnvironmentFault, match="Tesla T4 has no tf32"):
        open_device("cuda:0", "tf32")


def test_products_on_a_gpu_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    with configured("cpu", 1):
        assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
    with configured("cuda:0", 1):
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    with configured("cuda:0", 1):
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_a_process_gives_the_library_back_as_it_was() -> None:
    with configured("cpu", 1, cudnn_benchmark=True):
        assert torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.benchmark


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_a_gpu_trains_in_tf32_with_algorithms_that_were_tried(
    poolbench: Program, tiny: Path
) -> None:
    changes = ("--set", TF32, "--set", BENCHMARK, "--device=cuda", "-q", "--store", "one")
    done = poolbench("train", tiny, *changes)
    assert done.code == 0, done.err
    for path in (tiny.parent / "one" / "runs").glob("*/environment.json"):
        assert json.loads(path.read_bytes())["cudnn_benchmark"] is True


@pytest.mark.parametrize(
    ("share", "on_each"), [(1.0, 1), (0.5, 2), (1 / 3, 3), (0.3, 3), (0.25, 4), (0.1, 10)]
)
def test_as_many_workers_as_their_share_lets_fit_on_a_gpu(
    share: float, on_each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "count_gpus", lambda: 2)
    found = devices.assign_devices("auto", None, share=share)
    assert sorted(found) == ["cuda:0"] * on_each + ["cuda:1"] * on_each
    assert devices.assign_devices("cuda:1", None, share=share) == ["cuda:1"] * on_each
    assert len(devices.assign_devices("auto", 3, share=share)) == 3  # jobs are as asked
