"""Catalogue entries by family: facts about a name, without importing its code."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from poolbench.core.options import Option
from poolbench.core.plugin_source import PluginSource


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The entry of one name in a catalogue.

    Args:
        target: ``"package.module:Attribute"``, imported on first use.
        summary: One line for listings.
        options: Options of the target, besides the arguments that its family always passes.
        reference: Source of the definition.
        revision: Raised by hand whenever results change; part of a cell's identity.
        plugin: The plug-in that added it; ``None`` for a built-in. Set by :meth:`Catalogue.add`.
    """

    target: str
    summary: str
    options: Mapping[str, Option] = field(default_factory=dict)
    reference: str = ""
    revision: int = 1
    plugin: PluginSource | None = None

    reserved: ClassVar[frozenset[str]] = frozenset({"name"})
    """Names that no option may have, as the family passes them or a suite reads them."""
    lazy: ClassVar[tuple[str, ...]] = ()
    """Fields besides ``target`` that name code, imported on first use."""

    def targets(self) -> dict[str, str]:
        """Return the targets ``"package.module:attribute"`` by field."""
        lazy = {key: getattr(self, key) for key in self.lazy}
        return {"target": self.target, **{key: text for key, text in lazy.items() if text}}

    def fault(self) -> str:
        """Return what is wrong with the entry, as text; empty if it is valid."""
        for key, target in self.targets().items():
            module, _, attribute = str(target).partition(":")
            if not (module and attribute.isidentifier()):
                return f"its {key} is {target!r}; expected 'package.module:attribute'"
        for key, option in self.options.items():
            if not isinstance(option, Option):
                return f"its option '{key}' is {option!r}; expected an Option"
            if key in self.reserved:
                return f"its option '{key}' has a reserved name"
            if fault := option.fault():
                return f"its option '{key}': {fault}"
        return ""


@dataclass(frozen=True, kw_only=True)
class OperatorEntry(Entry):
    """A pooling operator.

    Args:
        scopes: What it can pool: whole maps, windows, or both.
        formula: Its definition over the n elements z of a window.
        learns: Name of its learned parameter; empty for none.
        definition: Target of ``define(z, **values) -> float``: the operator on the elements of one
            window, in plain float64, for tests to compare with. It gets the options and learned
            values that it has parameters for, by name.
        breaks: Laws it does not obey; tests check all others. ``definition``: a value depends on
            one channel's window alone. ``order``: it does not depend on the order of the elements
            (if broken, the definition gets ``None`` for padding). ``shift``: pooling x + c gives
            c more. ``minus-infinity``: -inf is an element like others, and alone gives -inf.
        skips_minus_infinity: Whether the result stays finite with -inf beside finite elements, as
            for a maximum.
        largest_window: Largest number of elements; ``None`` for any.
        is_stride: Whether it does not pool: the convolution beside it may take the stride.
    """

    scopes: tuple[Literal["global", "windowed"], ...] = ("global", "windowed")
    formula: str = ""
    learns: str = ""
    definition: str = ""
    breaks: tuple[Literal["definition", "order", "shift", "minus-infinity"], ...] = ()
    skips_minus_infinity: bool = False
    largest_window: int | None = None
    is_stride: bool = False

    reserved: ClassVar[frozenset[str]] = frozenset(
        {"name", "window", "channels", "grid", "kernel_size", "stride", "padding", "ceil_mode"}
    )
    lazy: ClassVar[tuple[str, ...]] = ("definition",)


@dataclass(frozen=True, kw_only=True)
class Site:
    """A named place for an operator in a network.

    Args:
        name: Name in a suite's ``pools``.
        scope: ``global`` pools ``(N,C,H,W) -> (N,C)``, ``windowed`` keeps a grid, ``strided`` is a
            convolution with a stride, for which there is no operator yet; ``any`` is known only
            when the network is built.
        default: Operator there if a variant names none; empty if the network's own pool stays.
        needs: Option of the network that must be true for the site to exist; empty for none.
    """

    name: str
    scope: Literal["global", "windowed", "strided", "any"]
    default: str
    needs: str = ""

    def exists(self, options: Mapping[str, object]) -> bool:
        """Return whether the network has the site, given all its options."""
        return not self.needs or bool(options.get(self.needs))


@dataclass(frozen=True, kw_only=True)
class ModelEntry(Entry):
    """A network.

    Args:
        sites: Its pooling sites, in forward order.
        parameters: Published or derived parameter counts, for listings.
        input_shape: ``(C, H, W)`` if only one is possible; ``None`` otherwise.
        finds_sites: Whether its pools are found when it is built: ``sites`` are groups of them,
            and a variant may name a single one by its module path.
    """

    sites: tuple[Site, ...]
    parameters: str = ""
    input_shape: tuple[int, int, int] | None = None
    finds_sites: bool = False

    reserved: ClassVar[frozenset[str]] = frozenset({"name", "weights"})

    def filled(self, options: Mapping[str, object], named: Collection[str]) -> dict[str, Site]:
        """Return the sites that get an operator, by name.

        Args:
            options: All options of the network.
            named: What a variant names. A name that is not returned is not a site of the network.
        """
        sites = {site.name: site for site in self.sites if site.exists(options)}
        if not self.finds_sites:
            return sites
        if not named:
            return {name: site for name, site in sites.items() if site.default}
        # Whatever else is named stays as it is in the library.
        chosen = {name: site for name, site in sites.items() if name in named}
        paths = [name for name in named if name not in sites]
        return chosen | {path: Site(name=path, scope="any", default="") for path in paths}


