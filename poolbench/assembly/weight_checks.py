"""Whether a file's tensors are those of a network, and its images those of the weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

from torch import Tensor

from poolbench.core.cell import ModelSpec
from poolbench.core.counted import counted, first_of
from poolbench.core.errors import BadInput

_SHOWN = 10
# torch itself accepts states of before it counted them, and nothing here reads the count.
_OPTIONAL = "num_batches_tracked"


def check_channels(spec: ModelSpec, in_channels: int) -> None:
    """Check that the normalisation of weights is for images of so many channels.

    Raises:
        BadInput: It is not.
    """
    normalisation = None if spec.weights is None else spec.weights.normalisation
    if normalisation is not None and len(normalisation.mean) != in_channels:
        raise BadInput(
            f"{spec.weights} are for images of {counted(len(normalisation.mean), 'channel')}, "
            f"these have {in_channels}",
            "add `normalise: data`, or one mean and deviation a channel: "
            f"normalise: {{mean: {_averages(normalisation.mean, in_channels)}, "
            f"std: {_averages(normalisation.std, in_channels)}}} takes their averages",
        )


def _averages(values: Sequence[float], count: int) -> list[float]:
    return [round(fmean(values), 4)] * count


def fits(
    tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor], classifier: Collection[str]
) -> bool:
    """Return whether all of a network is there in its shapes, but for the number of classes."""
    needed = {name for name in expected if not name.endswith(_OPTIONAL)}
    return needed <= tensors.keys() <= expected.keys() and all(
        _has_shape(value, expected[name], name in classifier) for name, value in tensors.items()
    )


def _has_shape(value: Tensor, expected: Tensor, is_of_classifier: bool) -> bool:
    return value.shape == expected.shape or (
        is_of_classifier and value.dim() > 0 and value.shape[1:] == expected.shape[1:]
    )


def check_tensors(
    spec: ModelSpec,
    tensors: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    classifier: Collection[str],
) -> None:
    """Check that tensors are exactly a network's, but for the number of classes.

    Args:
        spec: Architecture and weights.
        tensors: By name.
        expected: Those of the network.
        classifier: Names of its classifier's parameters.

    Raises:
        BadInput: Names are missing or unexpected, shapes differ, or values are not float32.
    """
    network = spec.network.name
    missing = [name for name in expected if name not in tensors and not name.endswith(_OPTIONAL)]
    unexpected = [name for name in tensors if name not in expected]
    if missing or unexpected:
        told = [
            f"{counted(len(names), 'tensor')} {what}: {first_of(names, _SHOWN)}"
            for names, what in ((missing, "missing"), (unexpected, "not in the network"))
            if names
        ]
        hint = "name the network that they were saved from"
        if not missing:
            hint += ", with `pools` of the weights if operators of it have parameters"
        raise BadInput(f"{spec.weights} are no weights of {network}: {'; '.join(told)}", hint)
    wrong = [
        f"{name} is {_shape(value)}, not {_shape(expected[name])}"
        for name, value in tensors.items()
        if not _has_shape(value, expected[name], name in classifier)
    ]
    _refuse(wrong, f"{spec.weights} are no weights of {network}: ", "name the network's options")
    others = [
        f"{name} is {str(value.dtype).removeprefix('torch.')}"
        for name, value in tensors.items()
        if value.dtype != expected[name].dtype
    ]
    _refuse(
        others,
        f"{spec.weights} are not in the precision of training, float32: ",
        "save them as float32: {name: value.float() ...}",
    )


def _refuse(faults: Sequence[str], start: str, hint: str) -> None:
    if faults:
        raise BadInput(f"{start}{first_of(faults, _SHOWN)}", hint)


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"
