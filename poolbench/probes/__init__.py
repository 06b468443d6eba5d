"""Measurements on networks: the catalogue of probes. Reading it imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from poolbench.core.catalogue import Catalogue, Entry


@dataclass(frozen=True, kw_only=True)
class ProbeEntry(Entry):
    """A probe of trained networks.

    Args:
        axis: What its points are taken over: ``epsilon`` or ``size_px``.
    """

    axis: Literal["epsilon", "size_px"]


PROBES: Catalogue[ProbeEntry] = Catalogue("probe", {})
"""Each resolves to a :class:`poolbench.probes.api.Probe`."""