@dataclass(frozen=True, kw_only=True)
class DataEntry(Entry):
    """A data set.

    Args:
        shape: ``(C, H, W)`` of its images; ``None`` if it depends on the options.
        num_classes: Number of classes; ``None`` if it depends on the files.
        counts: Images in the training and the test split; ``None`` if they depend on options or
            files.
        counts_of: Target of ``count(source: Named) -> (train, test)``, for counts that depend on
            the options; empty otherwise.
        checksum: Identifies its content, whatever the options; empty to compute it from the files
            that ``find`` returns, or without ``find`` from the images that ``target`` reads.
        find: Target of ``find(source: Named, root: Path | None) -> FoundFiles``, which raises
            ``EnvironmentFault`` if files are missing; empty if it needs none.
        license: Terms or origin, for listings.
    """

    shape: tuple[int, int, int] | None = None
    num_classes: int | None = None
    counts: tuple[int, int] | None = None
    counts_of: str = ""
    checksum: str = ""
    find: str = ""
    license: str = ""

    reserved: ClassVar[frozenset[str]] = frozenset(
        {"name", "limit", "validation", "fold", "augment", "root", "download"}
    )
    lazy: ClassVar[tuple[str, ...]] = ("find", "counts_of")

    def classes_of(self, options: Mapping[str, Any]) -> int | None:
        """Return the number of classes with these options; ``None`` if it depends on the files."""
        return self.num_classes or options.get("num_classes")

    def fault(self) -> str:
        """Return what is wrong with the entry, as text; empty if it is valid."""
        if self.checksum and "path" in self.options:
            return (
                "it has a checksum and an option `path`, which is not part of a run's identity; "
                "give it `find` instead of the checksum"
            )
        return super().fault()


@dataclass(frozen=True, kw_only=True)
class PictureEntry(DataEntry):
    """A data set of pictures of any size, which are decoded once.

    ``find`` returns ``poolbench.data.sorted_pictures.SortedPictures``, and ``target`` is
    ``read(found, source: Named) -> PictureList``, so that pictures are looked for once.
    """

    def fault(self) -> str:
        """Return what is wrong with the entry, as text; empty if it is valid."""
        if not self.find:
            return "it is of pictures, and has no `find`; give it the function that finds them"
        return super().fault()


@dataclass(frozen=True, kw_only=True)
class ProbeEntry(Entry):
    """A probe of trained networks.

    Args:
        axis: Quantity that its points vary: ``epsilon`` (pixels are in [0, 1]), ``size_px``, or a
            name of its own for plain numbers, such as ``angle_deg``.
        norm: Norm of an attack that epsilon bounds, ``inf`` or ``2``; reports combine attacks of
            one norm into a worst case. Empty for a probe that is not an attack.
    """

    axis: str
    norm: str = ""

    reserved: ClassVar[frozenset[str]] = frozenset({"name", "subject", "on_progress"})


@dataclass(frozen=True, kw_only=True)
class SearchEntry(Entry):
    """A search for a recipe: see ``poolbench.search.api``."""

    reserved: ClassVar[frozenset[str]] = frozenset({"name", "start", "epochs", "holdout"})


@dataclass(frozen=True, kw_only=True)
class EngineEntry(Entry):
    """A place where cells run: see ``poolbench.engines.api``.

    Args:
        check: Target of ``check(options) -> (option, fault, hint) | None`` for options that are
            each in range, but not together; empty if there are none.
    """

    check: str = ""

    lazy: ClassVar[tuple[str, ...]] = ("check",)


@dataclass(frozen=True, kw_only=True)
class FormatEntry(Entry):
    """A format of tables: ``render(tables: Sequence[Table]) -> str``.

    Args:
        suffix: File suffix that selects it, with its dot; empty for none.
        with_charts: Target of ``render(tables, charts) -> str`` if the format can show charts;
            empty otherwise.
    """

    suffix: str = ""
    with_charts: str = ""

    lazy: ClassVar[tuple[str, ...]] = ("with_charts",)

    def fault(self) -> str:
        """Return what is wrong with the entry, as text; empty if it is valid."""
        if self.suffix and not re.fullmatch(r"\.[a-z0-9]+", self.suffix):
            return (
                f"its suffix is '{self.suffix}'; expected a dot and lower-case letters or digits, "
                f"such as '.tsv'"
            )
        return super().fault()
