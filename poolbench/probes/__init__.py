"""Measurements on trained networks: the catalogue of probes. Reading it imports no torch."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, ProbeEntry
from poolbench.core.options import Option

__all__ = ["PROBES", "ProbeEntry"]

_EPSILONS = Option(
    kind=float,
    many=True,
    rising=True,
    minimum=0.0,
    default=tuple(step / 255 for step in (0, 1, 2, 4, 8)),
    help="strengths, in the unit of pixels in [0, 1]; 8/255 is a number",
)
_SIZES = Option(
    kind=int,
    many=True,
    rising=True,
    minimum=1,
    default=None,
    help="sides in pixels; null: from half to twice the training size, which is among them",
)
_RESOLUTION = "Lowe, Trappenberg, Oore 2021, figures 3, 8, 9, 10"

PROBES: Catalogue[ProbeEntry] = Catalogue(
    "probe",
    {
        "zoom": ProbeEntry(
            target="poolbench.probes.resolution:zoom",
            summary="test images resized, antialiased bilinear",
            options={"sizes": _SIZES},
            reference=_RESOLUTION,
            axis="size_px",
        ),
        "crop": ProbeEntry(
            target="poolbench.probes.resolution:crop",
            summary="the middle of the test images, for sizes up to the training size",
            options={"sizes": _SIZES},
            reference=_RESOLUTION,
            axis="size_px",
        ),
        "pad-zero": ProbeEntry(
            target="poolbench.probes.resolution:pad_zero",
            summary="the middle below the training size, above it a border of zeros (normalised)",
            options={"sizes": _SIZES},
            reference=_RESOLUTION,
            axis="size_px",
        ),
        "pad-noise": ProbeEntry(
            target="poolbench.probes.resolution:pad_noise",
            summary="the middle below the training size, above it a border of N(0, 1) noise",
            options={"sizes": _SIZES},
            reference=_RESOLUTION,
            axis="size_px",
        ),
    },
)
"""Each resolves to a :class:`poolbench.probes.api.Probe`."""
