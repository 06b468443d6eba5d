"""Measurements on trained networks: the catalogue of probes. Reading it imports no torch."""

from __future__ import annotations

from dataclasses import replace

from poolbench.core.catalogue import Catalogue, ProbeEntry
from poolbench.core.options import Option

__all__ = ["PROBES", "ProbeEntry"]

_EPSILONS = Option(
    kind=float,
    many=True,
    rising=True,
    minimum=0.0,
    default=tuple(step / 255 for step in (0, 1, 2, 4, 8)),
    help="largest change of a pixel, for pixels in [0, 1]; 8/255 is a number",
)
_EPSILONS_L2 = replace(
    _EPSILONS,
    default=(0.0, 0.1, 0.3, 0.5, 1.0, 2.0),
    help="Euclidean norm of an image's change, for pixels in [0, 1]",
)
_SIZES = Option(
    kind=int,
    many=True,
    rising=True,
    minimum=1,
    default=None,
    help="sides in pixels; null: from half to twice the training size, including it",
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
            summary="the centre of the test images, for sizes up to the training size",
            options={"sizes": _SIZES},
            reference=_RESOLUTION,
            axis="size_px",
        ),
        "pad-zero": ProbeEntry(
            target="poolbench.probes.resolution:pad_zero",
            summary="the centre below the training size, above it a border of zeros (normalised)",
            options={"sizes": _SIZES},
            reference=_RESOLUTION,
            axis="size_px",
        ),
        "pad-noise": ProbeEntry(
            target="poolbench.probes.resolution:pad_noise",
            summary="the centre below the training size, above it a border of N(0, 1) noise",
            options={"sizes": _SIZES},
            reference=_RESOLUTION,
            axis="size_px",
        ),
        "fgsm": ProbeEntry(
            target="poolbench.probes.adversarial.probe:fgsm",
            summary="one step along the sign of the input gradient (foolbox)",
            options={"epsilons": _EPSILONS},
            reference="Goodfellow, Shlens, Szegedy 2015 (arXiv:1412.6572)",
            axis="epsilon",
            norm="inf",
        ),
        "fgm-l2": ProbeEntry(
            target="poolbench.probes.adversarial.probe:fgm_l2",
            summary="one step along the input gradient, in the Euclidean norm (foolbox)",
            options={"epsilons": _EPSILONS_L2},
            reference="Goodfellow, Shlens, Szegedy 2015 (arXiv:1412.6572)",
            axis="epsilon",
            norm="2",
        ),
        "pgd": ProbeEntry(
            target="poolbench.probes.adversarial.probe:pgd",
            summary="projected gradient descent in the maximum norm, from a random start (foolbox)",
            options={
                "epsilons": _EPSILONS,
                "steps": Option(
                    kind=int, default=40, minimum=1, help="gradient steps for each epsilon"
                ),
                "rel_stepsize": Option(
                    kind=float, default=1 / 30, above=0.0, help="step, as a multiple of epsilon"
                ),
            },
            reference="Madry, Makelov, Schmidt, Tsipras, Vladu 2018 (arXiv:1706.06083)",
            axis="epsilon",
            norm="inf",
        ),
    },
)
"""Every entry resolves to a :class:`poolbench.probes.api.Probe`."""
