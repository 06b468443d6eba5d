"""The runs of a store, for Python programs: settings, histories, predictions, networks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poolbench.app.results import with_classes
from poolbench.core.cell import Cell
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault, NothingMatched
from poolbench.core.measurement import Measurement
from poolbench.core.record import Epoch, Result, Run
from poolbench.core.weights import BODY
from poolbench.store.store import Store

if TYPE_CHECKING:
    from torch import Tensor, nn

    from poolbench.store.predictions import Predictions

_SEE = "see: poolbench store verify"


class StoredRun:
    """A finished run.

    Args:
        store: Its store.
        run: The run.

    Attributes:
        cell: What was trained: its ``data``, ``model``, ``recipe`` and ``seed``.
        result: The outcome: ``accuracy`` (a fraction; NaN if it diverged), ``status``, ...
        environment: Machine and versions.
    """

    def __init__(self, store: Store, run: Run) -> None:
        self._store, self._run = store, with_classes(run)
        self.cell: Cell = run.cell
        self.result: Result = run.result
        self.environment = run.environment

    @property
    def run(self) -> Run:
        """All that the store's small files say of it."""
        return self._run

    @property
    def id(self) -> str:
        """Its identity: a hash of everything that changes its result."""
        return self.cell.id

    @property
    def variant(self) -> str:
        """The label it was first trained under."""
        return self.cell.variant

    @property
    def data(self) -> str:
        """The data set's name."""
        return self.cell.data.source.name

    @property
    def seed(self) -> int:
        """The seed."""
        return self.cell.seed

    @property
    def settings(self) -> dict[str, Any]:
        """Data, model, recipe and seed with every option, as plain values."""
        return self.cell.to_json()

    @property
    def history(self) -> list[Epoch]:
        """Each epoch: ``epoch``, ``loss``, ``lr``, ``validation_accuracy``, ``pooling``."""
        return list(self._run.history)

    @cached_property
    def predictions(self) -> Predictions:
        """What the trained network says of the test images.

        Raises:
            EnvironmentFault: The file is damaged.
            NothingMatched: Training diverged, or an old version kept none.
        """
        from poolbench.store.predictions import read_predictions

        try:
            found = read_predictions(self._store.commit_of(self.id))
        except Damaged as error:
            raise self._damaged(error) from error
        if found is None:
            raise NothingMatched(f"{self} has no predictions: {self._why_not}")
        return found

    @property
    def measurements(self) -> list[Measurement]:
        """What probes measured of its network.

        Raises:
            EnvironmentFault: One is damaged, or cannot be read.
        """
        try:
            found = [self._store.measurement(self.id, key) for key in self._keys()]
        except Damaged as error:
            raise self._damaged(error) from error
        return [each for each in found if each.network == self._run.network]

    def load_network(self) -> nn.Module:
        """Return the trained network, on the CPU and in evaluation mode.

        Its data need not be there.

        Returns:
            A module from pixels in [0, 1], ``(N, C, H, W)``, to logits ``(N, num_classes)``.

        Raises:
            BadInput: A plug-in of the run is not loaded, or is another version.
            EnvironmentFault: The weights are damaged.
            NothingMatched: Training diverged.
        """
        from poolbench.runtime.stored_network import stored_network

        return stored_network(self._run, self._weights())

    def load_state_dict(self) -> dict[str, Tensor]:
        """Return the weights by name, as ``pb.model(...).load_state_dict`` takes them.

        They are for images normalised by ``mean`` and ``std`` of :meth:`load_network`.

        Raises:
            EnvironmentFault: The weights are damaged.
            NothingMatched: Training diverged.
        """
        named = self._weights().items()
        return {name.removeprefix(BODY): each for name, each in named if name.startswith(BODY)}

    def _weights(self) -> dict[str, Tensor]:
        from poolbench.runtime.stored_network import stored_weights

        if self._run.network is None:
            raise NothingMatched(f"{self} has no weights: {self._why_not}")
        try:
            return stored_weights(self._store.commit_of(self.id))
        except Damaged as error:
            raise self._damaged(error) from error

    def _keys(self) -> Iterator[str]:
        return self._store.measurement_keys(self.id)

    def _damaged(self, error: Damaged) -> EnvironmentFault:
        return EnvironmentFault(f"{self} is damaged: {error}", _SEE)

    @property
    def _why_not(self) -> str:
        return self.result.detail or "it was not kept"

    def __str__(self) -> str:
        return f"the run {self.id} ({self.cell})"

    def __repr__(self) -> str:
        status = f"{self.result.accuracy:.4f}" if self.result.status == "ok" else "diverged"
        return f"<StoredRun {self.id} {self.cell} {status}>"
