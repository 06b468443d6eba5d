"""Files of weights are read as data: any wrapping, nothing executed."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from poolbench.core.errors import BadInput
from poolbench.weights.reading import read_state, without_prefixes

STATE = {"layer.weight": torch.arange(6.0).view(2, 3), "layer.bias": torch.tensor([7.0, 8.0])}


def same(state: dict[str, torch.Tensor]) -> bool:
    return state.keys() == STATE.keys() and all(torch.equal(state[k], STATE[k]) for k in STATE)


def test_safetensors_and_what_torch_saves_are_told_by_their_bytes(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.pt")
    torch.save(STATE, tmp_path / "b.safetensors")
    torch.save(STATE, tmp_path / "c", _use_new_zipfile_serialization=False)
    assert all(same(read_state(tmp_path / name)) for name in ("a.pt", "b.safetensors", "c"))


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_the_wrapping_of_a_training_script_is_taken_off(tmp_path: Path, key: str) -> None:
    torch.save({key: STATE, "epoch": 3, "optimizer": {"lr": 0.1}}, tmp_path / "x.pt")
    assert same(read_state(tmp_path / "x.pt"))


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
    with pytest.raises(BadInput, match="such as a whole network") as refusal:
        read_state(tmp_path / "x.pt")
    assert "state_dict()" in refusal.value.hint


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
