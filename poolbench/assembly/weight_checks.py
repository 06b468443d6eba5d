"""Whether a file's tensors are those of a network, and its images those of the weights."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import fmean

import torch
from torch import Tensor

from poolbench.core.cell import ModelSpec
from poolbench.core.counted import counted, first_of
from poolbench.core.errors import BadInput
from poolbench.models import MODELS

TRAINED_WITH = "`pools` of the weights"
"""What tells in a suite which operators weights were trained with."""

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
    trained_with: str = TRAINED_WITH,
) -> None:
    """Check that tensors are exactly a network's, but for the number of classes.

    Args:
        spec: Architecture and weights.
        tensors: By name.
        expected: Those of the network.
        classifier: Names of its classifier's parameters.
        trained_with: How messages name what tells the operators that they were trained with.

    Raises:
        BadInput: Names are missing or unexpected, shapes differ, or values are not float32 or not
            finite.
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
            hint += f"; if it pooled with operators that have parameters, add {trained_with}"
        raise BadInput(f"{spec.weights} are no weights of {network}: {'; '.join(told)}", hint)
    wrong = [
        f"{name} is {_shape(value)}, not {_shape(expected[name])}"
        for name, value in tensors.items()
        if not _has_shape(value, expected[name], name in classifier)
    ]
    hint = "name the network that they were saved from"
    if MODELS[network].options:
        hint += f", with its options ({', '.join(MODELS[network].options)})"
    _refuse(wrong, f"{spec.weights} are no weights of {network}: ", hint)
    _check_types(spec, tensors, expected)
    _check_finite(spec, tensors)


def _check_types(
    spec: ModelSpec, tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> None:
    others = {
        name: f"{name} is {_type(value)}"
        for name, value in tensors.items()
        if value.dtype != expected[name].dtype
    }
    numbers = [told for name, told in others.items() if expected[name].is_floating_point()]
    _refuse(
        numbers,
        f"{spec.weights} is not in the precision of training, float32: ",
        "save them as float32: {name: value.float() if value.is_floating_point() else value "
        "for name, value in state.items()}",
    )
    integers = [f"{told}, not {_type(expected[name])}" for name, told in others.items()]
    _refuse(
        integers,
        f"{spec.weights} has other numbers where whole ones belong: ",
        f"save them as whole numbers: {{name: value.long() if name.endswith('{_OPTIONAL}') else "
        "value for name, value in state.items()}",
    )


def _check_finite(spec: ModelSpec, tensors: Mapping[str, Tensor]) -> None:
    wrong = {
        name: int(count)
        for name, value in tensors.items()
        if value.is_floating_point() and (count := (~torch.isfinite(value)).sum())
    }
    values = counted(sum(wrong.values()), "value that is", "values that are")
    _refuse(
        [f"{name} ({count:,})" for name, count in wrong.items()],
        f"{spec.weights} has {values} NaN or infinite: ",
        "take a checkpoint of before its training diverged",
    )


def _type(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _refuse(faults: Sequence[str], start: str, hint: str) -> None:
    if faults:
        raise BadInput(f"{start}{first_of(faults, _SHOWN)}", hint)


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"
