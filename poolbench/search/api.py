"""The protocol of a search, and how one is created."""

from __future__ import annotations

from collections.abc import Generator, Mapping, MutableMapping, Sequence
from typing import Protocol, TypeAlias

from poolbench.core.errors import BadInput
from poolbench.core.search import Budget, Outcome, Score, SearchSpec, Trial

Proposals: TypeAlias = Generator[Sequence[Trial], Sequence[Score], Outcome]

Draw: TypeAlias = Mapping[str, float]
"""Values drawn for the options of a recipe, by key."""

Memory: TypeAlias = MutableMapping[str, Sequence[Draw]]
"""Batches that took long to draw, by a key of everything they depend on."""


class BadSearch(BadInput):
    """Options of a search that are invalid together, or with the recipe it starts from.

    Args:
        message: What is wrong.
        hint: What would have been accepted; may be empty.
        option: The option to change; empty for the search as a whole.
        index: The item of a list to change; ``None`` for all of it.
        name: The option of the recipe whose start is at fault; empty for none.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        option: str = "",
        index: int | None = None,
        name: str = "",
    ) -> None:
        super().__init__(message, hint)
        self.option = option
        self.index = index
        self.name = name


class Search(Protocol):
    """Proposes recipes. Every entry of ``SEARCHES`` resolves to one.

    It is created with the options of its entry as keyword arguments.

    Raises:
        BadSearch: On creation: the options are invalid together.
    """

    @property
    def names(self) -> Mapping[str, tuple[str, int]]:
        """What it changes of a recipe, by name (``lr``): the option that says so, and its item."""
        ...

    @property
    def budget(self) -> Budget:
        """The most that it may try; it may end earlier."""
        ...

    def check(self, start: Mapping[str, float]) -> None:
        """Check that a search can start here.

        Args:
            start: Value of each of ``names``, by key of the recipe: ``{"optimizer.lr": 0.4}``.

        Raises:
            BadSearch: The start is out of range.
        """
        ...

    def bounds(self, start: Mapping[str, float]) -> Mapping[str, tuple[float, float]]:
        """Return the least and the greatest value that it may propose for each of ``names``.

        Args:
            start: As for ``check``, which must pass.
        """
        ...

    def propose(
        self, start: Mapping[str, float], seed: int, memory: Memory | None = None
    ) -> Proposals:
        """Propose recipes until the search ends.

        A batch may be evaluated in parallel. No fold of a point is asked for twice.

        Args:
            start: Value of each of ``names``, by key of the recipe.
            seed: Of every random choice.
            memory: A cache that a search may fill and read, if its proposals take long: the search
                is the same without one.

        Yields:
            Batches of trials; their scores are sent back in the same order.

        Returns:
            The outcome.

        Raises:
            BadSearch: As ``check``.
        """
        ...


def create(spec: SearchSpec) -> Search:
    """Create the search of a suite.

    Raises:
        BadSearch: Its options are invalid together.
    """
    from poolbench.search import SEARCHES

    search: Search = SEARCHES.resolve(spec.name)(**spec.options)
    return search
