"""Measure one run: its stored network put to a probe, on the images of its final evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import safetensors.torch
import torch

from poolbench.core.cell import Cell, Named
from poolbench.core.errors import EnvironmentFault
from poolbench.core.measurement import Measurement, measurement_key
from poolbench.data.batches import evaluation_batches
from poolbench.probes import PROBES
from poolbench.probes.api import NotApplicable, NotFinite, ProbeInput
from poolbench.runtime.cell import EVALUATION_BATCH, network_for
from poolbench.runtime.data_cache import DataCache
from poolbench.runtime.provenance import describe
from poolbench.store.commit import WEIGHTS
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store


class ProbedRun:
    """A finished run whose network is at hand.

    Args:
        store: Where it is.
        cell: The run's.
        data_cache: Its data.
        device: Where to measure.

    Attributes:
        checksum: SHA-256 of its weights.

    Raises:
        Damaged: Its weights are not what was stored.
        EnvironmentFault: Its data are missing.
    """

    def __init__(
        self, store: Store, cell: Cell, data_cache: DataCache, device: torch.device
    ) -> None:
        splits = data_cache.splits(cell.data)
        network = network_for(cell, splits, device)
        commit = store.commit_of(cell.id)
        network.load_state_dict(safetensors.torch.load(commit.read(WEIGHTS)))
        _, height, width = splits.shape
        self.checksum = str(commit.network)
        self._subject = ProbeInput(
            network=network,
            batches=partial(evaluation_batches, splits.test),
            count=len(splits.test),
            image_size=(height, width),
            mean=splits.mean,
            std=splits.std,
            device=device,
            precision=cell.recipe.precision,
            seed=cell.seed,
            batch_size=EVALUATION_BATCH,
        )

    def measure(self, probe: Named, on_progress: Callable[[float], None]) -> Measurement:
        """Return what a probe finds.

        Args:
            probe: With every option spelled out.
            on_progress: Given the share done; may raise to stop.
        """
        made = Measurement(
            probe=probe,
            network=self.checksum,
            status="ok",
            environment=describe(self._subject.device),
        )
        try:
            findings = PROBES.resolve(probe.name)(
                self._subject, on_progress=on_progress, **probe.options
            )
        except NotApplicable as why:
            return replace(made, status="not applicable", reason=str(why))
        except NotFinite as why:
            return replace(made, status="failed", reason=str(why))
        return replace(made, points=findings.points, facts=findings.facts)


class _Stopped(Exception):
    """The worker has to end."""


def measure_run(
    run: ProbedRun,
    probes: Sequence[Named],
    writer: MeasurementWriter,
    *,
    should_stop: Callable[[], bool],
    on_progress: Callable[[str, float], None],
    on_notice: Callable[[str], None],
) -> bool:
    """Put a run to probe after probe, and store what each finds at once.

    Args:
        run: What is measured.
        probes: Those that are lacking.
        writer: The right to store what they find.
        should_stop: Whether to end at this batch; the probe at hand is then lost.
        on_progress: Given the probe's name and the share of all of them that is done.
        on_notice: Given words for people.

    Returns:
        Whether all of them were measured, rather than stopped.

    Raises:
        EnvironmentFault: The disk is full.
        Exception: The first that a probe ended in; the other probes are measured and stored.
    """
    failures: list[Exception] = []
    for place, probe in enumerate(probes):

        def tell(share: float, place: int = place, name: str = probe.name) -> None:
            if should_stop():
                raise _Stopped
            on_progress(name, (place + share) / len(probes))

        if writer.has(measurement_key(probe, run.checksum)):
            on_notice(f"its measurement by {probe.name} is damaged and is made again")
        try:
            tell(0.0)
            writer.save(run.measure(probe, tell))
        except _Stopped:
            return False
        except EnvironmentFault:
            raise
        except Exception as error:  # one probe may fail in its own way; the others go on
            failures.append(error)
    if failures:
        raise failures[0]
    writer.conclude()
    return True
