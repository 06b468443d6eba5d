"""Measure one run: probe its stored network on the images of its final evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch

from poolbench.core.cell import Cell
from poolbench.core.errors import EnvironmentFault
from poolbench.core.measurement import Measurement, measurement_key
from poolbench.core.named import Named
from poolbench.data.batches import evaluation_batches
from poolbench.data.pictures.progress import Watcher
from poolbench.probes import PROBES
from poolbench.probes.api import NotApplicable, NotFinite, ProbeInput
from poolbench.runtime.cell import EVALUATION_BATCH, network_for, normalisation_of
from poolbench.runtime.components import require
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.provenance import describe
from poolbench.runtime.stored_network import stored_weights
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store


class ProbedRun:
    """A finished run with its network loaded.

    Args:
        store: The store of the run.
        cell: The run's cell.
        data_cache: Provides its data.
        device: Device to measure on.
        watcher: Told how far its pictures are prepared.

    Attributes:
        checksum: SHA-256 of its weights.

    Raises:
        Damaged: Its stored weights are damaged.
        EnvironmentFault: Its data are missing.
    """

    def __init__(
        self,
        store: Store,
        cell: Cell,
        data_cache: DataCache,
        device: torch.device,
        watcher: Watcher | None = None,
    ) -> None:
        splits = data_cache.splits(cell.data, watcher)
        network = network_for(cell, splits, device)
        pixels = splits if cell.data.reads_train else normalisation_of(cell, splits)
        commit = store.commit_of(cell.id)
        network.load_state_dict(stored_weights(commit))
        _, height, width = splits.shape
        self.checksum = str(commit.network)
        self._subject = ProbeInput(
            network=network,
            batches=partial(evaluation_batches, splits.test),
            count=len(splits.test),
            image_size=(height, width),
            mean=pixels.mean,
            std=pixels.std,
            device=device,
            precision=cell.recipe.precision,
            seed=cell.seed,
            batch_size=EVALUATION_BATCH,
        )

    def measure(self, probe: Named, on_progress: Callable[[float], None]) -> Measurement:
        """Return the measurement by a probe.

        Args:
            probe: The probe with every option.
            on_progress: Called with the fraction done; may raise to stop.

        Raises:
            BadInput: Another version of the probe's plug-in is loaded, or none.
        """
        require(iter([(PROBES, probe)]))
        blank = Measurement(
            probe=probe,
            network=self.checksum,
            status="ok",
            environment=describe(self._subject.device),
            axis=PROBES[probe.name].axis,
            norm=PROBES[probe.name].norm,
        )
        try:
            findings = PROBES.resolve(probe.name)(
                self._subject, on_progress=on_progress, **probe.options
            )
        except NotApplicable as why:
            return replace(blank, status="not applicable", reason=str(why))
        except NotFinite as why:
            return replace(blank, status="failed", reason=str(why))
        return replace(blank, points=findings.points, facts=findings.facts)


class _Stopped(Exception):
    """The worker must end."""


def measure_run(
    run: ProbedRun,
    probes: Sequence[Named],
    writer: MeasurementWriter,
    *,
    should_stop: Callable[[], bool],
    on_progress: Callable[[str, float], None],
    on_notice: Callable[[str], None],
) -> bool:
    """Measure a run with one probe after another, and store each measurement at once.

    Args:
        run: The run to measure.
        probes: The missing probes.
        writer: The right to store measurements.
        should_stop: Whether to end at this batch; the current probe is then lost.
        on_progress: Called with the probe's name and the fraction of all probes done.
        on_notice: Called with messages for people.

    Returns:
        Whether all probes are done; false if stopped.

    Raises:
        EnvironmentFault: The disk is full.
        Exception: The first exception of a probe; the other probes are measured and stored.
    """
    failures: list[Exception] = []
    for index, probe in enumerate(probes):

        def tell(share: float, index: int = index, name: str = probe.name) -> None:
            if should_stop():
                raise _Stopped
            on_progress(name, (index + share) / len(probes))

        if writer.has(measurement_key(probe, run.checksum)):
            on_notice(f"its measurement by {probe.name} is damaged and is repeated")
        try:
            tell(0.0)
            writer.save(run.measure(probe, tell))
        except _Stopped:
            return False
        except EnvironmentFault:
            raise
        except Exception as error:  # any probe may fail in its own way; the others continue
            failures.append(error)
    if failures:
        raise failures[0]
    writer.conclude()
    return True
