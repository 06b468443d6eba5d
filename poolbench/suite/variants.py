"""The variants of a suite: each one's network, operators and recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from poolbench.core.catalogue import Catalogue, Entry
from poolbench.core.cell import BACKBONE, Cell, DataSpec, ModelSpec, Precision, Recipe
from poolbench.core.named import Named
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.faults import Faults, Mark
from poolbench.suite.fine_tuning import read_freeze, read_rates
from poolbench.suite.forms import read_form
from poolbench.suite.merge import lay
from poolbench.suite.nodes import Node
from poolbench.suite.pools import Network, read_pools
from poolbench.suite.schema import (
    DEFAULT_SCHEDULE,
    MAX_NAME_LENGTH,
    ModelForm,
    RecipeForm,
    VariantForm,
)
from poolbench.suite.sections import DataChoice
from poolbench.suite.weights import read_weights


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What a label stands for.

    Args:
        name: The label.
        models: Its network with its operators, by the labels of the suite's networks.
        recipe: Its recipe.
    """

    name: str
    models: Mapping[str, ModelSpec]
    recipe: Recipe


class VariantReader:
    """Checks variants on top of the parts that all of them share.

    Args:
        document: The suite.
        networks: Its networks by label.
        precision: Precision of every recipe.
        datasets: Data sets whose images the networks must take.
        catalogues: Where names are looked up.
        chooser: Checks them and collects faults.
    """

    def __init__(
        self,
        document: Node,
        networks: Mapping[str, Node],
        precision: Precision,
        datasets: Sequence[DataChoice],
        catalogues: Catalogues,
        chooser: Chooser,
    ) -> None:
        self._document = document
        self._networks = networks
        self._precision = precision
        self._datasets = datasets
        self._catalogues = catalogues
        self._chooser = chooser
        self._faults = chooser.faults

    def read(self) -> tuple[Variant, ...]:
        """Check every variant, and that no two describe the same training.

        Returns:
            The valid variants.
        """
        nodes = self._document.entries.get("variants")
        found: dict[tuple[str, bytes], str] = {}
        variants = []
        for name, node in nodes.entries.items() if nodes is not None else ():
            self._check_name(name, node.key)
            variant = self._variant(name, node)
            if variant is None:
                continue
            variants.append(variant)
            twins = [found.setdefault(print, name) for print in _fingerprints(variant)]
            for twin in dict.fromkeys(twin for twin in twins if twin != name):
                self._faults.add(
                    node.key,
                    f"variants '{twin}' and '{name}' describe the same training",
                    "change or remove one of them",
                )
        return tuple(variants)

    def _check_name(self, name: str, mark: Mark) -> None:
        if not name.strip() or not name.isprintable() or len(name) > MAX_NAME_LENGTH:
            self._faults.add(
                mark,
                f"{name[:MAX_NAME_LENGTH]!r} is not a valid variant name",
                f"expected printable text of 1 to {MAX_NAME_LENGTH} characters",
            )

    def _variant(self, name: str, node: Node) -> Variant | None:
        if node.value is not None:
            read_form(VariantForm, node, f"variants.{name}", self._faults)
        over, pools = node.entries.get("model"), node.entries.get("pools")
        if over is not None and len(self._networks) > 1 and _names_a_network(over):
            self._faults.add(
                over.mark,
                f"variant '{name}' names a network, where `model` lists several",
                "give it options that all of them have, or make two suites",
            )
            return None
        found = {label: self._model(over, base, pools) for label, base in self._networks.items()}
        recipe = self._recipe(node.entries.get("recipe"))
        models = {label: model for label, model in found.items() if model is not None}
        if recipe is None or not models or len(models) < len(found):
            return None
        return Variant(name=name, models=models, recipe=recipe)

    def _model(self, over: Node | None, base: Node, pools: Node | None) -> ModelSpec | None:
        node = base if over is None else lay(over, base, "model")
        network = self._network(node)
        if network is None:
            return None
        start = read_weights(network, node, self._catalogues, self._chooser)
        chosen = read_pools(pools, network, self._catalogues, self._chooser)
        if chosen is None or start is None:
            return None
        named, weights = start
        return ModelSpec(network=named, pools=chosen, weights=weights)

    def _network(self, node: Node) -> Network | None:
        network = self._chooser.choose_as(ModelForm, self._catalogues.models, node)
        if network is not None:
            check_shapes(network, self._datasets, self._faults)
        return network

    def _recipe(self, over: Node | None) -> Recipe | None:
        base = self._document.entries.get("recipe")
        node = lay(over, base, "recipe") if over is not None else base
        if node is None:
            return None
        form = read_form(RecipeForm, node, "recipe", self._faults)
        constant = Node(value=DEFAULT_SCHEDULE, mark=node.mark, key=node.key)
        optimizer = self._named(self._catalogues.optimizers, node.entries.get("optimizer"))
        schedule = self._named(self._catalogues.schedules, node.entries.get("schedule", constant))
        freeze = read_freeze(node.entries.get("freeze"), self._faults)
        rates = read_rates(node, self._faults)
        if form is None or optimizer is None or schedule is None:
            return None
        if freeze is None or rates is None:
            return None
        (frozen,) = freeze
        return Recipe(
            epochs=form.epochs,
            batch_size=form.batch_size,
            optimizer=optimizer,
            schedule=schedule,
            label_smoothing=form.label_smoothing,
            pool_lr_factor=form.pool_lr_factor if rates.pooling is None else rates.pooling,
            precision=self._precision,
            clip_norm=form.clip_norm,
            head_lr_factor=rates.head,
            # A rate that nothing is trained with changes no result, so no identity either.
            backbone_lr_factor=1.0 if frozen == BACKBONE else rates.backbone,
            freeze=frozen,
        )

    def _named(self, catalogue: Catalogue[Entry], node: Node | None) -> Named | None:
        chosen = self._chooser.choose(catalogue, node) if node is not None else None
        return chosen.named if chosen is not None else None


def check_shapes(network: Network, datasets: Sequence[DataChoice], faults: Faults) -> None:
    """Check that a network takes the images of data sets, where both say their size."""
    wanted = network.entry.input_shape
    for dataset in datasets:
        given = dataset.entry.shape
        if wanted is not None and given is not None and wanted != given:
            faults.add(
                network.mark,
                f"{network.named.name} takes images of {_size(wanted)}, "
                f"those of {dataset.source.name} are {_size(given)}",
                "choose another network or data set",
            )


def _names_a_network(over: Node) -> bool:
    return "name" in over.entries if over.is_mapping else over.value is not None


def _fingerprints(variant: Variant) -> Iterator[tuple[str, bytes]]:
    """Yield what tells a variant's training from another's, for each network."""
    nothing = DataSpec(source=Named(name="", options={}), checksum="")
    for label, model in variant.models.items():
        cell = Cell(variant="", data=nothing, model=model, recipe=variant.recipe, seed=0)
        # Files of weights have no hash yet: what they are asked by tells them apart.
        yield label, cell.identity + repr(model.weights).encode()


def _size(shape: tuple[int, int, int]) -> str:
    return "x".join(str(extent) for extent in shape)
