"""Measurements of one probe on one data set, over variants and seeds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from poolbench.core.measurement import Measurement
from poolbench.core.named import Named
from poolbench.core.plugin_source import as_identity
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.robustness.worst_case import WORST, with_worst_case
from poolbench.stats.area import area_under_curve, last_epsilon, lowest_value

_LEVELS = 255


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One cell under one probe.

    Args:
        seed: Seed of the cell.
        run: The run; ``None`` if it is not trained.
        measurement: The measurement; ``None`` if it is not measured.
    """

    seed: int
    run: Run | None
    measurement: Measurement | None

    def accuracy(self, at: float) -> float | None:
        """Return the accuracy at a setting: NaN = diverged or failed, ``None`` = missing."""
        if self.run is not None and self.run.result.status != "ok":
            return math.nan
        if self.measurement is None or self.run is None:
            return None
        if self.measurement.status == "failed":
            return math.nan
        points = {point.at: point for point in self.measurement.points}
        return points[at].accuracy if at in points and points[at].correct is not None else None

    @property
    def why_nothing(self) -> str:
        """Why there is no accuracy at any setting."""
        if self.run is None:
            return "not trained"
        if self.run.result.status != "ok":
            return self.run.result.status
        if self.measurement is None:
            return "not measured"
        return f"{self.measurement.status}: {self.measurement.reason}"


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The measurements of one probe on the runs of one data set.

    Args:
        dataset: Name of the data set.
        probe: The probe with its options.
        settings: Settings, ascending; empty if nothing was measured.
        outcomes: By variant, in the suite's order, one outcome per cell.
    """

    dataset: str
    probe: Named
    settings: tuple[float, ...]
    outcomes: Mapping[str, tuple[Outcome, ...]]

    @property
    def title(self) -> str:
        """The probe, with options other than its settings."""
        # A list, or nothing in its place, is the settings.
        options = {
            key: value
            for key, value in self.probe.options.items()
            if value is not None and not isinstance(value, tuple)
        }
        shown = ", ".join(f"{name} {_plain(value)}" for name, value in options.items())
        return f"{self.probe.name} ({shown})" if shown else self.probe.name

    @cached_property
    def axis(self) -> str:
        """What the settings are: ``size_px``, ``epsilon``, or what a plug-in calls them."""
        return next((measured.axis for measured in self.measurements() if measured.axis), "epsilon")

    @property
    def is_over_sizes(self) -> bool:
        """Whether the settings are sides of images in pixels."""
        return self.axis == "size_px"

    @property
    def is_over_epsilons(self) -> bool:
        """Whether the settings are strengths, in the unit of pixels in [0, 1]."""
        return self.axis == "epsilon"

    @property
    def is_worst_case(self) -> bool:
        """Whether it was not measured but is the worst of several that were."""
        return self.probe.name.startswith(f"{WORST} ")

    @property
    def training_size(self) -> float | None:
        """Side of the training images in pixels, if the probe has recorded it."""
        sizes = {measured.facts.get("training_size_px") for measured in self.measurements()}
        return sizes.pop() if len(sizes) == 1 else None

    @property
    def total(self) -> int:
        """Number of test images; 0 if nothing was measured."""
        return max((p.total for m in self.measurements() for p in m.points), default=0)

    @cached_property
    def possible_settings(self) -> tuple[float, ...]:
        """Settings that apply to some network of the data set, ascending.

        A network that failed, or is not measured yet, does not show which settings apply to it, and
        must not remove the other networks' areas.
        """
        return tuple(
            at
            for at in self.settings
            if any(
                accuracy is not None and not math.isnan(accuracy)
                for variant in self.outcomes
                for accuracy in self.accuracies(variant, at)
            )
        )

    @cached_property
    def norm(self) -> str:
        """Norm of an attack; empty for another probe, or if nothing was measured."""
        norms = {measured.norm for measured in self.measurements()}
        return norms.pop() if len(norms) == 1 else ""

    @cached_property
    def last_epsilon(self) -> float:
        """Where an attack's area ends: see :func:`~poolbench.stats.area.last_epsilon`."""
        made = list(self.measurements()) if self.is_over_epsilons else []

        # What was measured before these were noted is taken for pixels in [0, 1].
        def noted(fact: str) -> list[float]:
            return [each.facts[fact] for each in made if fact in each.facts]

        return last_epsilon(
            self.norm if made else "",
            low=min(noted("pixel_low"), default=0.0),
            high=max(noted("pixel_high"), default=1.0),
            values=max(map(int, noted("image_values")), default=None),
        )

    @cached_property
    def area_settings(self) -> tuple[float, ...]:
        """Possible settings that area and least are taken over: of epsilons up to the last."""
        return tuple(at for at in self.possible_settings if at <= self.last_epsilon)

    @property
    def settings_beyond(self) -> tuple[float, ...]:
        """Possible settings that are only shown: in neither area nor least."""
        return self.possible_settings[len(self.area_settings) :]

    def measurements(self) -> Iterator[Measurement]:
        """Yield every measurement."""
        for row in self.outcomes.values():
            yield from (each.measurement for each in row if each.measurement is not None)

    def accuracies(self, variant: str, at: float) -> list[float | None]:
        """Return a variant's accuracies at a setting, one per seed."""
        return [outcome.accuracy(at) for outcome in self.outcomes[variant]]

    def is_not_applicable(self, variant: str, at: float) -> bool:
        """Whether the setting applies to no network of the variant."""
        measured = [o.measurement for o in self.outcomes[variant] if o.measurement is not None]
        return bool(measured) and not any(
            m.status == "failed" or any(p.at == at and p.correct is not None for p in m.points)
            for m in measured
        )

    def areas(self, variant: str) -> list[float | None]:
        """Return the area under the curve of each seed."""
        return [
            area_under_curve(self.area_settings, row, is_log2=self.is_over_sizes)
            for row in self._rows(variant)
        ]

    def least(self, variant: str) -> list[float | None]:
        """Return the lowest accuracy of each seed; ``None`` if one is missing."""
        return [lowest_value(row) for row in self._rows(variant)]

    def _rows(self, variant: str) -> Iterator[list[float | None]]:
        for outcome in self.outcomes[variant]:
            yield [outcome.accuracy(at) for at in self.area_settings]

    def setting_text(self, at: float) -> str:
        """Return a setting as text: ``32 px``, ``8/255``, ``0.5``."""
        if self.is_over_sizes:
            return f"{at:g} px"
        if not self.is_over_epsilons:
            return f"{at:g}"
        levels = at * _LEVELS
        is_whole = math.isclose(levels, round(levels), abs_tol=1e-9)
        return f"{round(levels)}/{_LEVELS}" if is_whole and 0 < levels < _LEVELS else f"{at:.3g}"


