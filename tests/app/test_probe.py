"""Probes of stored runs: exact, measured once, continued after a kill, by a light parent."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from poolbench.app.probe import ask, probe
from poolbench.app.study import load_study
from poolbench.app.train import Settings, train
from poolbench.core.events import Event
from poolbench.core.measurement import Measurement, unpack_bits
from poolbench.core.plugins import load_plugins
from poolbench.core.study import Study
from poolbench.runtime.summary import Summary
from poolbench.store.store import Store
from tests.app.probed import SUITE, measurements, trained_folder

FAULTY = """\
import torch
from poolbench.core.catalogue import OperatorEntry
from poolbench.operators import OPERATORS
from poolbench.operators.base import PoolingOperator


class Faulty(PoolingOperator):
    def __init__(self, *, window, channels, grid):
        super().__init__(window=window)

    def pooling_parameters(self):
        return {}

    def describe(self):
        return ""

    def forward(self, x):
        return x.mean((2, 3)) if x.shape[-1] <= 2 else self.fail(x)


class NanOnLarge(Faulty):
    def fail(self, x):
        return x.mean((2, 3)) / 0.0 * 0.0


class BrokenOnLarge(Faulty):
    def fail(self, x):
        raise KeyError("a fault of the operator")


for name, kind in (("nan-on-large", NanOnLarge), ("broken-on-large", BrokenOnLarge)):
    OPERATORS.add(
        name,
        OperatorEntry(target=f"{__name__}:{kind.__name__}", summary="fails", scopes=("global",)),
    )
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_folder(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """Return a folder of one's own with trained networks that nobody has measured."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def study_in(folder: Path) -> Study:
    return load_study(folder / "tiny.yaml")


def measure(
    study: Study, store: Path, on_event: Callable[[Event], None] = lambda _: None
) -> Summary:
    return probe(study, Settings(store=store, engine="inline"), on_event)


def found(study: Study, store: Path) -> list[tuple[str, Measurement]]:
    opened = Store(store)
    return [
        (cell.id, opened.measurement(cell.id, key))
        for cell in study.cells
        for key in opened.measurement_keys(cell.id)
    ]


def test_at_the_training_size_and_without_strength_it_is_the_stored_result_image_by_image(
    folder: Path,
) -> None:
    study, store = study_in(folder), Store(folder / "runs")
    summary = measure(study, folder / "runs")
    assert (summary.done, summary.reused, summary.missing) == (6, 0, 0)
    seen = 0
    for cell_id, measurement in found(study, folder / "runs"):
        data = np.load(io.BytesIO(store.commit_of(cell_id).read("predictions.npz")))
        for point in measurement.points:
            if point.at in (0, 8):
                seen += 1
                assert point.correct == store.read(cell_id).result.correct
                right = unpack_bits(point.right, point.total)
                assert right == (data["predicted"] == data["label"]).tolist()
    assert seen == 6


def test_what_is_measured_is_never_measured_again(folder: Path) -> None:
    study, store = study_in(folder), folder / "runs"
    measure(study, store)
    paths = sorted(store.glob("runs/*/probes/*"))
    assert len(paths) == 6  # nothing but measurements is left there
    times = [path.stat().st_mtime_ns for path in paths]
    summary = measure(study, store)
    assert (summary.done, summary.reused) == (0, 6)
    assert [path.stat().st_mtime_ns for path in paths] == times
    assert summary.workers == 0
    other = ask(study, ["zoom"], {"sizes": "6,8"})
    assert measure(other, store).done == 2


def test_a_damaged_measurement_is_made_again_and_said_so(folder: Path) -> None:
    study, store = study_in(folder), folder / "runs"
    measure(study, store)
    whole = measurements(store)
    victim = sorted(store.glob("runs/*/probes/*.json"))[0]
    victim.write_bytes(victim.read_bytes().replace(b'"total": 150', b'"total": 151'))
    assert victim.name in Store(store).verify(victim.parent.parent.name)
    events: list[Event] = []
    summary = measure(study, store, events.append)
    assert (summary.done, summary.reused) == (1, 5)
    assert any("is damaged and is repeated" in event.detail for event in events)
    assert measurements(store) == whole


def test_killed_after_its_first_measurement_it_continues_to_the_same_bytes(
    folder: Path, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    study, whole = study_in(folder), folder / "whole"
    shutil.copytree(folder / "runs", whole)
    attack = ["zoom", "crop", "pad-zero", "pad-noise"]
    sizes = ",".join(str(size) for size in range(3, 24, 3))
    asked = ask(study, attack, {"sizes": sizes})
    arguments = [word for name in attack for word in ("--attack", name)]
    process = spawn("robustness", "tiny.yaml", *arguments, "--sizes", sizes, "--jobs", 1)
    while not list((folder / "runs").glob("runs/*/probes/????????????????.json")):
        assert process.poll() is None, process.communicate()
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    for member in family:
        member.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(family, timeout=10)
    before = len(list((folder / "runs").glob("runs/*/probes/????????????????.json")))
    assert before < 8
    summary = measure(asked, folder / "runs")
    assert (summary.reused, summary.done) == (before, 8 - before)
    measure(asked, whole)
    assert measurements(folder / "runs") == measurements(whole)


def test_when_everything_is_stored_the_command_loads_no_torch(folder: Path) -> None:
    measure(study_in(folder), folder / "runs")
    code = (
        "import sys\n"
        "sys.argv = ['poolbench', 'robustness', 'tiny.yaml']\n"
        "from poolbench.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print('torch' in sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True
    )
    assert done.stderr.splitlines()[-1] == "False"
    assert "pad-noise" in done.stdout


@pytest.fixture
def faulty(tmp_path: Path) -> Callable[[str], Path]:
    """Return a maker of folders with a trained network that fails on maps of more than 2x2."""

    def make(operator: str) -> Path:
        plugin = tmp_path / "faulty.py"
        plugin.write_text(FAULTY)
        load_plugins([str(plugin)])
        suite = SUITE.replace("lae: {pools: {name: lae, learn: layer}}", f"odd: {operator}")
        return trained_folder(tmp_path, suite)

    return make


def test_a_network_that_answers_nan_has_a_failed_probe_stored(
    faulty: Callable[[str], Path],
) -> None:
    folder = faulty("{pools: nan-on-large}")
    study = study_in(folder)
    assert measure(study, folder / "runs").failed == {}
    by_probe = {
        measurement.probe.name: measurement
        for cell_id, measurement in found(study, folder / "runs")
        if cell_id == study.cells[1].id
    }
    assert by_probe["zoom"].status == by_probe["pad-noise"].status == "failed"
    assert by_probe["zoom"].reason == "the network returned NaN or infinity at 12x12 pixels"
    assert by_probe["zoom"].points == ()
    assert by_probe["fgsm"].status == "ok"


def test_a_probe_that_breaks_leaves_the_others_measured_and_is_tried_again(
    faulty: Callable[[str], Path],
) -> None:
    folder = faulty("{pools: broken-on-large}")
    store = folder / "runs"
    study = ask(study_in(folder), ["zoom", "crop"], {"sizes": "6,12"})
    for expected in (3, 0):  # both of average, and of odd the crop, which comes after the fault
        summary = measure(study, store)
        assert summary.done == expected
        assert list(summary.failed) == ["odd · digits · seed 0"]
        assert "KeyError: 'a fault of the operator'" in summary.failed["odd · digits · seed 0"]


def test_cells_that_are_missing_or_diverged_are_counted(folder: Path) -> None:
    path = folder / "tiny.yaml"
    path.write_text(SUITE.replace("seeds: 1", "seeds: 2"))
    hot = "recipe: {optimizer: {lr: 1e30}}"
    path.write_text(path.read_text().replace("probes:", f"  hot: {{pools: max, {hot}}}\nprobes:"))
    train(load_study(path, only=["hot@0"]), Settings(store=folder / "runs", engine="inline"))
    summary = measure(load_study(path), folder / "runs")
    assert (summary.done, summary.missing, summary.diverged) == (6, 3, 1)
    assert "3 cells not trained; 1 cell diverged" in str(summary)


def test_a_copy_of_a_store_without_its_empty_folders_can_be_measured(folder: Path) -> None:
    for name in ("sessions", "quarantine"):
        (folder / "runs" / name).rmdir()
    assert measure(study_in(folder), folder / "runs").failed == {}


def test_what_a_measurement_says_of_itself(folder: Path) -> None:
    study = study_in(folder)
    measure(study, folder / "runs")
    path = sorted((folder / "runs").glob("runs/*/probes/*.json"))[0]
    document = json.loads(path.read_bytes())
    assert document["environment"]["threads"] == 1
    assert document["network"] == Store(folder / "runs").network(path.parent.parent.name)
