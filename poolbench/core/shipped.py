"""Built-in suites."""

from __future__ import annotations

from dataclasses import dataclass

from poolbench.core.contraction import ContractionSettings
from poolbench.core.named import Named
from poolbench.core.study import Study


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A built-in suite.

    Args:
        name: Name for commands.
        kind: ``train``, or the kind of experiment it describes.
        title: Title for people.
        source: Source of its published numbers and recipes.
        deviations: What is ours or differs from the source, a sentence each.
        study: The study it trains; ``None`` for an experiment.
        contraction: The contraction it measures; ``None`` for any other kind.
    """

    name: str
    kind: str
    title: str
    source: str
    study: Study | None
    contraction: ContractionSettings | None
    deviations: tuple[str, ...] = ()

    @property
    def data(self) -> dict[str, Named]:
        """Its sources of images, by name."""
        if self.contraction is not None:
            return {pair.source.name: pair.source for pair in self.contraction.data}
        cells = self.study.cells if self.study else ()
        return {cell.data.source.name: cell.data.source for cell in cells}

    @property
    def seeds(self) -> int | None:
        """Number of seeds; ``None`` if it has no networks."""
        having = self.study or self.contraction
        return len(having.seeds) if having else None

    @property
    def networks(self) -> int | None:
        """Number of networks, trained or measured untrained; ``None`` if there are none."""
        if self.contraction is not None:
            return self.contraction.network_count
        return len(self.study.cells) if self.study else None