def sweeps_of(
    study: Study, runs: Mapping[str, Run], measurements: Mapping[str, Sequence[Measurement]]
) -> Iterator[Sweep]:
    """Yield a sweep for each data set and probe, and the worst case if attacks can be combined.

    Args:
        study: The study, with its cells and the order of its probes.
        runs: Runs by cell id; a cell without one is missing.
        measurements: Measurements by cell id.
    """
    for dataset in study.datasets:
        rows = study.cells_on(dataset)
        found = {
            cell.id: with_worst_case(measurements.get(cell.id, ()))
            for cells in rows.values()
            for cell in cells
        }
        probes = {_key(probe): probe for probe in study.probes}
        probes |= {_key(each.probe): each.probe for row in found.values() for each in row}
        for key, probe in probes.items():
            seen = {
                cell_id: each for cell_id, row in found.items() for each in row
                if _key(each.probe) == key
            }  # fmt: skip
            outcomes = {
                variant: tuple(
                    Outcome(seed=cell.seed, run=runs.get(cell.id), measurement=seen.get(cell.id))
                    for cell in cells
                )
                for variant, cells in rows.items()
            }
            settings = {point.at for each in seen.values() for point in each.points}
            yield Sweep(
                dataset=dataset, probe=probe, settings=tuple(sorted(settings)), outcomes=outcomes
            )


def _plain(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _key(probe: Named) -> str:
    return json.dumps(as_identity(probe), sort_keys=True)
