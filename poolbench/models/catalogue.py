"""The catalogue of networks: our own by name, those of other libraries as ``LIBRARY/NAME``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from poolbench.core.catalogue import Catalogue, ModelEntry, Site

LIBRARIES = ("torchvision", "timm")
_GROUPS = (
    Site(name="head", scope="global", default="average"),
    Site(name="se", scope="global", default=""),
    Site(name="window", scope="windowed", default=""),
    Site(name="stride", scope="strided", default=""),
)


class ModelCatalogue(Catalogue[ModelEntry]):
    """A catalogue that also contains every network of torchvision and timm.

    The names in those libraries are only checked when a network is built, because asking would
    load torch. They are not part of iteration.
    """

    def __getitem__(self, name: str) -> ModelEntry:
        library, _, architecture = str(name).partition("/")
        if library not in LIBRARIES or not architecture:
            return super().__getitem__(name)
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
