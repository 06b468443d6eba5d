"""Training from weights: from a run's file to another suite, and what is refused before it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.conftest import TINY, Done

Program = Callable[..., Done]

TUNING = """\
schema: 1
title: Tuning
data: {name: digits, limit: 200}
model: {name: wrn, depth: 8, width: 1, weights: {file: start.safetensors}}
recipe:
  epochs: 1
  batch_size: 50
  optimizer: {name: sgd, lr: 1.0e-12}
seeds: 2
variants:
  average: {pools: average}
  learned: {pools: {name: lae, learn: layer}}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the weights of a run, and its result beside them."""
    import poolbench as pb

    folder = tmp_path_factory.mktemp("trained")
    (folder / "tiny.yaml").write_text(TINY)
    study = pb.load_suite(folder / "tiny.yaml", only=["average@0"])
    pb.train(study, store=folder / "runs", jobs=1, device="cpu")
    return folder / "runs" / "runs" / study.cells[0].id


@pytest.fixture
def suite(tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a suite that starts from the run's weights, in an empty folder."""
    monkeypatch.delenv("POOLBENCH_DATA", raising=False)  # its paths are relative
    (tmp_path / "start.safetensors").write_bytes((trained / "model.safetensors").read_bytes())
    (tmp_path / "tuning.yaml").write_text(TUNING)
    return tmp_path / "tuning.yaml"


def test_a_run_starts_from_the_weights_of_another(
    poolbench: Program, suite: Path, trained: Path
) -> None:
    done = poolbench("train", suite, "-j", 1, "--format", "json")
    assert done.code == 0, done.err
    sha256 = json.loads((trained / "result.json").read_text())["files"]["model.safetensors"][
        "sha256"
    ]
    assert f"sha256 {sha256}" in done.err
    assert "Not in start.safetensors, and as the operator starts them: head." in done.err
    # At a rate of 1e-12 nothing but batch norm's statistics moves: it is the trained network.
    start = load_file(suite.parent / "start.safetensors")
    for folder in (suite.parent / "runs" / "runs").iterdir():
        tensors = load_file(folder / "model.safetensors")
        for name in (name for name in start if "running" not in name and "batches" not in name):
            torch.testing.assert_close(tensors[name], start[name], rtol=0, atol=1e-6, msg=name)
    again = poolbench("train", suite, "-j", 1)
    assert "nothing to do: every cell is stored already" in again.err


def test_the_record_and_the_page_tell_whose_weights_they_were(
    poolbench: Program, suite: Path
) -> None:
    poolbench("train", suite, "-j", 1, "--only", "average@0")
    (folder,) = (suite.parent / "runs" / "runs").iterdir()
    weights = json.loads((folder / "result.json").read_text())["cell"]["model"]["weights"]
    assert (weights["file"], len(weights["sha256"])) == ("start.safetensors", 64)
    assert len(weights["normalisation"]["mean"]) == 1
    poolbench("report", "--format", "html", "-o", "page.html")
    page = (suite.parent / "page.html").read_text()
    assert "from the weights start.safetensors of wrn" in page
    assert weights["sha256"] in page


def test_plan_and_record_tell_of_a_conversion(poolbench: Program, suite: Path) -> None:
    timm = pytest.importorskip("timm")
    torch.save(timm.create_model("resnet18", num_classes=10).state_dict(), suite.parent / "c.pt")
    text = suite.read_text().replace("wrn, depth: 8, width: 1", "timm/resnet18")
    text = text.replace("name: digits", "name: cluttered-digits")
    suite.write_text(text.replace("file: start.safetensors", "file: c.pt, normalise: data"))
    told = f"c.pt is in another form, and is converted by timm {timm.__version__}"
    assert told in " ".join(poolbench("plan", suite).out.split())
    done = poolbench("train", suite, "-j", 1, "--only", "average@0", "--limit", 50)
    assert done.code == 0, done.err
    import poolbench as pb

    (run,) = pb.open_store(suite.parent / "runs")
    environment = run.run.environment
    assert environment["weights_converted_by"] == f"timm {timm.__version__}"


def test_an_export_says_where_the_weights_came_from(poolbench: Program, suite: Path) -> None:
    assert poolbench("train", suite, "-j", 1, "--only", "average@0").code == 0
    assert poolbench("export", "-o", "out", "--as", "csv").code == 0
    with (suite.parent / "out" / "measurements.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    sha256 = hashlib.sha256((suite.parent / "start.safetensors").read_bytes()).hexdigest()
    assert {(row["origin"], row["weights"], row["weights_sha256"]) for row in rows} == {
        ("trained", "start.safetensors", sha256)
    }


def test_the_file_is_not_needed_to_probe_or_to_report(poolbench: Program, suite: Path) -> None:
    poolbench("train", suite, "-j", 1, "--only", "average@0")
    (suite.parent / "start.safetensors").unlink()
    assert poolbench("robustness", "--attack", "fgsm", "-j", 1).code == 0
    assert poolbench("report").code == 0


@pytest.mark.parametrize(
    ("damage", "code", "told"),
    [
        ("missing", 6, "there is no file of weights"),
        ("torn", 2, "holds no weights that can be read"),
        ("renamed", 2, "1 tensor missing: "),
        ("half", 2, "not in the precision of training, float32"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_anything_is_trained(
    poolbench: Program, suite: Path, damage: str, code: int, told: str
) -> None:
    path = suite.parent / "start.safetensors"
    state = load_file(path)
    if damage == "missing":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "renamed":
        state["body.other"] = state.pop(next(name for name in state if name.endswith("weight")))
        save_file(state, path)
    else:
        save_file({name: value.half() for name, value in state.items()}, path)
    for command in ("plan", "train"):
        done = poolbench(command, suite)
        assert (done.code, told in done.err) == (code, True), done.err
    assert not (suite.parent / "runs").exists()


def test_another_hash_than_the_suite_names_is_refused(poolbench: Program, suite: Path) -> None:
    done = poolbench("train", suite, "--set", f"model.weights.sha256={'f' * 64}")
    assert done.code == 6
    assert "is not the file of weights expected" in done.err
