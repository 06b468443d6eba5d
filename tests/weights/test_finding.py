"""Where weights are, and what they are: in the forms of torchvision, timm and Hugging Face."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import ResNet18_Weights

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.weights import IMAGENET, Normalisation, Weights
from poolbench.weights.finding import find_weights, weights_file
from poolbench.weights.reading import read_state

STATE = {"fc.weight": torch.arange(6.0).view(2, 3), "fc.bias": torch.tensor([7.0, 8.0])}
RESNET = "torchvision/resnet18"
TIMM = "timm/resnet18"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def saved_as_published(folder: Path, name: str) -> Path:
    """Save weights under a name with the beginning of their hash."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(STATE, folder / "made.pth")
    begin = sha256(folder / "made.pth")[:8]
    return (folder / "made.pth").rename(folder / f"{name}-{begin}.pth")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty folder where torchvision, and timm for older weights, keep files."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of Hugging Face's downloads of ``timm/resnet18.a1_in1k``."""
    pytest.importorskip("timm", reason="timm is not installed")
    import huggingface_hub

    cache = tmp_path / "face"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub.file_download, "HF_HUB_CACHE", str(cache), raising=False)
    repository = cache / "models--timm--resnet18.a1_in1k"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc")
    (repository / "snapshots" / "abc").mkdir(parents=True)
    return repository / "snapshots" / "abc"


