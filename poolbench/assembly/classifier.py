"""Which parameters of a network are its classifier's."""

from __future__ import annotations

from torch import nn

from poolbench.assembly.network import build_body
from poolbench.assembly.without_memory import without_memory
from poolbench.core.cell import ModelSpec
from poolbench.operators.learned import pooling_parameter_names


def classifier_parameters(
    body: nn.Module,
    spec: ModelSpec,
    *,
    in_channels: int,
    num_classes: int,
    image_size: tuple[int, int],
) -> frozenset[str]:
    """Return the names of a body's parameters whose shape depends on the number of classes.

    That is what a classifier is, whatever a network calls it. An operator's own parameters are
    never among them, even where it pools one map per class.

    Args:
        body: The network, with or without memory.
        spec: Its architecture and operators.
        in_channels: Channels of the images.
        num_classes: Width of the logits.
        image_size: (H, W) of training images, in pixels.

    Raises:
        BadInput: The network cannot be built for such images.
    """
    with without_memory():
        wider = build_body(
            spec, in_channels=in_channels, num_classes=num_classes + 1, image_size=image_size
        )
    shapes = {name: parameter.shape for name, parameter in wider.named_parameters()}
    named = dict(body.named_parameters())
    own = pooling_parameter_names(body)
    return frozenset(
        name for name, each in named.items() if each.shape != shapes[name] and name not in own
    )
