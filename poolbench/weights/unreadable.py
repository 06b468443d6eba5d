"""What a file is that holds no weights that can be read; nothing in it is executed."""

from __future__ import annotations

import pickletools
import zipfile
from pathlib import Path

import torch

from poolbench.core.counted import first_of
from poolbench.core.errors import BadInput
from poolbench.weights.state_dicts import WRAPPINGS

_LOOKED_AT = 64  # bytes
_MOST_OF_PICKLE = 1 << 24  # bytes; the pickle of an archive has no tensors' values
_SHOWN = 3
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
_POINTER = "version https://git-lfs"
_SAVE_NETWORK = "save its tensors: torch.save(network.state_dict(), FILE)"
_NAME_ONE = "name a file of safetensors, or of torch.save(network.state_dict(), FILE)"


def refusal(path: Path, error: Exception, *, has_code: bool) -> BadInput:
    """Return the error of a file that torch does not load as data.

    Args:
        path: The file.
        error: What torch raised.
        has_code: Whether it was that the file has more than tensors.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    if not start:
        return BadInput(f"{path} is empty", "copy or download it again")
    if not start.startswith((_ZIP, _PICKLE)):
        return _neither(path, start)
    if _is_compiled(path):
        return BadInput(
            f"{path} is a network compiled by TorchScript, not its weights",
            f"save its tensors: torch.save(torch.jit.load('{path.name}').state_dict(), FILE)",
        )
    if has_code:
        return _more_than_tensors(path)
    reason = str(error).partition("\n")[0].partition(". ")[0] or type(error).__name__
    return BadInput(f"{path} is damaged: {reason}", "copy or download it again")


def _neither(path: Path, start: bytes) -> BadInput:
    # The last character may be cut.
    text = start.decode("utf-8", errors="ignore")
    is_text = len(text.encode()) > len(start) - 4 and text.replace("\n", "").isprintable()
    if text.startswith(_POINTER):
        return BadInput(
            f"{path} is a pointer of Git LFS to a file that is not here", "type: git lfs pull"
        )
    what = "is a text file" if is_text else "is neither of torch.save nor of safetensors"
    return BadInput(f"{path} {what}, and holds no weights", _NAME_ONE)


def _is_compiled(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except Exception:  # a damaged archive raises anything
        return False


def _more_than_tensors(path: Path) -> BadInput:
    names = _code_in(path)
    what = f" ({first_of(names, _SHOWN)})" if names else ""
    key = _key_in(path)
    if key is None:
        told, hint = f"more than tensors{what}, such as a whole network", _SAVE_NETWORK
    else:
        told = f"more than tensors{what} beside '{key}'"
        hint = f"save the tensors alone, where it was made: torch.save(checkpoint['{key}'], FILE)"
    return BadInput(f"{path} holds {told}; code is never loaded", hint)


def _code_in(path: Path) -> list[str]:
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except Exception:  # a damaged or an older file may raise anything
        return []


def _key_in(path: Path) -> str | None:
    """Return the key of the state dict in the mapping that an archive holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(each for each in archive.namelist() if each.endswith("/data.pkl"))
            with archive.open(name) as file:
                steps = pickletools.genops(file.read(_MOST_OF_PICKLE))
                first = next(code.name for code, _, _ in steps if code.name != "PROTO")
                if first != "EMPTY_DICT":
                    return None
                words = {word for _, word, _ in steps if isinstance(word, str)}
    except Exception:  # a damaged pickle raises anything
        return None
    return next((key for key in WRAPPINGS if key in words), None)
