"""The result of a probe: one network measured at a series of settings."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from poolbench.core.document import Count, Facts, Finite, Positive
from poolbench.core.named import Named
from poolbench.core.plugin_source import as_identity, as_stored

MeasurementStatus = Literal["ok", "failed", "not applicable"]


@dataclass(frozen=True, kw_only=True)
class Point:
    """The result at one setting of a probe.

    Args:
        at: The setting, on the axis of the probe.
        correct: Test images classified correctly; ``None`` if the setting is not applicable.
        total: Number of test images.
        right: Which images are correct: one bit per image, in the split's order, packed, in base64.
            Worst cases over several probes are computed from it.
        reason: Why the setting is not applicable; empty otherwise.
    """

    at: Finite
    correct: Count | None
    total: Positive
    right: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.correct is not None and self.correct > self.total:
            raise ValueError(f"{self.correct} of {self.total} test images are correct")

    @property
    def accuracy(self) -> float:
        """Fraction of the images classified correctly; NaN if not applicable."""
        return float("nan") if self.correct is None else self.correct / self.total


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The outcome of one probe on one run.

    Args:
        probe: The probe with every option.
        network: SHA-256 of the stored weights that were measured.
        status: ``ok``, ``failed`` (the network returned NaN) or ``not applicable``.
        points: One per setting, in the order asked for; empty unless ``ok``.
        facts: Further numbers by name, such as the share of zero input gradients.
        reason: Why there are no points; empty if there are.
        environment: Machine and versions.
        axis: What the points are taken over, as the probe's entry says; empty in what was measured
            before it was noted.
        norm: Of an attack, as the probe's entry says; empty for others.
    """

    probe: Named
    network: str
    status: MeasurementStatus
    points: tuple[Point, ...] = ()
    facts: Mapping[str, Finite] = field(default_factory=dict)
    reason: str = ""
    environment: Facts = field(default_factory=dict)
    axis: str = ""
    norm: str = ""

    @property
    def key(self) -> str:
        """Name of the measurement in its run: see :func:`measurement_key`."""
        return measurement_key(self.probe, self.network)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON document that ``read_as`` reads back."""
        return as_stored(self)


def measurement_key(probe: Named, network: str) -> str:
    """Return a hash of a probe as it is identified, and of the network's checksum.

    It has 16 hex digits. The same key means the same numbers, so nothing is measured twice.
    """
    text = json.dumps([as_identity(probe), network], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pack_bits(right: Iterable[bool]) -> str:
    """Return booleans as base64 of packed bits, the first in the highest bit of the first byte."""
    import numpy as np  # listing a store needs none

    return base64.b64encode(np.packbits(np.fromiter(right, dtype=bool)).tobytes()).decode()


def unpack_bits(text: str, count: int) -> list[bool]:
    """Return the first ``count`` booleans of :func:`pack_bits`.

    Raises:
        ValueError: There are fewer.
    """
    import numpy as np

    packed = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    if count > 8 * len(packed):
        raise ValueError(f"{count} booleans asked for, {8 * len(packed)} packed")
    return np.unpackbits(packed, count=count).astype(bool).tolist()
