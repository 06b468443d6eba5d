"""Fine-tuning from a suite to a run: what is frozen stays, what cannot be frozen is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import poolbench as pb
from poolbench.core.errors import BadInput
from tests.conftest import TINY, Done

Program = Callable[..., Done]

# A validation split, because an evaluation after each epoch leaves its own modes.
TUNED = TINY.replace("limit: 200", "limit: 200, validation: 0.2").replace("seeds: 2", "seeds: 1")


def suite(folder: Path, text: str) -> Path:
    path = folder / "tuned.yaml"
    path.write_text(TUNED.replace("  epochs: 3\n", f"  epochs: 2\n  {text}\n"))
    return path


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def tensors_of(store: Path) -> dict[str, dict[str, torch.Tensor]]:
    found = {}
    for folder in (store / "runs").iterdir():
        cell = json.loads((folder / "result.json").read_text())["cell"]
        found[cell["variant"]] = load_file(folder / "model.safetensors")
    return found


@pytest.mark.parametrize(
    ("freeze", "frozen"),
    [("backbone", ("stem", "stages")), ("[stem, stages.1]", ("stem", "stages.1"))],
)
def test_what_is_frozen_is_where_it_was_after_any_number_of_epochs(
    poolbench: Program, tmp_path: Path, freeze: str, frozen: tuple[str, ...]
) -> None:
    path = suite(tmp_path, f"freeze: {freeze}")
    for epochs in (1, 2):
        done = poolbench(
            "train", path, "-j", 1, "--store", f"after-{epochs}", "--set", f"recipe.epochs={epochs}"
        )
        assert done.code == 0, done.err
    early, late = (tensors_of(tmp_path / f"after-{epochs}") for epochs in (1, 2))
    for variant in ("average", "lae"):
        same = {n for n, v in early[variant].items() if torch.equal(v, late[variant][n])}
        inside = tuple(f"body.{name}." for name in frozen)
        assert same - {"mean", "std"} == {n for n in early[variant] if n.startswith(inside)}
        # Fresh statistics, which the first epoch has not moved either.
        assert (early[variant]["body.stem.1.running_var"] == 1).all()


@pytest.mark.parametrize(
    ("freeze", "told"),
    [
        ("[stem, stagse]", "recipe.freeze: wrn has no module 'stagse'"),
        ("[stem, stages, head, classifier]", "leaves nothing of wrn to train"),
    ],
)
def test_what_cannot_be_frozen_is_refused_before_anything_is_trained(
    poolbench: Program, tmp_path: Path, freeze: str, told: str
) -> None:
    path = suite(tmp_path, f"freeze: {freeze}")
    for command in ("plan", "train"):
        done = poolbench(command, path, "-j", 1)
        assert (done.code, told in done.err) == (2, True), done.err
    assert not (tmp_path / "runs").exists()
    good = suite(tmp_path, "freeze: [stem]")
    assert poolbench("train", good, "-j", 1, "--only", "average").code == 0
    before = contents(tmp_path / "runs")
    assert poolbench("train", suite(tmp_path, f"freeze: {freeze}"), "-j", 1).code == 2
    assert contents(tmp_path / "runs") == before
    assert poolbench("store", "verify").code == 0


def test_the_library_refuses_it_as_the_program_does(tmp_path: Path) -> None:
    study = pb.load_suite(suite(tmp_path, "freeze: [stagse]"))
    with pytest.raises(BadInput, match="no module 'stagse'"):
        pb.train(study, store=tmp_path / "runs", jobs=1, device="cpu")
    assert not (tmp_path / "runs").exists()


def test_a_path_that_is_not_there_is_told_with_one_that_is(
    poolbench: Program, tmp_path: Path
) -> None:
    done = poolbench("train", suite(tmp_path, "freeze: [stages.0.resdual]"), "-j", 1)
    assert "did you mean 'stages.0.residual'?" in done.err


def test_a_search_refuses_it_too(poolbench: Program, tmp_path: Path) -> None:
    path = suite(tmp_path, "freeze: [stagse]")
    path.write_text(path.read_text().replace(", validation: 0.2", ""))
    search = "{name: shrinking-random, ranges: [lr x10]}"
    done = poolbench("tune", path, "-j", 1, "--set", f"search={search}")
    assert (done.code, "has no module 'stagse'" in done.err) == (2, True), done.err
    assert not (tmp_path / "runs").exists()


def test_plan_and_page_tell_what_is_frozen(poolbench: Program, tmp_path: Path) -> None:
    path = suite(tmp_path, "freeze: [stem]")
    assert "frozen: stem." in poolbench("plan", path).out.replace("\n", " ")
    assert poolbench("train", path, "-j", 1).code == 0
    assert poolbench("report", "--format", "html", "-o", "page.html").code == 0
    assert "frozen" in (tmp_path / "page.html").read_text()


CLASSIFIER_ALONE = """\
from torch import nn
from poolbench.core.catalogue import ModelEntry, Site
from poolbench.models import MODELS


class Bare(nn.Module):
    def __init__(self, *, in_channels, num_classes, image_size, pool):
        super().__init__()
        self.head = pool("head", channels=in_channels, grid=image_size)
        self.classifier = nn.Linear(in_channels, num_classes)

    def forward(self, x):
        return self.classifier(self.head(x))


class Fixed(Bare):
    def __init__(self, *, num_classes, **others):
        super().__init__(num_classes=10, **others)


HEAD = Site(name="head", scope="global", default="average")
for name, made in (("bare", Bare), ("fixed", Fixed)):
    target = f"{__name__}:{made.__name__}"
    MODELS.add(name, ModelEntry(target=target, summary="no backbone", sites=(HEAD,)))
"""


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ("bare", "recipe.freeze: bare has no backbone"),
        ("fixed", "recipe.freeze: backbone leaves nothing of fixed to train"),
    ],
)
def test_a_backbone_that_cannot_be_frozen_is_refused_before_training(
    poolbench: Program, tmp_path: Path, network: str, told: str
) -> None:
    (tmp_path / "bare.py").write_text(CLASSIFIER_ALONE)
    path = suite(tmp_path, "freeze: backbone")
    more = ("-j", 1, "--plugin", "bare.py", "--set", f"model={network}", "--only", "average")
    for command in ("plan", "train"):
        done = poolbench(command, path, *more)
        assert (done.code, told in done.err) == (2, True), done.err
    assert not (tmp_path / "runs").exists()
