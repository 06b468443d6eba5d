"""Catalogues: names of operators, networks, data sets, ... that resolve to code on first use.

A catalogue is a table of ``name -> Entry("package.module:Attribute", ...)``. Reading it imports
nothing, so listing, completing and checking a suite cost no torch. A suite can only ever name an
entry, never a Python path.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from poolbench.core.errors import BadInput, did_you_mean
from poolbench.core.options import Option


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One name of a catalogue.

    Args:
        target: ``"package.module:Attribute"``, imported on first use.
        summary: One line for listings.
        options: What the target takes besides what its family always passes.
        reference: Where the definition comes from.
        revision: Raised by hand whenever results change; part of a cell's identity.
    """

    target: str
    summary: str
    options: Mapping[str, Option] = field(default_factory=dict)
    reference: str = ""
    revision: int = 1


@dataclass(frozen=True, kw_only=True)
class OperatorEntry(Entry):
    """A pooling operator.

    Args:
        scopes: Where it can stand: on a whole map, on windows, or both.
        formula: Its definition over the n elements z of a window.
        learns: Name of its learned parameter, if it has one.
    """

    scopes: tuple[Literal["global", "windowed"], ...] = ("global", "windowed")
    formula: str = ""
    learns: str = ""


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
        counts: Images in the training and the test split; ``None`` when the files decide.
        checksum: What identifies its content; empty when it is computed from the files.
        license: Terms or origin, for listings.
    """

    shape: tuple[int, int, int] | None = None
    num_classes: int | None = None
    counts: tuple[int, int] | None = None
    checksum: str = ""
    license: str = ""


@dataclass(frozen=True, kw_only=True)
class ProbeEntry(Entry):
    """A probe of trained networks.

    Args:
        axis: What its points are taken over: ``epsilon`` or ``size_px``.
    """

    axis: Literal["epsilon", "size_px"]


E = TypeVar("E", bound=Entry)


class Catalogue(Mapping[str, E], Generic[E]):
    """A family of names.

    Args:
        kind: What one entry is, in words: ``"operator"``.
        entries: The names and what they stand for.

    Raises:
        BadInput: from ``[]`` and ``resolve``, for a name that is not in it.
    """

    def __init__(self, kind: str, entries: Mapping[str, E]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> E:
        try:
            return self._entries[name]
        except KeyError:
            raise BadInput(
                f"unknown {self.kind} '{name}'", did_you_mean(name, self._entries)
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, name: str, entry: E) -> None:
        """Add an entry, as a plug-in does.

        Raises:
            BadInput: The name is taken: results under it would be ambiguous.
        """
        if name in self._entries:
            raise BadInput(f"the {self.kind} '{name}' is already defined; choose another name")
        self._entries[name] = entry

    def resolve(self, name: str) -> Any:
        """Import and return what a name stands for."""
        module, _, attribute = self[name].target.partition(":")
        return getattr(importlib.import_module(module), attribute)
