"""Weights that a network starts from, instead of random ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from poolbench.core.document import Finite
from poolbench.core.named import Named

BODY = "body."
PIXELS = ("mean", "std")
"""Names of the tensors of a run: what those of its network start with, and those of its pixels."""


@dataclass(frozen=True, kw_only=True)
class Normalisation:
    """What a network expects its pixels to be normalised with, by channel.

    Args:
        mean: Mean of the pixels, in [0, 1].
        std: Standard deviation of the pixels, above 0.
    """

    mean: tuple[Finite, ...]
    std: tuple[Finite, ...]


IMAGENET = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Weights by the name that a suite gives them.

    Args:
        tag: Name of published weights in the network's library, ``default`` for its choice;
            empty for a file.
        file: A file of tensors, or a folder with one as Hugging Face keeps it; a relative path
            is below the data root. Empty for published weights.
        sha256: Of the file, in hexadecimal digits; what a suite expects, or empty, until the
            file has been read.
        normalisation: What they were trained with; ``None`` for the statistics of the training
            data of each cell.
        asked: ``imagenet``, ``data`` or ``given`` if the suite names the normalisation; empty to
            take that of the weights themselves.
        pools: Operators by site that they were trained with; sites left out have the network's
            own pools.
        license: Of published weights; empty if it is not stated.
        source: Where published weights are from; empty if it is not stated.
    """

    tag: str = ""
    file: str = ""
    sha256: str = ""
    normalisation: Normalisation | None = None
    asked: str = ""
    pools: Mapping[str, Named] = field(default_factory=dict)
    license: str = ""
    source: str = ""

    def __str__(self) -> str:
        return self.tag or self.file

    def identity(self, pools: Mapping[str, Any]) -> dict[str, Any]:
        """Return what changes a result: neither a path nor a name.

        Args:
            pools: ``self.pools`` as identities.
        """
        document: dict[str, Any] = {"sha256": self.sha256}
        if self.normalisation is not None:
            document["mean"] = list(self.normalisation.mean)
            document["std"] = list(self.normalisation.std)
        return document | ({"pools": dict(pools)} if pools else {})
