"""Training states as bytes: tensors in safetensors, everything else as JSON in its header.

No pickle is written or read, so a checkpoint holds only data, never code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

_DOCUMENT = "document"
_TENSOR = "__tensor__"


class UnreadableCheckpoint(ValueError):
    """The bytes are not a checkpoint of this network and recipe."""


def pack(state: Mapping[str, Any]) -> bytes:
    """Return a nested state of mappings, lists, tensors and JSON scalars as bytes.

    Mappings with whole-number keys, as in optimisers, come back with those keys.

    Raises:
        MemoryError: There is no memory for them.
        TypeError: A value is of another type.
    """
    tensors: dict[str, Tensor] = {}

    def strip(value: Any) -> Any:
        if isinstance(value, Tensor):
            name = f"t{len(tensors):05d}"
            tensors[name] = value.detach().cpu().contiguous()
            return {_TENSOR: name}
        if isinstance(value, Mapping):
            return {"items": [[key, strip(item)] for key, item in value.items()]}
        if isinstance(value, list | tuple):
            return [strip(item) for item in value]
        return value

    document = json.dumps(strip(state), separators=(",", ":"))
    return _serialised(tensors, metadata={_DOCUMENT: document})


def unpack(data: bytes) -> Any:
    """Return the state that :func:`pack` was given; tensors are on the CPU.

    Raises:
        UnreadableCheckpoint: The bytes were not written by :func:`pack`.
    """
    try:
        tensors = safetensors.torch.load(data)
        header_size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + header_size])
        document = json.loads(header["__metadata__"][_DOCUMENT])
    except (SafetensorError, ValueError, KeyError) as error:
        raise UnreadableCheckpoint(f"not a checkpoint: {error}") from error

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            if _TENSOR in value:
                return tensors[value[_TENSOR]]
            return {key: fill(item) for key, item in value["items"]}
        if isinstance(value, list):
            return [fill(item) for item in value]
        return value

    return fill(document)


def pack_weights(state: Mapping[str, Tensor]) -> bytes:
    """Return a network's ``state_dict`` as a plain safetensors file."""
    return _serialised({name: value.detach().cpu().contiguous() for name, value in state.items()})


def _serialised(tensors: dict[str, Tensor], **options: Any) -> bytes:
    try:
        return safetensors.torch.save(tensors, **options)
    except BaseException as error:
        # So its Rust ends where Python has no memory for the bytes: past every ``Exception``.
        if type(error).__name__ == "PanicException":
            raise MemoryError(f"safetensors: {error}") from error
        raise
