"""The catalogue of networks: our own by name, those of other libraries as ``LIBRARY/NAME``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from poolbench.core.catalogue import Catalogue, ModelEntry, Site
from poolbench.core.errors import BadInput

LIBRARIES = ("torchvision", "timm")
_GROUPS = (
    Site(name="head", scope="global", default="average"),
    Site(name="se", scope="global", default=""),
    Site(name="window", scope="windowed", default=""),
    Site(name="stride", scope="strided", default=""),
)
# What timm's own functions take before the name of a place instead of a network's.
_PLACES = ("hf-hub:", "hf_hub:", "local-dir:")


class ModelCatalogue(Catalogue[ModelEntry]):
    """A catalogue that also contains every network of torchvision and timm.

    The names in those libraries are only checked when a network is built, because asking would
    load torch. They are not part of iteration.
    """

    def __getitem__(self, name: str) -> ModelEntry:
        library, _, architecture = str(name).partition("/")
        if library not in LIBRARIES or not architecture:
            return super().__getitem__(name)
        if library == "timm":
            _check_spelling(architecture)
        return ModelEntry(
            target=f"poolbench.models.external:{library}_network",
            summary=f"{architecture} of {library}, untrained, operators in place of its pools",
            sites=_GROUPS,
            finds_sites=True,
            parameters="as in the library",
            reference=library,
        )

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        library, _, architecture = str(name).partition("/")
        return library in LIBRARIES and bool(architecture)

    def resolve(self, name: str, part: str = "target") -> Callable[..., Any]:
        """Import and return the function that builds a network."""
        build: Callable[..., Any] = super().resolve(name, part)
        _, slash, architecture = name.partition("/")
        return partial(build, architecture) if slash and name not in self._entries else build


def _check_spelling(architecture: str) -> None:
    """Refuse what timm takes for a network of its own, and what only looks like its weights."""
    name, dot, tag = architecture.partition(".")
    place = next((place for place in _PLACES if name.startswith(place)), None)
    if place is not None:
        name = name.removeprefix(place)
        hint = (
            "name its network, and its folder as Hugging Face keeps it: "
            "model: {name: timm/resnet18, weights: {file: FOLDER}}"
        )
        if name.startswith("timm/") and tag:
            hint = f"for these weights: {{name: {name}, weights: {tag}}}"
        raise BadInput(f"'timm/{architecture}' is a place of weights, not a network", hint)
    if dot and not tag:
        raise BadInput(
            f"'timm/{architecture}' ends with a dot",
            f"for weights: {{name: timm/{name}, weights: TAG}}; without: timm/{name}",
        )
