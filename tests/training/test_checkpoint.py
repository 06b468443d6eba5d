from __future__ import annotations

from collections.abc import Callable

import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from poolbench.training.checkpoint import UnreadableCheckpoint, pack, pack_weights, unpack


class PanicException(BaseException):
    """What safetensors raises where Python has no memory: past every ``Exception``."""


@pytest.mark.parametrize("pack", [pack, pack_weights])
def test_without_memory_for_the_bytes_it_is_a_memory_error(
    monkeypatch: pytest.MonkeyPatch, pack: Callable[[dict[str, torch.Tensor]], bytes]
) -> None:
    def panic(*_: object, **__: object) -> bytes:
        raise PanicException("PyObject pointer is null")

    monkeypatch.setattr(safetensors.torch, "save", panic)
    with pytest.raises(MemoryError, match="pointer is null"):
        pack({"a": torch.zeros(2)})


scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5)
floats = st.floats(allow_nan=False, allow_infinity=False)
states = st.recursive(
    scalars | floats,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(states)
def test_a_nested_state_comes_back(state: object) -> None:
    assert unpack(pack({"state": state})) == {"state": state}


def test_tensors_come_back_with_their_bits_and_types() -> None:
    tensors = {
        "a": torch.randn(3, 2),
        "b": torch.arange(5, dtype=torch.int64),
        "c": torch.tensor(float("nan"), dtype=torch.float64),
        "d": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
    }
    back = unpack(pack({"deep": [tensors]}))["deep"][0]
    for name, tensor in tensors.items():
        assert back[name].dtype == tensor.dtype
        assert torch.equal(back[name].nan_to_num(7.0), tensor.nan_to_num(7.0))


def test_whole_number_keys_survive() -> None:
    assert unpack(pack({"state": {0: {"momentum": 1.5}}})) == {"state": {0: {"momentum": 1.5}}}


@pytest.mark.parametrize("data", [b"", b"{}", b"\x80\x04" * 20, pack({"a": 1})[:50]])
def test_bytes_that_are_no_checkpoint_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableCheckpoint):
        unpack(data)


def test_weights_are_a_plain_safetensors_file() -> None:
    network = torch.nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last)
    state = network.state_dict()
    found = safetensors.torch.load(pack_weights(state))
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], value) for name, value in state.items())


def test_what_is_not_data_cannot_be_packed() -> None:
    with pytest.raises(TypeError):
        pack({"code": print})
