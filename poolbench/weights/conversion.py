"""Weights in the form that timm's networks have now, made by timm's own loader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_module_registration_hook

from poolbench.models.external import built, timm_with


class _Handed(Exception):
    """Ends timm's loader at the state that it hands to its network."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.state = dict(state)


def converted(
    architecture: str,
    tag: str,
    state: Mapping[str, Tensor],
    *,
    in_channels: int,
    num_classes: int,
) -> tuple[dict[str, Tensor], str]:
    """Return a state as timm's loader would hand it to its network.

    The loader applies the filter that a family of networks has for older forms of its weights, and
    fits the first convolution to the channels of the images. Call it without memory: nothing but
    shapes is asked of the network.

    Args:
        architecture: A name in ``timm.list_models()``.
        tag: Name of published weights; empty for a file.
        state: Tensors by name.
        in_channels: Channels of the images.
        num_classes: Width of the logits; the classifier of the state may have another.

    Returns:
        The tensors, and by what they were made, for people. They are the same and the text is
        empty where the loader changes nothing or does not know what to do with them.
    """
    timm = timm_with(architecture)
    # The classifier is left as it is: whether it fits is for the caller to say.
    source = {"state_dict": dict(state), "classifier": None, "custom_load": False}
    handed = dict(state)
    hook = register_module_module_registration_hook(_listen)
    try:
        built(
            lambda: timm.create_model(
                f"{architecture}.{tag}" if tag else architecture,
                pretrained=True,
                pretrained_cfg_overlay=source,
                num_classes=num_classes,
                in_chans=in_channels,
            )
        )
    except _Handed as end:
        handed = end.state
    except Exception:  # a filter raises anything at weights of another network
        return handed, ""
    finally:
        hook.remove()
    is_same = handed.keys() == state.keys() and all(
        handed[name] is value for name, value in state.items()
    )
    return handed, "" if is_same else f"timm {timm.__version__}"


def _listen(module: nn.Module, name: str, child: Any) -> None:  # noqa: ARG001
    """Have a module end the loader, if it is the whole network."""
    if not module._load_state_dict_pre_hooks:
        module.register_load_state_dict_pre_hook(_end)  # type: ignore[no-untyped-call]


def _end(module: nn.Module, state: Mapping[str, Tensor], prefix: str, *rest: Any) -> None:  # noqa: ARG001
    if not prefix:
        raise _Handed(state)
