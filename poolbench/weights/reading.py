"""Tensors from files of weights. A file is only data: nothing in it is executed."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from poolbench.core.counted import first_of
from poolbench.core.errors import BadInput
from poolbench.core.weights import BODY

_WRAPPINGS = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("module.", "_orig_mod.", "model.", BODY)
_SAVE = "save it again with torch.save(network.state_dict(), FILE)"
_SHOWN = 3
_LENGTH = 8  # bytes


def read_state(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, or of what ``torch.save`` made of a state dict.

    The wrappings that training scripts put around a state dict are taken off: a mapping with the
    key ``state_dict``, ``model_state_dict`` or ``model``.

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
    return dict(_tensors(content, path))


def without_prefixes(state: Mapping[str, Tensor], expected: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return a state with the prefixes taken off that wrappers give to all of its names.

    Those are ``module.`` of DataParallel, ``_orig_mod.`` of torch.compile, ``model.`` of training
    libraries and ``body.`` of this one, one inside the other.

    Args:
        state: Tensors by name.
        expected: The names of the network: a prefix that its own names have stays.
    """
    names = dict(state)
    while names and not names.keys() & expected.keys():
        prefix = next(
            (each for each in _PREFIXES if all(name.startswith(each) for name in names)), None
        )
        if prefix is None:
            return names
        names = {name.removeprefix(prefix): value for name, value in names.items()}
    return names


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
    except pickle.UnpicklingError as error:
        raise BadInput(
            f"{path} holds more than tensors, such as a whole network; code is never loaded", _SAVE
        ) from error
    except Exception as error:  # a damaged pickle raises anything
        reason = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
        raise BadInput(f"{path} is damaged: {reason}", "copy or download it again") from error


def _tensors(content: Any, path: Path) -> Iterator[tuple[str, Tensor]]:
    while isinstance(content, Mapping):
        inner = next((content[key] for key in _WRAPPINGS if key in content), None)
        if not isinstance(inner, Mapping):
            break
        content = inner
    if not isinstance(content, Mapping):
        raise BadInput(f"{path} holds a {type(content).__name__}, not a state dict", _SAVE)
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others or not content:
        what = f"what is no tensor: {first_of(others, _SHOWN)}" if others else "no tensors"
        raise BadInput(f"{path} holds {what}", _SAVE)
    yield from ((str(name), value) for name, value in content.items())
