"""Files of weights are read as data: any wrapping, nothing executed."""

from __future__ import annotations

import os
import pickle
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

from poolbench.core.errors import BadInput
from poolbench.weights.reading import read_state
from poolbench.weights.state_dicts import StateDict, without_prefixes

STATE = {"layer.weight": torch.arange(6.0).view(2, 3), "layer.bias": torch.tensor([7.0, 8.0])}


def same(found: StateDict | dict[str, torch.Tensor]) -> bool:
    state = found.tensors if isinstance(found, StateDict) else found
    return state.keys() == STATE.keys() and all(torch.equal(state[k], STATE[k]) for k in STATE)


def test_safetensors_and_what_torch_saves_are_told_by_their_bytes(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.pt")
    torch.save(STATE, tmp_path / "b.safetensors")
    torch.save(STATE, tmp_path / "c", _use_new_zipfile_serialization=False)
    assert all(same(read_state(tmp_path / name)) for name in ("a.pt", "b.safetensors", "c"))


@pytest.mark.parametrize(
    "key",
    [
        "state_dict",
        "model_state_dict",
        "model",
        "net",
        "network",
        "weights",
        "state_dict_ema",
        "model_ema",
    ],
)
def test_the_wrapping_of_a_training_script_is_taken_off(tmp_path: Path, key: str) -> None:
    torch.save({key: STATE, "epoch": 3, "optimizer": {"lr": 0.1}}, tmp_path / "x.pt")
    found = read_state(tmp_path / "x.pt")
    assert same(found)
    assert not found.choice


def test_of_several_states_the_choice_is_told(tmp_path: Path) -> None:
    averaged = {name: value + 1 for name, value in STATE.items()}
    content = {"model_ema": averaged, "model": STATE, "net": {"depth": 18}, "epoch": 3}
    torch.save(content, tmp_path / "x.pt")
    found = read_state(tmp_path / "x.pt")
    assert same(found)
    assert found.choice == (
        "'model' is taken, not 'model_ema'; for another, save it alone: "
        "torch.save(checkpoint['model_ema'], FILE)"
    )


def test_a_mapping_that_holds_itself_ends(tmp_path: Path) -> None:
    content: dict[str, Any] = {}
    content["model"] = content
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(BadInput, match="holds what is no tensor: model"):
        read_state(tmp_path / "x.pt")


def test_a_network_that_torch_averaged_is_understood() -> None:
    network = nn.Sequential(nn.Linear(3, 2))
    averaged = AveragedModel(network)
    assert "n_averaged" in averaged.state_dict()
    state = without_prefixes(averaged.state_dict(), network.state_dict())
    assert state.keys() == network.state_dict().keys()
    # Beside anything else it is a name like others.
    other = {"n_averaged": torch.ones(1), "0.weights": torch.ones(1)}
    assert without_prefixes(other, network.state_dict()) == other


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod.model."])
def test_prefixes_that_all_names_have_are_taken_off(prefix: str) -> None:
    wrapped = {f"{prefix}{name}": value for name, value in STATE.items()}
    assert same(without_prefixes(wrapped, STATE))


def test_a_prefix_that_the_network_has_stays_and_so_does_one_of_some_names_only() -> None:
    own = {f"model.{name}": value for name, value in STATE.items()}
    assert without_prefixes(own, own) == own
    part = dict([*own.items()][:1])
    assert without_prefixes(part, own) == part
    mixed = {"model.layer.weight": STATE["layer.weight"], "criterion.weight": torch.ones(1)}
    assert without_prefixes(mixed, STATE) == mixed


class _Executed:
    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.proof),)


