"""State dicts out of what training scripts put around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from poolbench.core.counted import first_of
from poolbench.core.errors import BadInput
from poolbench.core.weights import BODY

WRAPPINGS = (
    "state_dict",
    "model_state_dict",
    "model",
    "net",
    "network",
    "weights",
    "state_dict_ema",
    "model_ema",
)
"""Keys around a state dict, the preferred one first."""

_PREFIXES = ("module.", "_orig_mod.", "model.", BODY)
# torch.optim.swa_utils.AveragedModel counts with it, beside the network, its `module`.
_COUNT = "n_averaged"
_SAVE = "save it again with torch.save(network.state_dict(), FILE)"
_SHOWN = 3
_DEEPEST = 4


@dataclass(frozen=True, kw_only=True)
class StateDict:
    """The tensors of a file.

    Args:
        tensors: By name, as in the file.
        choice: Which state dict they are, if the file holds several, for people; otherwise empty.
    """

    tensors: Mapping[str, Tensor]
    choice: str = ""


def unwrapped(content: Any, path: Path) -> StateDict:
    """Return the state dict in a file's content.

    Args:
        content: What the file holds.
        path: The file, for messages.

    Raises:
        BadInput: There is none, or something beside its tensors.
    """
    choices = []
    for _ in range(_DEEPEST):
        inside = _states_in(content)
        if not inside:
            break
        taken, *others = inside
        content = content[taken]
        if others:
            choices.append(
                f"'{taken}' is taken, not {' or '.join(map(repr, others))}; for another, save it "
                f"alone: torch.save(checkpoint['{others[0]}'], FILE)"
            )
    if not isinstance(content, Mapping):
        raise BadInput(f"{path} holds a {type(content).__name__}, not a state dict", _SAVE)
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others or not content:
        what = f"what is no tensor: {first_of(others, _SHOWN)}" if others else "no tensors"
        raise BadInput(f"{path} holds {what}", _SAVE)
    tensors = {str(name): value for name, value in content.items()}
    return StateDict(tensors=tensors, choice="; ".join(choices))


def _states_in(content: Any) -> list[str]:
    """Return the keys that state dicts have in a mapping; one that is empty counts alone."""
    if not isinstance(content, Mapping):
        return []
    inside = [key for key in WRAPPINGS if isinstance(content.get(key), Mapping)]
    return [key for key in inside if _holds_tensors(content[key])] or inside[:1]


def _holds_tensors(content: Mapping[Any, Any]) -> bool:
    return any(isinstance(value, Tensor) for value in content.values()) or any(
        isinstance(content.get(key), Mapping) for key in WRAPPINGS
    )


def without_prefixes(state: Mapping[str, Tensor], expected: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return a state without what wrappers add to all of its names.

    Those are ``module.`` of DataParallel, ``_orig_mod.`` of torch.compile, ``model.`` of training
    libraries and ``body.`` of this one, one inside the other, and the ``n_averaged`` beside the
    ``module.`` of torch's AveragedModel.

    Args:
        state: Tensors by name.
        expected: The names of the network: a prefix that its own names have stays.
    """
    names = dict(state)
    while names and not names.keys() & expected.keys():
        others = [name for name in names if name != _COUNT]
        prefix = next(
            (each for each in _PREFIXES if all(name.startswith(each) for name in others)), None
        )
        if not others or prefix is None or (_COUNT in names and prefix != _PREFIXES[0]):
            return names
        names = {name.removeprefix(prefix): names[name] for name in others}
    return names
