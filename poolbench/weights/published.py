"""The weights that torchvision and timm publish: their names, and where their files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.weights import Normalisation
from poolbench.models.external import timm_with, torchvision_with

DEFAULT = "default"
HUGGING_FACE = ("model.safetensors", "pytorch_model.bin")
"""Names of files of weights on Hugging Face, the preferred one first."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """Weights that a library publishes.

    Args:
        tag: Their name in the library.
        files: Where the library keeps its download, the preferred one first.
        normalisation: As their transform has it.
        license: As the library states it; empty if it does not.
        source: Where they are from.
        download: Fetches them with the library's own function.
    """

    tag: str
    files: tuple[Path, ...]
    normalisation: Normalisation
    license: str
    source: str
    download: Any


def published(network: str, tag: str) -> Published:
    """Return what a library says of weights.

    Args:
        network: ``torchvision/NAME`` or ``timm/NAME``.
        tag: Their name, or ``default``.

    Raises:
        BadInput: The library has no such network or weights.
        EnvironmentFault: timm is not installed.
    """
    library, _, architecture = network.partition("/")
    if library == "torchvision":
        return _of_torchvision(architecture, tag)
    if library == "timm":
        return _of_timm(architecture, tag)
    raise BadInput(
        f"nobody publishes weights of {network}", "name a file: weights: {file: x.safetensors}"
    )


def _of_torchvision(architecture: str, tag: str) -> Published:
    import torch

    every = torchvision_with(architecture).get_model_weights(architecture)
    named = {each.name: each for each in every}
    chosen = every.DEFAULT if tag == DEFAULT else named.get(tag)
    if chosen is None:
        raise BadInput(
            f"torchvision has no weights '{tag}' of {architecture}", did_you_mean(tag, named)
        )
    transform = chosen.transforms()
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(chosen.url).path).name
    return Published(
        tag=chosen.name,
        files=(file,),
        normalisation=Normalisation(mean=tuple(transform.mean), std=tuple(transform.std)),
        license=chosen.meta.get("license", ""),
        source=chosen.url,
        download=lambda: chosen.get_state_dict(progress=False, check_hash=True),
    )


def _of_timm(architecture: str, tag: str) -> Published:
    timm = timm_with(architecture)
    from huggingface_hub import try_to_load_from_cache

    known = [each.partition(".")[2] for each in timm.list_pretrained(f"{architecture}.*")]
    if not known or tag not in (DEFAULT, *known):
        hint = did_you_mean(tag, known) if known else "name a file: weights: {file: x.safetensors}"
        raise BadInput(f"timm has no weights '{tag}' of {architecture}", hint)
    config: Any = timm.models.get_pretrained_cfg(
        architecture if tag == DEFAULT else f"{architecture}.{tag}"
    )
    hub = config.hf_hub_id
    files = [
        Path(found)
        for form in ((config.hf_hub_filename,) if config.hf_hub_filename else HUGGING_FACE)
        if hub and isinstance(found := try_to_load_from_cache(hub, form), str)
    ]
    return Published(
        tag=config.tag,
        files=(*files, *_of_hub(config.url)),
        normalisation=Normalisation(mean=tuple(config.mean), std=tuple(config.std)),
        license=config.license or "",
        source=f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else config.url,
        download=lambda: timm.create_model(f"{architecture}.{config.tag}", pretrained=True),
    )


def _of_hub(url: str | None) -> tuple[Path, ...]:
    import torch

    if not url:
        return ()
    return (Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name,)