@pytest.mark.parametrize("tag", ["IMAGENET1K_V1", "default"])
def test_torchvisions_download_is_found_with_the_normalisation_of_its_transform(
    hub: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved_as_published(hub, "resnet18")
    monkeypatch.setattr(ResNet18_Weights.DEFAULT.value, "url", path.as_uri())
    found = find_weights(RESNET, Weights(tag=tag), None)
    assert (found.tag, found.sha256) == ("IMAGENET1K_V1", sha256(path))
    assert found.normalisation == IMAGENET
    assert found.source == path.as_uri()
    assert weights_file(RESNET, found, None) == path


def test_another_file_under_a_published_name_is_refused(hub: Path) -> None:
    saved_as_published(hub, "resnet18").rename(hub / "resnet18-f37072fd.pth")
    with pytest.raises(EnvironmentFault, match=r"begins with [0-9a-f]{8}, not with f37072fd"):
        find_weights(RESNET, Weights(tag="default"), None)


def test_missing_weights_are_told_with_the_file_and_where_to_put_it(hub: Path) -> None:
    with pytest.raises(EnvironmentFault, match="'IMAGENET1K_V1' of torchvision/resnet18") as told:
        find_weights(RESNET, Weights(tag="default"), None)
    assert told.value.hint == f"fetch them with --download, or put resnet18-f37072fd.pth in {hub}"


def test_download_goes_through_torchvision_which_checks_the_hash(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = saved_as_published(tmp_path, "resnet18").name
    monkeypatch.setattr(ResNet18_Weights.DEFAULT.value, "url", (tmp_path / name).as_uri())
    found = find_weights(RESNET, Weights(tag="default"), None, download=True)
    assert found.sha256 == sha256(hub / name)

    (hub / name).unlink()
    (tmp_path / name).write_bytes(b"another")
    with pytest.raises(EnvironmentFault, match=r"cannot be fetched from file:.*invalid hash value"):
        find_weights(RESNET, Weights(tag="default"), None, download=True)


@pytest.mark.parametrize("tag", ["a1_in1k", "default"])
def test_timms_download_is_found_with_its_licence(face: Path, tag: str) -> None:
    save_file(STATE, face / "model.safetensors")
    found = find_weights(TIMM, Weights(tag=tag), None)
    assert (found.tag, found.sha256) == ("a1_in1k", sha256(face / "model.safetensors"))
    assert (found.normalisation, found.license) == (IMAGENET, "apache-2.0")
    assert found.source == "https://huggingface.co/timm/resnet18.a1_in1k"
    assert weights_file(TIMM, found, None) == face / "model.safetensors"


def test_timms_older_download_is_found_where_torch_keeps_it(
    face: Path, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EnvironmentFault) as told:
        find_weights(TIMM, Weights(tag="a1_in1k"), None)
    assert told.value.hint.endswith(f"put resnet18_a1_0-d63eafa0.pth in {hub}")
    import timm

    path = saved_as_published(hub, "resnet18_a1_0")
    config = timm.models.get_pretrained_cfg("resnet18.a1_in1k")
    monkeypatch.setattr(
        timm.models, "get_pretrained_cfg", lambda _: replace(config, url=path.as_uri())
    )
    found = find_weights(TIMM, Weights(tag="a1_in1k"), None)
    assert found.sha256 == sha256(path)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_a_folder_of_hugging_face_tells_its_normalisation(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "resnet"
    folder.mkdir()
    config = {"architecture": "resnet18", "pretrained_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3}}
    (folder / "config.json").write_text(json.dumps(config))
    if name.endswith("bin"):
        torch.save(STATE, folder / name)
    else:
        save_file(STATE, folder / name)
    found = find_weights(TIMM, Weights(file="resnet"), tmp_path)
    assert found.sha256 == sha256(folder / name)
    assert found.normalisation == Normalisation(mean=(0.5,) * 3, std=(0.25,) * 3)
    assert read_state(weights_file(TIMM, found, tmp_path)).tensors.keys() == STATE.keys()


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"no model\.safetensors and no pytorch_model\.bin"):
        find_weights(TIMM, Weights(file=str(tmp_path)), None)


def test_weights_of_a_run_tell_the_normalisation_that_they_were_trained_with(
    tmp_path: Path,
) -> None:
    own = {
        **{f"body.{name}": value for name, value in STATE.items()},
        "mean": torch.tensor([0.25, 0.5]).view(1, 2, 1, 1),
        "std": torch.tensor([1.0, 2.0]).view(1, 2, 1, 1),
    }
    save_file(own, tmp_path / "x.safetensors")
    found = find_weights("wrn", Weights(file="x.safetensors"), tmp_path)
    assert found.normalisation == Normalisation(mean=(0.25, 0.5), std=(1.0, 2.0))


def test_a_file_that_does_not_tell_its_normalisation_has_to_be_told(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "x.pt")
    with pytest.raises(BadInput, match="does not tell how pixels were normalised") as told:
        find_weights(RESNET, Weights(file="x.pt"), tmp_path)
    assert "normalise: imagenet" in told.value.hint
    asked = Weights(file="x.pt", asked="data")
    assert find_weights(RESNET, asked, tmp_path).normalisation is None


def test_another_sha256_is_refused_then_and_later(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "x.pt")
    right = sha256(tmp_path / "x.pt")
    asked = Weights(file="x.pt", asked="data", sha256=right)
    found = find_weights(RESNET, asked, tmp_path)
    torch.save({**STATE, "more": torch.ones(1)}, tmp_path / "x.pt")
    for look in (find_weights, weights_file):
        with pytest.raises(EnvironmentFault, match=rf"its sha256 is [0-9a-f]{{64}}, not {right}"):
            look(RESNET, found, tmp_path)


def test_a_missing_file_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=str(tmp_path / "x.pt")) as told:
        find_weights(RESNET, Weights(file="x.pt"), tmp_path)
    assert "--data-root" in told.value.hint
    with pytest.raises(EnvironmentFault, match=str(tmp_path / "x.pt")) as told:
        find_weights(RESNET, Weights(file=str(tmp_path / "x.pt")), None)
    assert not told.value.hint  # the path is not relative
    with pytest.raises(BadInput, match="'local-dir:x' is a folder as timm spells it"):
        find_weights(TIMM, Weights(file="local-dir:x"), tmp_path)


@pytest.mark.parametrize(
    ("network", "tag", "told"),
    [
        (RESNET, "IMAGENET1K_V9", "torchvision has no weights 'IMAGENET1K_V9' of resnet18"),
        ("torchvision/resnet1", "default", "torchvision has no network 'resnet1'"),
        (TIMM, "a9_in1k", "timm has no weights 'a9_in1k' of resnet18"),
        ("timm/resnet1", "default", "timm has no network 'resnet1'"),
        ("wrn", "default", "nobody publishes weights of wrn"),
    ],
)
def test_unknown_weights_are_named(network: str, tag: str, told: str) -> None:
    if network.startswith("timm"):
        pytest.importorskip("timm", reason="timm is not installed")
    with pytest.raises(BadInput, match=told):
        find_weights(network, Weights(tag=tag), None)
