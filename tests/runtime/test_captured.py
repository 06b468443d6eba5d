"""A study asks for captured steps: who grants it, who refuses, and what it may not change."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from poolbench.app.study import load_study
from poolbench.assembly.network import build_body, model_spec
from poolbench.core.cell import Cell, Recipe
from poolbench.core.named import Named
from poolbench.models import MODELS
from poolbench.operators import OPERATORS
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.process import configured
from poolbench.runtime.trainer import Reporting, Trainer
from poolbench.store.store import Store
from poolbench.training.step import Step
from tests.app.runs import lasting_bytes
from tests.conftest import Done
from tests.training.test_captured import Again

Program = Callable[..., Done]
CPU = torch.device("cpu")
CAPTURED = ("--set", "execution.captured=true")


@pytest.fixture
def trained(poolbench: Program, tiny: Path) -> dict[str, bytes]:
    """Return the bytes of the tiny suite's runs, trained as ever."""
    done = poolbench("train", tiny, "--store", "whole", "--engine=inline", "--device=cpu", "-q")
    assert done.code == 0, done.err
    return lasting_bytes(tiny.parent / "whole")


def environments(store: Path) -> Iterator[str]:
    for path in (store / "runs").glob("*/environment.json"):
        yield json.loads(path.read_bytes())["training_step"]


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_a_captured_step_is_refused_on_a_cpu_before_there_is_a_store(
    device: str, poolbench: Program, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    tiny.write_text(f"{tiny.read_text()}execution: {{captured: true}}\n")
    done = poolbench("train", tiny, "--store", "none", "--device", device)
    assert done.code == 2
    assert "execution.captured" in done.err
    assert "--set execution.captured=false" in done.err
    assert not (tiny.parent / "none").exists()
    off = ("--set", "execution.captured=false", "--only=average@0", "--engine=inline")
    assert poolbench("train", tiny, "--store", "none", "--device", device, *off).code == 0


def test_an_optimiser_that_decides_in_python_is_not_captured(
    poolbench: Program, tiny: Path
) -> None:
    ranger = ("--set", "variants.lae.recipe={optimizer: {name: ranger, lr: 0.01}}")
    done = poolbench("train", tiny, "--store", "none", *CAPTURED, *ranger, "--device=cuda")
    assert done.code == 2
    assert "ranger (lae)" in done.err
    assert not (tiny.parent / "none").exists()


def train(store: Store, trainer: Trainer, cell: Cell, steps: float = math.inf) -> None:
    """Train a cell, for so many steps at most."""
    asked = itertools.count(1)
    reporting = Reporting(
        should_stop=lambda: next(asked) >= steps,
        on_progress=lambda _: None,
        on_preparing=lambda _: None,
        on_notice=lambda words: pytest.fail(words),
    )
    with store.writing(cell) as writer, configured("cpu", 1):
        assert writer is not None
        writer.begin("a session", {})
        trainer.train(writer, reporting)


def test_cells_that_differ_in_their_seed_alone_share_a_recording_and_no_bit(
    trained: dict[str, bytes], tiny: Path
) -> None:
    recorder, store = Again(), Store.create(tiny.parent / "shared")
    trainer = Trainer(DataCache(None, CPU), CPU, recorder)
    cells = load_study(tiny).cells
    for cell in cells:
        train(store, trainer, cell)
    assert recorder.record_count == len({cell.condition for cell in cells}) == 2
    assert lasting_bytes(store.path) == trained
    assert list(environments(store.path)) == ["captured"] * 4
    assert list(environments(tiny.parent / "whole")) == ["eager"] * 4


def test_a_cell_stopped_in_the_memory_of_another_goes_on_in_one_of_its_own(
    trained: dict[str, bytes], tiny: Path
) -> None:
    store, data_cache = Store.create(tiny.parent / "stopped"), DataCache(None, CPU)
    trainer = Trainer(data_cache, CPU, Again())
    for cell in load_study(tiny).cells:
        train(store, trainer, cell, steps=7 if cell.seed else math.inf)
    for cell in load_study(tiny).cells:
        if not store.has_result(cell.id):
            train(store, Trainer(data_cache, CPU, Again()), cell)
    assert lasting_bytes(store.path) == trained


def learn_without_memory(network: str, pools: dict[str, str]) -> None:
    """Learn a batch of tensors that hold no values, so that to read one is an error."""
    entry = MODELS[network]
    channels, height, width = entry.input_shape or (3, 32, 32)
    with torch.device("meta"):
        body = build_body(
            model_spec(network, {site.needs: True for site in entry.sites if site.needs}, pools),
            in_channels=channels,
            num_classes=10,
            image_size=(height, width),
        )
        images, labels = torch.empty(4, channels, height, width), torch.empty(4, dtype=torch.int64)
        loss_sum = torch.zeros((), dtype=torch.float64)
    recipe = Recipe(
        epochs=1,
        batch_size=4,
        optimizer=Named(name="sgd", options={}),
        schedule=Named(name="constant", options={}),
        label_smoothing=0.1,
        clip_norm=1.0,
    )
    # Fused steps exist for tensors with values alone; a GPU's are torch's, made to be captured.
    optimizer = torch.optim.SGD(body.parameters(), lr=0.1, momentum=0.9)
    Step(body, optimizer, recipe, loss_sum=loss_sum)(images, labels)


@pytest.mark.parametrize("network", MODELS)
def test_no_network_reads_what_the_device_holds(network: str) -> None:
    learn_without_memory(network, {})


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_operator_reads_what_the_device_holds(operator: str) -> None:
    scopes = set(OPERATORS[operator].scopes)
    if "windowed" in scopes:
        learn_without_memory("lenet-cifar", dict.fromkeys(("pool1", "pool2", "pool3"), operator))
    if "global" in scopes and operator != "subpool":  # which takes 16 elements at most
        learn_without_memory("wrn", {"head": operator})


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_captured_study_has_the_bits_of_an_eager_one(
    precision: str, jobs: int, poolbench: Program, tiny: Path
) -> None:
    common = ("--device=cuda:0", "--set", f"execution.precision={precision}", "-q")
    eager = poolbench("train", tiny, "--store", "eager", *common)
    assert eager.code == 0, eager.err
    captured = poolbench("train", tiny, "--store", "graphs", *common, *CAPTURED, "--jobs", jobs)
    assert captured.code == 0, captured.err
    assert lasting_bytes(tiny.parent / "graphs") == lasting_bytes(tiny.parent / "eager")
    assert list(environments(tiny.parent / "graphs")) == ["captured"] * 4