@pytest.mark.parametrize("is_zip", [True, False])
def test_code_in_a_pickle_is_refused_and_not_executed(tmp_path: Path, is_zip: bool) -> None:
    proof = tmp_path / "executed"
    content = {"layer.weight": _Executed(proof)}
    if is_zip:
        torch.save(content, tmp_path / "x.pt")
    else:
        (tmp_path / "x.pt").write_bytes(pickle.dumps(content))
    with pytest.raises(BadInput, match=r"more than tensors.* code is never loaded"):
        read_state(tmp_path / "x.pt")
    assert not proof.exists()


def test_a_whole_network_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 3), tmp_path / "x.pt")
    with pytest.raises(BadInput, match=r"\(torch.*Linear\), such as a whole network") as refusal:
        read_state(tmp_path / "x.pt")
    assert "state_dict()" in refusal.value.hint


@pytest.mark.parametrize(
    ("beside", "told"),
    [(Namespace(lr=0.1), "argparse.Namespace"), (np.float64(0.7), "scalar")],
)
def test_what_is_beside_the_tensors_is_named_with_the_line_that_saves_them_alone(
    tmp_path: Path, beside: Any, told: str
) -> None:
    torch.save({"state_dict": STATE, "args": beside}, tmp_path / "x.pt")
    with pytest.raises(BadInput, match=rf"{told}.* beside 'state_dict'; code is never") as refusal:
        read_state(tmp_path / "x.pt")
    assert refusal.value.hint.endswith("torch.save(checkpoint['state_dict'], FILE)")


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("content", "told", "advice"),
    [
        (b"", "x.pt is empty", "copy or download"),
        (b"hello world, this is a text\n", "is a text file, and holds no weights", "safetensors"),
        ("naïve ☃ text ".encode() * 9, "is a text file, and holds no weights", "safetensors"),
        (POINTER, "is a pointer of Git LFS", "git lfs pull"),
        (b"\x89PNG\r\n\x1a\n" * 9, "is neither of torch.save nor of safetensors", "name a file"),
    ],
)
def test_a_file_of_something_else_is_called_what_it_is(
    tmp_path: Path, content: bytes, told: str, advice: str
) -> None:
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(BadInput, match=told) as refusal:
        read_state(tmp_path / "x.pt")
    assert advice in refusal.value.hint


@pytest.mark.filterwarnings("ignore:.*jit.*:FutureWarning")
def test_a_network_compiled_by_torchscript_is_called_that(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(2, 3)).save(tmp_path / "x.pt")
    with pytest.raises(BadInput, match="compiled by TorchScript") as refusal:
        read_state(tmp_path / "x.pt")
    assert "torch.jit.load('x.pt').state_dict()" in refusal.value.hint


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([torch.ones(1)], "holds a list, not a state dict"),
        ({}, "holds no tensors"),
        ({"a": torch.ones(1), "b": 3}, "holds what is no tensor: b"),
    ],
)
def test_what_is_no_state_dict_is_named(tmp_path: Path, content: Any, told: str) -> None:
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(BadInput, match=told):
        read_state(tmp_path / "x.pt")


@pytest.mark.parametrize("kept", [0, 1, 7, 100, 400, 900])
def test_a_torn_file_is_named_whatever_is_left_of_it(tmp_path: Path, kept: int) -> None:
    torch.save(STATE, tmp_path / "x.pt")
    save_file({name: value.repeat(40, *[1] * (value.ndim - 1)) for name, value in STATE.items()},
              tmp_path / "y.safetensors")  # fmt: skip
    for path in (tmp_path / "x.pt", tmp_path / "y.safetensors"):
        path.write_bytes(path.read_bytes()[:kept])
        with pytest.raises(BadInput, match=str(path.name)):
            read_state(path)


def test_any_flipped_byte_gives_tensors_or_a_refusal(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "x.pt")
    whole = (tmp_path / "x.pt").read_bytes()
    for position in range(0, len(whole), 7):
        torn = bytearray(whole)
        torn[position] ^= 0xFF
        (tmp_path / "x.pt").write_bytes(torn)
        try:
            read_state(tmp_path / "x.pt")
        except BadInput:
            continue
