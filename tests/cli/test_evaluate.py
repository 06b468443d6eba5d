"""``poolbench evaluate``: a network of the user's own, as it is and under other operators."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torchvision.models import resnet18

from poolbench.core.errors import BadInput
from poolbench.data.digits import read_digits
from tests.conftest import TINY, Done

Program = Callable[..., Done]
MODEL = "{name: wrn, depth: 8, width: 1}"
MEAN, STD = 0.8, 0.1  # far from those of the digits, for which they could be taken


@pytest.fixture(scope="module")
def body() -> nn.Module:
    """Return a network trained on digits for a few steps of plain torch."""
    import poolbench as pb

    torch.manual_seed(0)
    body = pb.model("wrn", depth=8, width=1, in_channels=1, image_size=8)
    arrays = read_digits()
    images = torch.from_numpy(arrays.train_images.copy()).permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(arrays.train_labels.copy())
    optimizer = torch.optim.SGD(body.parameters(), lr=0.1, momentum=0.9)
    for part in torch.randperm(len(labels)).repeat(3).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(body((images[part] - MEAN) / STD), labels[part]).backward()
        optimizer.step()
    return body.eval()


@pytest.fixture
def checkpoint(body: nn.Module, tmp_path: Path) -> Path:
    """Return what a training script would save of it."""
    path = tmp_path / "plain.pt"
    state = {f"module.{name}": value for name, value in body.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, path)
    return path


@pytest.fixture
def evaluate(poolbench: Program) -> Program:
    """Call it on the checkpoint with what nearly every test says."""

    def call(*more: object, checkpoint: str = "plain.pt", data: str = "digits") -> Done:
        how = ["--model", MODEL, "--data", data, "--normalise", f"{{mean: [{MEAN}], std: [{STD}]}}"]
        return poolbench("evaluate", checkpoint, *how, "-j", 1, *more)

    return call


def rows_of(done: Done) -> dict[str, dict[str, Any]]:
    assert done.code == 0, done.err
    table = json.loads(done.out)["tables"][0]
    return {row["pooling"]: row for row in table["rows"]}


def test_the_network_gives_the_accuracy_that_plain_torch_counts(
    evaluate: Program, checkpoint: Path, body: nn.Module
) -> None:
    arrays = read_digits()
    images = torch.from_numpy(arrays.test_images.copy()).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        expected = body((images - MEAN) / STD).argmax(1).numpy() == arrays.test_labels
    rows = rows_of(evaluate("--pools", "head=max", "--format", "json"))
    own = rows["own pooling"]
    assert (own["correct"], own["total"]) == (int(expected.sum()), 500)
    assert own["change"] is None
    swapped = rows["head=max"]
    assert swapped["correct"] == own["correct"] + swapped["gained"] - swapped["lost"]
    assert swapped["lost"] > 0


def test_without_pools_every_operator_of_the_head_is_tried(
    evaluate: Program, checkpoint: Path
) -> None:
    from poolbench.operators import OPERATORS

    done = evaluate("--limit", 60, "--format", "json")
    rows = rows_of(done)
    fitting = {name for name, entry in OPERATORS.items() if "global" in entry.scopes}
    tried = {row.removeprefix("head=").partition("(")[0] for row in rows if row != "own pooling"}
    notes = " ".join(json.loads(done.out)["tables"][0]["notes"])
    assert {name for name in fitting if name in tried or f"head={name}" in notes} == fitting
    # The average is what it was trained with: not one answer may change.
    assert (rows["head=average"]["gained"], rows["head=average"]["lost"]) == (0, 0)


def test_runs_are_of_an_origin_of_their_own_and_made_once(
    evaluate: Program, checkpoint: Path, tmp_path: Path, body: nn.Module
) -> None:
    import poolbench as pb

    assert "2 networks evaluated" in evaluate("--pools", "head=max", "--limit", 60).err
    again = evaluate("--pools", "head=max", "--limit", 60)
    assert "nothing to do: every network is stored already" in again.err
    assert "3 networks" not in again.err
    (folder, *_) = sorted((tmp_path / "runs" / "runs").iterdir())
    identity = json.loads((folder / "cell.json").read_text())
    assert identity["recipe"] == {"epochs": 0, "precision": "fp32"}
    assert pb.open_store(tmp_path / "runs").to_arrow()["origin"].to_pylist() == ["evaluated"] * 2
    stored = load_file(folder / "model.safetensors")
    for name, value in body.state_dict().items():
        assert torch.equal(stored[f"body.{name}"], value), name


def test_an_attack_follows(evaluate: Program, checkpoint: Path) -> None:
    done = evaluate("--pools", "head=max", "--limit", 60, "--attack", "fgsm", "--format", "json")
    assert done.code == 0, done.err
    titles = [table["title"] for table in json.loads(done.out)["tables"]]
    assert len(titles) > 1
    assert any("fgsm" in title for title in titles[1:])


def test_a_network_trained_with_an_operator_says_so(poolbench: Program, tmp_path: Path) -> None:
    import poolbench as pb

    torch.manual_seed(0)
    lae = {"name": "lae", "learn": "layer", "temperature": 3.0}
    body = pb.model("wrn", depth=8, width=1, in_channels=1, image_size=8, pools={"head": lae})
    torch.save(body.state_dict(), tmp_path / "lae.pt")
    call = ["evaluate", "lae.pt", "--model", MODEL, "--data", "digits", "--normalise", "data",
            "--limit", 60, "-j", 1, "--pools", "head=max"]  # fmt: skip
    refused = poolbench(*call)
    assert refused.code == 2
    assert "1 tensor not in the network: head." in refused.err
    assert "add --trained-with" in refused.err
    done = poolbench(*call, "--trained-with", "head={name: lae, learn: layer}")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        (["--pools", "heda=lae"], 2, "wrn has no site 'heda'"),
        (["--pools", "heda"], 2, "wrn has no site 'heda'"),
        (["--pools", "head=lea"], 2, "--pools head=lea: unknown operator 'lea'"),
        (["--pools", "=lae"], 2, "expected SITE=OPERATOR"),
        (["--pools", "head=conv"], 2, "it is windowed only, the site is global"),
        (["--normalise", "{mean: [0.5, 0.5], std: [1]}"], 2, "2 means, but 1 deviations"),
        (["--normalise", "imagenet"], 2, "for images of 3 channels, these have 1"),
        (["--model", "wrm"], 2, "--model wrm: unknown model 'wrm'"),
        (["--model", "{name: wrn, weights: default}"], 2, "the weights are the checkpoint"),
        (["--model", "wrn"], 2, "are no weights of wrn"),
        (["--data", "digit"], 2, "--data digit: unknown data set 'digit'"),
        (["--data", "gaussian"], 2, "no weights of wrn|channel"),
        (["--sha256", "f" * 64], 6, "is not the file of weights expected"),
        (["--attack", "fgms"], 2, "unknown probe 'fgms'"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_stored(
    evaluate: Program, checkpoint: Path, tmp_path: Path, more: list[str], code: int, told: str
) -> None:
    done = evaluate(*more)
    assert done.code == code, done.err
    assert any(each in done.err for each in told.split("|")), done.err
    assert not (tmp_path / "runs").exists()


def test_all_that_is_wrong_is_told_at_once(
    evaluate: Program, checkpoint: Path, tmp_path: Path
) -> None:
    done = evaluate("--normalise", "imgnet", "--pools", "head=lea", "--attack", "fgms")
    assert done.code == 2
    assert "--normalise imgnet: expected imagenet, data or {mean: [...]" in done.err
    assert "did you mean 'imagenet'?" in done.err
    assert "--pools head=lea: unknown operator 'lea'" in done.err
    assert "--attack fgms: unknown probe 'fgms'" in done.err
    assert done.err.count("--normalise") == 1
    assert "fix the errors above" in done.err
    # Nothing that is found later hides it.
    missing = evaluate("--normalise", "imgnet", checkpoint="nothing.pt")
    assert (missing.code, "did you mean 'imagenet'?" in missing.err) == (2, True)
    # That a library's network has no such site is known only once it is built.
    torch.save(resnet18(num_classes=10).state_dict(), tmp_path / "resnet.pt")
    colours = "{name: gaussian, size_px: 32, channels: 3, num_classes: 10}"
    done = evaluate(
        "--model", "torchvision/resnet18", "--normalise", "imgnet", "--pools", "hed=lae",
        "--attack", "fgms", checkpoint="resnet.pt", data=colours,
    )  # fmt: skip
    assert done.code == 2
    assert all(each in done.err for each in ("imagenet", "no site 'hed'", "fgms")), done.err


def test_images_of_which_not_one_fits_into_memory_are_refused_at_once(
    evaluate: Program, tmp_path: Path
) -> None:
    from PIL import Image

    for split, name in itertools.product(("train", "test"), "ab"):
        (tmp_path / "pictures" / split / name).mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / split / name / "1.png")
    torch.save(resnet18(num_classes=2).state_dict(), tmp_path / "resnet.pt")
    done = evaluate(
        "--model", "torchvision/resnet18", "--normalise", "imagenet", "--data-root", tmp_path,
        "--pools", "head=max", checkpoint="resnet.pt",
        data="{name: folder, path: pictures, size_px: 400000}",
    )  # fmt: skip
    assert done.code == 6
    assert "one image of 400,000 x 400,000 pixels takes at least 19,073.5 GiB" in done.err
    assert "GiB are free" in done.err
    assert not (tmp_path / "runs").exists()


def test_python_gives_the_same_table(
    evaluate: Program, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import poolbench as pb

    told = json.loads(evaluate("--pools", "head=max", "--limit", 60, "--format", "json").out)
    monkeypatch.chdir(tmp_path)
    found = pb.evaluate(
        "plain.pt",
        model={"name": "wrn", "depth": 8, "width": 1},
        data="digits",
        pools={"head": "max"},
        normalise={"mean": [MEAN], "std": [STD]},
        limit=60,
        jobs=1,
        progress=False,
    )
    rows = [dict(record) for record in found.tables[0].records]
    assert rows == told["tables"][0]["rows"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"model": "wrm"}, "model wrm: unknown model 'wrm'"),
        ({"pools": "head=lea"}, "pools head=lea: unknown operator 'lea'"),
        ({"trained_with": {"heda": "lae"}}, "trained_with"),
        ({"normalise": {"mean": [0.5, 0.5], "std": [1]}}, "normalise: "),
        ({"attack": "fgms"}, "attack fgms: unknown probe 'fgms'"),
    ],
)
def test_python_is_told_the_names_of_arguments(
    checkpoint: Path, tmp_path: Path, asked: dict[str, Any], told: str
) -> None:
    import poolbench as pb

    usual = {
        "model": {"name": "wrn", "depth": 8, "width": 1},
        "data": "digits",
        "normalise": "data",
    }
    with pytest.raises(BadInput) as caught:
        pb.evaluate(checkpoint, **(usual | asked), store=tmp_path / "runs", jobs=1)
    assert told in caught.value.message
    assert "--" not in caught.value.message + caught.value.hint


def test_python_takes_a_path_not_what_is_in_the_file(body: nn.Module) -> None:
    import poolbench as pb

    for given in (body.state_dict(), body):
        with pytest.raises(BadInput, match=r"checkpoint: expected a path, got \w+") as caught:
            pb.evaluate(given, model="wrn", data="digits")  # type: ignore[arg-type]
        assert "save it first: torch.save(network.state_dict()," in caught.value.hint


def test_a_missing_checkpoint_and_another_number_of_classes(
    evaluate: Program, checkpoint: Path, tmp_path: Path
) -> None:
    missing = evaluate(checkpoint="nothing.pt")
    assert missing.code == 6
    assert f"there is no file of weights {tmp_path / 'nothing.pt'}" in missing.err
    assert "below the current folder" in missing.err
    assert "--data-root" not in missing.err
    spelt = evaluate(checkpoint="local-dir:/tmp/x")
    assert spelt.code == 2
    assert "leave out 'local-dir:': /tmp/x" in spelt.err
    seven = evaluate(data="{name: gaussian, size_px: 8, channels: 1, num_classes: 7}")
    assert seven.code == 2
    assert "the classifier of the weights has 10 classes, the data have 7" in seven.err
    assert "list suites practice/finetune-folder" in seven.err


def test_of_several_states_in_a_file_the_one_that_is_taken_is_told(
    evaluate: Program, body: nn.Module, tmp_path: Path
) -> None:
    state = body.state_dict()
    zeros = {name: torch.zeros_like(value) for name, value in state.items()}
    torch.save({"state_dict": state, "state_dict_ema": zeros}, tmp_path / "plain.pt")
    done = evaluate("--pools", "head=max", "--limit", 60, "--format", "json")
    assert rows_of(done)["own pooling"]["correct"] > 30  # the zeros would answer one class
    notes = json.loads(done.out)["tables"][0]["notes"]
    assert any("'state_dict' is taken, not 'state_dict_ema'" in note for note in notes)


def test_of_pictures_only_those_for_testing_are_needed(poolbench: Program, tmp_path: Path) -> None:
    import poolbench as pb

    for label, shade in (("ant", 40), ("bee", 200)):
        for split, count in (("train", 3), ("val", 5)):
            folder = tmp_path / "pictures" / split / label
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (20, 16), (shade, number, 0)).save(folder / f"{number}.png")
    network = pb.model("wrn", depth=8, width=1, in_channels=3, image_size=16, num_classes=2)
    torch.save(network.state_dict(), tmp_path / "net.pt")
    data = ["--data", "{name: folder, path: pictures, size_px: 16}", "--data-root", tmp_path]
    asked = ["evaluate", "net.pt", "--model", MODEL, *data, "--pools", "head=max", "-j", 1]
    given = ["--normalise", "imagenet"]
    whole = rows_of(poolbench(*asked, *given, "--format", "json"))
    (tmp_path / "pictures" / "train" / "ant" / "1.png").write_bytes(b"not a picture")
    done = poolbench(*asked, *given, "--attack", "zoom", "--format", "json")
    assert rows_of(done) == whole
    shutil.rmtree(tmp_path / "pictures" / "train")
    assert rows_of(poolbench(*asked, *given, "--format", "json")) == whole
    # Whatever is measured on the training images needs them.
    for needs in (
        poolbench(*asked, "--normalise", "data"),
        poolbench("train", "practice/resnet18-folder", "--set", "data.path=pictures", *data[2:]),
    ):
        assert needs.code == 6
        assert "pictures has no folder 'train'" in needs.err


@pytest.mark.parametrize("unused", ["augment: [flip]", "validation: 0.2", "fold: 1"])
def test_settings_of_training_are_refused(evaluate: Program, checkpoint: Path, unused: str) -> None:
    done = evaluate(data=f"{{name: digits, {unused}}}")
    assert done.code == 2
    assert f"nothing is trained, so `{unused.partition(':')[0]}` has no use" in done.err


def test_weights_of_a_run_are_evaluated_with_its_operators(
    poolbench: Program, tmp_path: Path
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY.replace("pools: average", "pools: max"))
    assert poolbench("train", "tiny.yaml", "-j", 1, "--only", "average@0").code == 0
    (path,) = (tmp_path / "runs" / "runs").glob("*/model.safetensors")
    asked = ["evaluate", path, "--model", MODEL, "--data", "{name: digits, limit: 200}", "-j", 1]
    done = poolbench(*asked)
    assert done.code == 2
    assert "is of a run that was trained with head: max" in done.err
    assert 'add --trained-with \'{"head": "max"}\'' in done.err
    done = poolbench(*asked, "--trained-with", '{"head": "max"}', "--format", "json")
    trained = json.loads((path.parent / "result.json").read_text())["result"]
    assert rows_of(done)["own pooling"]["correct"] == trained["correct"]
