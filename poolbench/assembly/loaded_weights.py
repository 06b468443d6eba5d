"""Weights of a file in a network: checked name by name, before anything is copied."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from poolbench.assembly.classifier import classifier_parameters
from poolbench.assembly.network import ANY_NUM_CLASSES, build_body, model_spec
from poolbench.assembly.weight_checks import TRAINED_WITH, check_channels, check_tensors, fits
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import ModelSpec
from poolbench.core.weights import PIXELS
from poolbench.models import MODELS
from poolbench.operators.base import PoolingOperator
from poolbench.weights.conversion import converted
from poolbench.weights.state_dicts import without_prefixes


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file's tensors, held against the network that they were made with.

    Args:
        tensors: By name in that network's body.
        classifier: Names of its classifier's parameters.
        operators: Kind of each of its operators, by path.
        is_kept: Whether its classifier has as many classes as the data.
        classes: The number of classes of the file's classifier.
        num_classes: The number of classes of the network that they are held against.
        conversion: By what the file's were changed first; empty if they are as in the file.
        choice: Which state dict of the file they are, for people; empty if it has one.
    """

    tensors: Mapping[str, Tensor]
    classifier: Collection[str]
    operators: Mapping[str, type[nn.Module]]
    is_kept: bool
    classes: int
    num_classes: int
    conversion: str = ""
    choice: str = ""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Which of a network's tensors start from a file, and which do not.

    Args:
        loaded: Tensors by name in the body.
        classifier: Names of the classifier's parameters if it stays random, as the file's has
            another number of classes.
        file_classes: The number of classes of the file's classifier.
        num_classes: The number of classes of the network.
        fresh: Names of operators' own parameters that start as the operator says.
        random: Those of ``fresh`` that are weights of convolutions, which start random.
        unused: Names in the file that belong to operators which are not in this network.
        conversion: By what the file's tensors were changed first; empty if they were not.
        choice: Which state dict of the file they are, for people; empty if it has one.
    """

    loaded: Mapping[str, Tensor]
    classifier: tuple[str, ...]
    file_classes: int
    num_classes: int
    fresh: tuple[str, ...]
    random: tuple[str, ...]
    unused: tuple[str, ...]
    conversion: str = ""
    choice: str = ""


def own_pooling(spec: ModelSpec) -> ModelSpec:
    """Return the network that weights were made with.

    That is the same one, with the operators that ``spec.weights.pools`` names or else its own
    pools.
    """
    pools = {} if spec.weights is None else dict(spec.weights.pools)
    entry = MODELS[spec.network.name]
    if not entry.finds_sites:
        own = model_spec(spec.network.name, spec.network.options, {}).pools
        pools = {**own, **pools}
    return replace(spec, pools=pools)


def read_source(
    spec: ModelSpec,
    state: Mapping[str, Tensor],
    *,
    in_channels: int,
    num_classes: int | None,
    image_size: tuple[int, int],
    trained_with: str = TRAINED_WITH,
) -> Source:
    """Hold a file's tensors against the network that they were made with.

    They have to be exactly its tensors, but for the number of classes.

    Args:
        spec: Architecture and weights.
        state: Tensors of the file, as they are in it.
        in_channels: Channels of the images.
        num_classes: Width of the logits; ``None`` for that of the file's classifier.
        image_size: (H, W) of training images, in pixels.
        trained_with: How messages name what tells the operators that they were trained with.

    Raises:
        BadInput: The network cannot be built for such images, or the file is not of it: names are
            missing or unexpected, shapes differ, or values are not float32 or not finite.
    """
    source = own_pooling(spec)
    built_for = ANY_NUM_CLASSES if num_classes is None else num_classes
    with without_memory():
        made = build_body(
            source, in_channels=in_channels, num_classes=built_for, image_size=image_size
        )
    expected = made.state_dict()
    tensors = without_prefixes(
        {name: value for name, value in state.items() if name not in PIXELS or name in expected},
        expected,
    )
    classifier = classifier_parameters(
        made, source, in_channels=in_channels, num_classes=built_for, image_size=image_size
    )
    check_channels(spec, in_channels)
    conversion = ""
    if not fits(tensors, expected, classifier):
        tensors, conversion = _converted(spec, tensors, in_channels, built_for)
    check_tensors(spec, tensors, expected, classifier, trained_with)
    classes = min((tensors[name].shape[0] for name in classifier), default=built_for)
    if num_classes is None and classes != built_for:
        return read_source(
            spec,
            state,
            in_channels=in_channels,
            num_classes=classes,
            image_size=image_size,
            trained_with=trained_with,
        )
    return Source(
        tensors=tensors,
        classifier=classifier,
        operators={path: type(operator) for path, operator in _operators(made).items()},
        is_kept=all(tensors[name].shape == expected[name].shape for name in classifier),
        classes=classes,
        num_classes=built_for,
        conversion=conversion,
    )


def plan_start(
    spec: ModelSpec,
    source: Source,
    *,
    in_channels: int,
    image_size: tuple[int, int],
) -> Start:
    """Say what a network takes from a file.

    Of an operator's own parameters those are loaded that the file has for an operator of the same
    kind at the same place.

    Args:
        spec: Architecture, operators and weights.
        source: The file's tensors.
        in_channels: Channels of the images.
        image_size: (H, W) of training images, in pixels.

    Raises:
        BadInput: The network cannot be built for such images, or an operator does not fit.
    """
    with without_memory():
        body = build_body(
            spec,
            in_channels=in_channels,
            num_classes=source.num_classes,
            image_size=image_size,
        )
    tensors, ours = source.tensors, _operators(body)
    loaded, fresh, random = {}, [], []
    for name, value in body.state_dict().items():
        path = _path_of(name, ours)
        has_it = name in tensors and tensors[name].shape == value.shape
        if path is not None and not (has_it and source.operators.get(path) is type(ours[path])):
            fresh.append(name)
            if ours[path].has_ordinary_weights:
                random.append(name)
        elif has_it and (source.is_kept or name not in source.classifier):
            loaded[name] = tensors[name]
    return Start(
        loaded=loaded,
        classifier=() if source.is_kept else tuple(sorted(source.classifier)),
        file_classes=source.classes,
        num_classes=source.num_classes,
        fresh=tuple(fresh),
        random=tuple(random),
        unused=tuple(
            name for name in tensors if _path_of(name, source.operators) and name not in loaded
        ),
        conversion=source.conversion,
        choice=source.choice,
    )


def load_start(body: nn.Module, start: Start) -> None:
    """Copy the tensors of a start into a network."""
    state = body.state_dict()
    with torch.no_grad():
        for name, value in start.loaded.items():
            state[name].copy_(value)


def _operators(body: nn.Module) -> dict[str, PoolingOperator]:
    return {
        path: module for path, module in body.named_modules() if isinstance(module, PoolingOperator)
    }


def _path_of(name: str, paths: Collection[str]) -> str | None:
    return next((path for path in paths if name.startswith(f"{path}.")), None)


def _converted(
    spec: ModelSpec, tensors: dict[str, Tensor], in_channels: int, num_classes: int
) -> tuple[dict[str, Tensor], str]:
    library, _, architecture = spec.network.name.partition("/")
    if library != "timm":
        return tensors, ""
    tag = "" if spec.weights is None else spec.weights.tag
    with without_memory():
        return converted(
            architecture, tag, tensors, in_channels=in_channels, num_classes=num_classes
        )
