"""The ``search`` of a suite: a search, where it starts, and what each trial trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from poolbench.core.errors import did_you_mean
from poolbench.core.options import BadValue, Option
from poolbench.core.search import SearchSpec
from poolbench.search.api import BadSearch, Search
from poolbench.search.recipes import key_of, start_of
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.choices import Chooser
from poolbench.suite.faults import Faults, Mark
from poolbench.suite.nodes import Node
from poolbench.suite.schema import SearchForm
from poolbench.suite.sections import DataChoice
from poolbench.suite.variants import Variant

_ANY = Option(kind=float)
_RATE = Option(kind=float, above=0.0)


def read_search(
    node: Node | None,
    datasets: Sequence[DataChoice],
    variants: Sequence[Variant],
    catalogues: Catalogues,
    chooser: Chooser,
) -> SearchSpec | None:
    """Check ``search``: a name, or a mapping of a name and options.

    Besides the options of the search it may have ``start``, ``epochs`` and ``holdout``. The search
    must be possible from the recipe of every variant.

    Args:
        node: The section, if the suite has one.
        datasets: The valid data sets.
        variants: The valid variants.
        catalogues: Where names, and the ranges of a recipe's options, are looked up.
        chooser: Checks names and options, and collects faults.

    Returns:
        The search; ``None`` if the suite has none, or after adding at least one fault.
    """
    if node is None or node.value is None:
        return None
    chosen = chooser.choose_as(SearchForm, catalogues.searches, node)
    if chosen is None:
        return None
    faults = chooser.faults
    place = _Place(node.spelled_out("name"), chosen.mark, chosen.named.name)
    spec = SearchSpec(
        name=chosen.named.name,
        options=chosen.named.options,
        revision=chosen.named.revision,
        plugin=chosen.named.plugin,
        start=chosen.form.start,
        epochs=chosen.form.epochs,
        holdout=chosen.form.holdout,
    )
    try:
        search: Search = catalogues.searches.resolve(spec.name)(**spec.options)
    except BadSearch as error:
        place.add(error, faults)
        return None
    for name in spec.start:
        if name not in search.names:
            hint = did_you_mean(name, search.names)
            mark = place.node.at(["start", name]).key
            faults.add(mark, f"the start of '{name}', which {spec.name} does not change", hint)
    for dataset in datasets:
        if dataset.validation:
            what = f"validation: {dataset.validation:g}, where a search holds out images of its own"
            hint = (
                f"leave it out; the search holds out {spec.holdout:g} (`search: {{holdout: ...}}`)"
            )
            faults.add(dataset.mark, what, hint)
    for variant in variants:
        _check_variant(variant, search, spec, place, catalogues, faults)
    return spec


class _Place:
    """Where the parts of a search are written.

    Args:
        node: The section, spelled out.
        name: Where its name is written, for what it leaves to the defaults.
        called: Its name.
    """

    def __init__(self, node: Node, name: Mark, called: str) -> None:
        self.node = node
        self._name = name
        self._called = called

    def of(self, option: str, index: int | None) -> Mark:
        if option not in self.node.entries:
            return self._name
        return self.node.at([option] if index is None else [option, index]).mark

    def of_start(self, name: str) -> Mark | None:
        written = self.node.entries.get("start")
        return written.entries[name].mark if written and name in written.entries else None

    def add(self, error: BadSearch, faults: Faults) -> None:
        mark = self.of_start(error.name) or self.of(error.option, error.index)
        option = f"{self._called}.{error.option}" if error.option else self._called
        faults.add(mark, f"{option}: {error.message}", error.hint)


def _check_variant(
    variant: Variant,
    search: Search,
    spec: SearchSpec,
    place: _Place,
    catalogues: Catalogues,
    faults: Faults,
) -> None:
    """Check that the search is possible from a variant's recipe, and stays in its ranges."""
    known = dict(_options(variant, search, catalogues))
    is_right = [_is_valid(name, known, place, faults) for name in spec.start]
    try:
        start = start_of(search, spec, variant.recipe)
        if not all(is_right):
            return
        search.check(start)
    except BadSearch as error:
        place.add(error, faults)
        return
    for name, ends in search.bounds(start).items():
        for end in ends:
            try:
                known[name].check(end)
            except BadValue:
                option, index = search.names[name]
                message = f"{spec.name}.{option}: {name} may come to {end:g}"
                hint = f"expected {known[name].describe_range()}"
                faults.add(place.of(option, index), message, hint)


def _is_valid(name: str, known: Mapping[str, Option], place: _Place, faults: Faults) -> bool:
    """Return whether a value of ``start`` is in the range of its option."""
    try:
        known.get(name, _ANY).check(place.node.at(["start", name]).plain())
    except BadValue as error:
        mark = place.of_start(name) or place.of("start", None)
        faults.add(mark, f"start.{name}: {error.message}", error.hint)
        return False
    return True


def _options(
    variant: Variant, search: Search, catalogues: Catalogues
) -> Iterator[tuple[str, Option]]:
    """Yield each option that the search changes, as the variant's recipe has it."""
    recipe = variant.recipe
    declared: Mapping[str, Mapping[str, Option]] = {
        "optimizer": catalogues.optimizers[recipe.optimizer.name].options,
        "schedule": catalogues.schedules[recipe.schedule.name].options,
        "rates": {"head": _RATE, "backbone": _RATE},
    }
    for name in search.names:
        if key := key_of(recipe, name):
            part, _, option = key.partition(".")
            yield name, declared[part][option]
