"""Which of a network's parameters are its classifier's, its pooling's, and which are frozen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from torch import nn

from poolbench.assembly.classifier import classifier_parameters
from poolbench.assembly.network import ANY_NUM_CLASSES, build_body, image_shape
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import BACKBONE, Cell, Freeze
from poolbench.core.counted import quoted
from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.parts import Parts
from poolbench.operators.base import PoolingOperator
from poolbench.operators.learned import pooling_parameter_names


def parts_of(
    body: nn.Module, cell: Cell, *, num_classes: int, shape: tuple[int, int, int]
) -> Parts:
    """Return the parts of a cell's network, by names in its body.

    The classifier is looked for only if the recipe treats it differently from the backbone.

    Args:
        body: The network without its normalisation.
        cell: Its description and recipe.
        num_classes: Width of its logits.
        shape: (C, H, W) of its images.

    Raises:
        BadInput: A path that is to be frozen is not in the body, the body has no backbone, or
            nothing is left to train.
    """
    recipe, (channels, *size) = cell.recipe, shape
    head: frozenset[str] = frozenset()
    if recipe.freeze == BACKBONE or recipe.head_lr_factor != recipe.backbone_lr_factor:
        head = classifier_parameters(
            body,
            cell.model,
            in_channels=channels,
            num_classes=num_classes,
            image_size=(size[0], size[1]),
        )
    modules = _frozen_modules(body, recipe.freeze, cell.model.network.name)
    frozen = _parameters_in(body, modules, spared=head if recipe.freeze == BACKBONE else ())
    named = dict(body.named_parameters())
    if recipe.freeze == BACKBONE and not frozen:
        raise BadInput(
            f"recipe.freeze: {cell.model.network.name} has no backbone: all of its parameters are "
            "its classifier's or its operators'",
            "leave out freeze",
        )
    if frozen and not any(p.requires_grad for name, p in named.items() if name not in frozen):
        raise BadInput(
            f"recipe.freeze: {recipe.frozen} leaves nothing of {cell.model.network.name} to train",
            "freeze less of it",
        )
    return Parts(
        head=head,
        pooling=pooling_parameter_names(body),
        frozen=frozen,
        still=_still_modules(body, modules, frozen),
    )


def check_freeze(cell: Cell) -> None:
    """Check what a cell's recipe freezes on its network, which is built without memory.

    Raises:
        BadInput: As :func:`parts_of`, or the network cannot be built for such images.
    """
    shape = channels, height, width = image_shape(cell)
    with without_memory():
        body = build_body(
            cell.model,
            in_channels=channels,
            num_classes=ANY_NUM_CLASSES,
            image_size=(height, width),
        )
    parts_of(body, cell, num_classes=ANY_NUM_CLASSES, shape=shape)


def _frozen_modules(body: nn.Module, freeze: Freeze | None, network: str) -> frozenset[str]:
    """Return the paths of the modules that are frozen with all they contain."""
    paths = [path for path, _ in body.named_modules()]
    if freeze is None:
        return frozenset()
    if freeze == BACKBONE:
        operators = [path for path, each in body.named_modules() if _is_operator(each)]
        return frozenset(path for path in paths if not _is_within(path, operators))
    if unknown := [path for path in freeze if path not in paths or not path]:
        raise BadInput(
            f"recipe.freeze: {network} has no {quoted('module', unknown)}",
            _known(unknown[0], paths),
        )
    return frozenset(path for path in paths if _is_within(path, freeze))


def _parameters_in(
    body: nn.Module, modules: Collection[str], *, spared: Collection[str]
) -> frozenset[str]:
    # By identity: a parameter that two modules share has the name of the first.
    inside = {
        id(parameter)
        for path, module in body.named_modules()
        if path in modules
        for parameter in module.parameters(recurse=False)
    }
    return frozenset(
        name for name, p in body.named_parameters() if id(p) in inside and name not in spared
    )


def _still_modules(
    body: nn.Module, modules: Collection[str], frozen: Collection[str]
) -> frozenset[str]:
    """Return the norms whose parameters are all frozen; without any, those in frozen modules."""
    held = {id(p) for name, p in body.named_parameters() if name in frozen}
    still = set()
    for path, module in body.named_modules():
        own = [id(parameter) in held for parameter in module.parameters()]
        if _keeps_statistics(module) and (all(own) if own else path in modules):
            still.add(path)
    return frozenset(still)


def _keeps_statistics(module: nn.Module) -> bool:
    # A spectral norm's are the singular vectors (u, v), which each step in training mode improves.
    names = {name for name, _ in module.named_buffers(recurse=False)}
    return {"_u", "_v"} <= names or any(name.startswith("running_") for name in names)


def _is_operator(module: nn.Module) -> bool:
    return isinstance(module, PoolingOperator)


def _is_within(path: str, others: Sequence[str]) -> bool:
    return any(path == other or path.startswith(f"{other}.") for other in others)


def _known(path: str, paths: Collection[str]) -> str:
    """Return a suggestion among the modules beside the one that is not there."""
    parent = path.rpartition(".")[0]
    while parent not in paths:
        parent = parent.rpartition(".")[0]
    beside = [each for each in paths if each and each.rpartition(".")[0] == parent]
    return did_you_mean(path, beside or [parent])
