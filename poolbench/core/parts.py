"""The parts of a network that recipes treat differently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a network, by names as in ``named_parameters`` and ``named_modules``.

    What is in neither ``head`` nor ``pooling`` is the backbone.

    Args:
        head: The classifier's parameters; may be left empty where a recipe does not ask for them.
        pooling: The pooling operators' own parameters, which get no weight decay.
        frozen: Parameters that are not trained, of any part.
        still: Modules that keep and use their running statistics while the rest is trained.
    """

    head: frozenset[str] = frozenset()
    pooling: frozenset[str] = frozenset()
    frozen: frozenset[str] = frozenset()
    still: frozenset[str] = frozenset()

    def within(self, path: str) -> Parts:
        """Return the same parts of a network that has this one as its module at ``path``."""

        def moved(names: Iterable[str]) -> frozenset[str]:
            return frozenset(f"{path}.{name}" if name else path for name in names)

        return Parts(
            head=moved(self.head),
            pooling=moved(self.pooling),
            frozen=moved(self.frozen),
            still=moved(self.still),
        )


ALL_BACKBONE = Parts()
"""A network without a classifier or pooling of its own, all of it trained."""
