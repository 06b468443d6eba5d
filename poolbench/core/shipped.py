"""A suite that ships."""

from __future__ import annotations

from dataclasses import dataclass

from poolbench.core.cell import Named
from poolbench.core.contraction import ContractionSettings
from poolbench.core.study import Study


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A suite that ships.

    Args:
        name: As commands take it.
        kind: ``train``, or the experiment it describes.
        title: For people.
        source: Where its published numbers and its recipes come from.
        study: What it trains; ``None`` for an experiment.
        contraction: The untrained networks it measures; ``None`` for all others.
    """

    name: str
    kind: str
    title: str
    source: str
    study: Study | None
    contraction: ContractionSettings | None

    @property
    def data(self) -> dict[str, Named]:
        """What its images are from, by name."""
        if self.contraction is not None:
            return {pair.source.name: pair.source for pair in self.contraction.data}
        cells = self.study.cells if self.study else ()
        return {cell.data.source.name: cell.data.source for cell in cells}

    @property
    def seeds(self) -> int | None:
        """How many; ``None`` where there is no network."""
        having = self.study or self.contraction
        return len(having.seeds) if having else None

    @property
    def networks(self) -> int | None:
        """How many are trained, or measured untrained; ``None`` where there is none."""
        if self.contraction is not None:
            return self.contraction.network_count
        return len(self.study.cells) if self.study else None
