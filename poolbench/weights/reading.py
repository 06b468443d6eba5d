"""Tensors from files of weights. A file is only data: nothing in it is executed."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from poolbench.core.errors import BadInput
from poolbench.weights.state_dicts import StateDict, unwrapped
from poolbench.weights.unreadable import refusal

_LENGTH = 8  # bytes


def read_state(path: Path) -> StateDict:
    """Return the tensors of a safetensors file, or of what ``torch.save`` made of a state dict.

    The mappings that training scripts put around a state dict are taken off.

    Args:
        path: The file; its first bytes, not its name, tell what it is.

    Raises:
        BadInput: It holds something else, such as a whole network or code, or is damaged.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_LENGTH + 1)
    # A safetensors file starts with the length of its header, which is a JSON object; a zip archive
    # of torch.save, or before 1.6 its pickle, has no brace there.
    content = _of_safetensors(path) if start[_LENGTH:] == b"{" else _of_torch(path)
    return unwrapped(content, path)


def _of_safetensors(path: Path) -> Any:
    try:
        return safetensors.torch.load_file(path)
    except SafetensorError as error:
        raise BadInput(
            f"{path} holds no weights that can be read: {error}",
            "name a file of safetensors, or of torch.save(network.state_dict())",
        ) from error


def _of_torch(path: Path) -> Any:
    try:
        # A file, as torch would go by the ending of a path.
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")  # of old forms of files, which are read all the same
            return torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a damaged pickle raises anything
        has_code = isinstance(error, pickle.UnpicklingError)
        raise refusal(path, error, has_code=has_code) from error
