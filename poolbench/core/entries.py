"""What a catalogue says of a name, family by family, without importing what it stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from poolbench.core.options import Option
from poolbench.core.plugin_source import PluginSource


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One name of a catalogue.

    Args:
        target: ``"package.module:Attribute"``, imported on first use.
        summary: One line for listings.
        options: What the target takes besides what its family always passes.
        reference: Where the definition comes from.
        revision: Raised by hand whenever results change; part of a cell's identity.
        plugin: What it is from, if it is not ours; filled in by :meth:`Catalogue.add`.
    """

    target: str
    summary: str
    options: Mapping[str, Option] = field(default_factory=dict)
    reference: str = ""
    revision: int = 1
    plugin: PluginSource | None = None

    reserved: ClassVar[frozenset[str]] = frozenset({"name"})
    """Names that no option may have: the family passes them itself, or a suite reads them."""
    lazy: ClassVar[tuple[str, ...]] = ()
    """Fields beside ``target`` that name code, imported on first use."""

    def targets(self) -> dict[str, str]:
        """Return the code it names, ``"package.module:attribute"`` by the name of the field."""
        lazy = {key: getattr(self, key) for key in self.lazy}
        return {"target": self.target, **{key: text for key, text in lazy.items() if text}}

    def fault(self) -> str:
        """Return what is wrong with it, in words; empty if nothing is."""
        for key, target in self.targets().items():
            module, _, attribute = str(target).partition(":")
            if not (module and attribute.isidentifier()):
                return f"its {key} is {target!r}; expected 'package.module:attribute'"
        for key, option in self.options.items():
            if not isinstance(option, Option):
                return f"its option '{key}' is {option!r}; expected an Option"
            if key in self.reserved:
                return f"its option '{key}' has a name that is taken"
            if fault := option.fault():
                return f"its option '{key}': {fault}"
        return ""


@dataclass(frozen=True, kw_only=True)
class OperatorEntry(Entry):
    """A pooling operator.

    Args:
        scopes: Where it can stand: on a whole map, on windows, or both.
        formula: Its definition over the n elements z of a window.
        learns: Name of its learned parameter, if it has one.
        definition: Names ``define(z, **values) -> float``: the operator on the elements of one
            window, in plain float64, for tests to compare with. It is given those options and
            learned values that it takes, by name.
        breaks: Laws it does not keep; tests hold it to all others. ``definition``: a value is
            that of one channel's window. ``order``: it does not matter which element is where
            (else the definition is given ``None`` for padding). ``shift``: pooling x + c gives
            c more. ``minus-infinity``: -inf is an element like others, and alone gives -inf.
        skips_minus_infinity: Whether -inf beside other elements changes nothing to speak of, as in
            a maximum: the result stays finite.
        largest_window: Elements that it can take at most; ``None`` for any number.
        is_stride: Whether nothing pools: the convolution beside it may take the stride.
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
    """A named place in a network where an operator sits.

    Args:
        name: As a suite's ``pools`` names it.
        scope: ``global`` pools ``(N,C,H,W) -> (N,C)``, ``windowed`` keeps a grid.
        default: Operator that stands there when a variant names none.
        needs: Option of the network that must be true for the site to exist.
    """

    name: str
    scope: Literal["global", "windowed"]
    default: str
    needs: str = ""

    def exists(self, options: Mapping[str, object]) -> bool:
        """Return whether the network has the site, given all of its options."""
        return not self.needs or bool(options.get(self.needs))


@dataclass(frozen=True, kw_only=True)
class ModelEntry(Entry):
    """A network.

    Args:
        sites: Its pooling sites, in forward order.
        parameters: Published or derived parameter counts, for listings.
        input_shape: ``(C, H, W)`` when only one is possible, else ``None``.
    """

    sites: tuple[Site, ...]
    parameters: str = ""
    input_shape: tuple[int, int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class DataEntry(Entry):
    """A data set.

    Args:
        shape: ``(C, H, W)`` of its images; ``None`` when the options decide.
        num_classes: ``None`` when the files decide.
        counts: Images in the training and the test split; ``None`` when options or files decide.
        counts_of: Names ``count(source: Named) -> (train, test)`` where the options decide.
        checksum: What identifies its content, whatever the options; empty when that is computed:
            from the files that ``find`` gives, or else from the images that ``target`` reads.
        find: Names ``find(source: Named, root: Path | None) -> FoundFiles``, which gives the files
            and raises ``EnvironmentFault`` where they are missing; empty where it needs none.
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

    def fault(self) -> str:
        """Return what is wrong with it, in words; empty if nothing is."""
        if self.checksum and "path" in self.options:
            return (
                "it states a checksum and takes a `path`, which is no part of what identifies a "
                "run; name `find` in place of the checksum"
            )
        return super().fault()


@dataclass(frozen=True, kw_only=True)
class ProbeEntry(Entry):
    """A probe of trained networks.

    Args:
        axis: What its points are taken over: ``epsilon`` (in the unit of pixels in [0, 1]),
            ``size_px``, or a name of its own for plain numbers, such as ``angle_deg``.
        norm: Of an attack: the norm that epsilon bounds, ``inf`` or ``2``. Reports join attacks
            of one norm to a worst case. Empty for all that is no attack.
    """

    axis: str
    norm: str = ""

    reserved: ClassVar[frozenset[str]] = frozenset({"name", "subject", "on_progress"})


@dataclass(frozen=True, kw_only=True)
class FormatEntry(Entry):
    """A format of tables: ``render(tables: Sequence[Table]) -> str``.

    Args:
        suffix: End of a file's name that asks for it, with its dot; empty for none.
        with_charts: Names ``render(tables, charts) -> str`` where the format has room for pictures.
    """

    suffix: str = ""
    with_charts: str = ""

    lazy: ClassVar[tuple[str, ...]] = ("with_charts",)

    def fault(self) -> str:
        """Return what is wrong with it, in words; empty if nothing is."""
        if self.suffix and not re.fullmatch(r"\.[a-z0-9]+", self.suffix):
            return f"its suffix is '{self.suffix}'; expected a dot and small letters, as '.tsv'"
        return super().fault()
