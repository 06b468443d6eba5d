"""A cell: one (variant, data set, seed) to train, and the identity of its result.

The identity is the SHA-256 of the canonical JSON of everything that changes a result, and of
nothing else: not the device, the number of workers, a title or a variant's label. Two suites
that describe the same training share its run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

from poolbench.core.document import Count, Finite, PartialShare, Positive
from poolbench.core.named import Named
from poolbench.core.plugin_source import as_identity, as_stored
from poolbench.core.weights import Weights

ScoredOn = Literal["test", "validation"]
Precision = Literal["fp32", "tf32", "bf16"]
Origin = Literal["trained", "evaluated"]
Freeze = tuple[str, ...] | Literal["backbone"]
BACKBONE: Literal["backbone"] = "backbone"
IDENTITY_VERSION = 1
ID_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """The data set and how it is used.

    Args:
        source: The data set.
        checksum: Identifies the content of its files.
        limit: Most images of each split, at least 1; ``None`` for all.
        validation: Fraction of the training images held out, in [0, 1).
        fold: Number of the random hold-out, from 0.
        augment: Augmentations of training batches, in this order.
        scored_on: What the result is of: the test split, or the images held out, as in a search,
            which never opens the test split.
        reads_train: Whether its training images are read: by all but evaluations of networks whose
            pixels are normalised by given numbers.
    """

    source: Named
    checksum: str
    limit: Positive | None = None
    validation: PartialShare = 0.0
    fold: Count = 0
    augment: tuple[Named, ...] = ()
    scored_on: ScoredOn = "test"
    reads_train: bool = True

    @cached_property
    def identity(self) -> str:
        """Its part of the identity of a cell."""
        document = as_identity(self)
        # The path of a folder of pictures does not change results; its content is in the checksum.
        document["source"]["options"].pop("path", None)
        # A result on the test split keeps the identity it had before there were searches.
        if self.scored_on == "test":
            del document["scored_on"]
        if self.reads_train:
            del document["reads_train"]
        return _canonical(document)


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """The network, with an operator for each of its sites.

    Args:
        network: The network.
        pools: Operators by site.
        weights: What it starts from; ``None`` for random weights.
    """

    network: Named
    pools: Mapping[str, Named]
    weights: Weights | None = None

    @cached_property
    def identity(self) -> str:
        """Its part of the identity of a cell."""
        document = as_identity(self)
        # A network that starts from random weights keeps the identity it had before any other.
        weights = document.pop("weights")
        if self.weights is not None:
            document["weights"] = self.weights.identity(weights["pools"])
        return _canonical(document)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Args:
        epochs: Passes over the training images; 0 for a network that is evaluated as its weights
            are, of which a recipe tells nothing but the precision.
        batch_size: Images per step, at least 1; the last, smaller batch of an epoch is used too.
        optimizer: From the optimizer catalogue.
        schedule: From the schedule catalogue.
        label_smoothing: In [0, 1).
        pool_lr_factor: Learning rate of pooling parameters, as a multiple of the optimiser's; > 0.
        precision: See ``training.arithmetic``; it changes results, so it is part of the identity.
        clip_norm: Largest L2 norm of a step's gradient, over all trained parameters together; a
            larger gradient is scaled down to it. ``None`` for no clipping.
        head_lr_factor: Learning rate of the classifier, as a multiple of the optimiser's; > 0.
        backbone_lr_factor: Of all that is neither classifier nor pooling, likewise.
        freeze: What is not trained: the ``backbone``, or the modules at these paths in the
            network's body, sorted. ``None`` for nothing.
    """

    epochs: Count
    batch_size: Positive
    optimizer: Named
    schedule: Named
    label_smoothing: PartialShare = 0.0
    pool_lr_factor: Finite = 1.0
    precision: Precision = "fp32"
    clip_norm: Finite | None = None
    head_lr_factor: Finite = 1.0
    backbone_lr_factor: Finite = 1.0
    freeze: Freeze | None = None

    @property
    def frozen(self) -> str | None:
        """What is frozen, in words; ``None`` for nothing."""
        return ", ".join(self.freeze) if isinstance(self.freeze, tuple) else self.freeze

    @cached_property
    def identity(self) -> str:
        """Its part of the identity of a cell."""
        if self.epochs == 0:
            return _canonical({"epochs": 0, "precision": self.precision})
        document = as_identity(self)
        # Training without these keeps the identity it had before recipes could have them.
        for name, absent in RECIPE_ABSENT.items():
            if document[name] == absent:
                del document[name]
        return _canonical(document)


RECIPE_ABSENT: Mapping[str, Any] = {
    field.name: field.default
    for field in fields(Recipe)
    if field.name in ("clip_norm", "head_lr_factor", "backbone_lr_factor", "freeze")
}
"""The fields that the identity of a recipe has only where they are not as here."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One network to train.

    Args:
        variant: Its label in the suite; not part of the identity.
        data: The data it is trained on.
        model: The network and its operators.
        recipe: How it is trained.
        seed: Seed of initialisation, data order and augmentation; at least 0.
        network_label: Its network among those that the suite lists; empty if it has one. Not part
            of the identity either.
    """

    variant: str
    data: DataSpec
    model: ModelSpec
    recipe: Recipe
    seed: Count
    network_label: str = ""

    @cached_property
    def identity(self) -> bytes:
        """The bytes that are hashed: canonical JSON, keys sorted, no white space."""
        return f'{self._without_seed},"seed":{self.seed}}}'.encode()

    @property
    def _without_seed(self) -> str:
        # The seeds of a variant share these parts, which are written once for all of them.
        return (
            f'{{"data":{self.data.identity},"identity":{IDENTITY_VERSION},'
            f'"model":{self.model.identity},"recipe":{self.recipe.identity}'
        )

    @cached_property
    def id(self) -> str:
        """Name of the run in the store: the first 16 hex digits of the identity's SHA-256."""
        return hashlib.sha256(self.identity).hexdigest()[:ID_LENGTH]

    @property
    def origin(self) -> Origin:
        """How its result was made: by training, or by evaluating weights as they are."""
        return "trained" if self.recipe.epochs else "evaluated"

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that changes its result but the seed, as JSON."""
        document: dict[str, Any] = json.loads(f"{self._without_seed}}}")
        return document

    @cached_property
    def condition(self) -> str:
        """The id of the cell without its seed; cells of one condition are its replicates."""
        return hashlib.sha256(f"{self._without_seed}}}".encode()).hexdigest()[:ID_LENGTH]

    def __str__(self) -> str:
        parts = (self.variant, self.network_label, self.data.source.name, f"seed {self.seed}")
        return " · ".join(filter(None, parts))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document that ``read_as`` reads back."""
        return as_stored(self)


def _canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
