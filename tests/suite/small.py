"""Small catalogues, and a suite that is in order for the tests to spoil."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, DataEntry, Entry, ModelEntry, ProbeEntry, Site
from poolbench.core.options import Option
from poolbench.engines import ENGINES
from poolbench.operators import OPERATORS
from poolbench.search import SEARCHES
from poolbench.suite.catalogues import Catalogues

NUMBER = Option(kind=float, minimum=0.0, default=0.0)
RATE = Option(kind=float, above=0.0)
EPSILONS = Option(kind=float, many=True, rising=True, minimum=0.0, default=(0.0, 4 / 255))
SIZES = Option(kind=int, many=True, rising=True, minimum=1, default=None)

CATALOGUES = Catalogues(
    operators=OPERATORS,
    models=Catalogue(
        "model",
        {
            "wrn": ModelEntry(
                target="",
                summary="",
                options={
                    "depth": Option(kind=int, default=16, minimum=10),
                    "width": Option(kind=int, default=4, minimum=1),
                    "se": Option(kind=bool, default=False),
                },
                sites=(
                    Site(name="se", scope="global", default="average", needs="se"),
                    Site(name="head", scope="global", default="average"),
                ),
            ),
            "lenet": ModelEntry(
                target="",
                summary="",
                sites=(
                    Site(name="pool1", scope="windowed", default="max"),
                    Site(name="pool2", scope="windowed", default="max"),
                ),
                input_shape=(1, 28, 28),
            ),
        },
    ),
    datasets=Catalogue(
        "data set",
        {
            "cifar10": DataEntry(target="", summary="", shape=(3, 32, 32)),
            "mnist": DataEntry(target="", summary="", shape=(1, 28, 28)),
            "digits": DataEntry(
                target="",
                summary="",
                options={"size_px": Option(kind=int, default=8, minimum=8)},
                revision=3,
            ),
        },
    ),
    augmentations=Catalogue(
        "augmentation",
        {
            "flip": Entry(target="", summary=""),
            "autoaugment": Entry(target="", summary=""),
            "crop": Entry(
                target="", summary="", options={"padding": Option(kind=int, default=4, minimum=0)}
            ),
        },
    ),
    optimizers=Catalogue(
        "optimizer",
        {
            "sgd": Entry(
                target="",
                summary="",
                options={
                    "lr": RATE,
                    "momentum": Option(kind=float, minimum=0.0, maximum=1.0, default=0.0),
                    "weight_decay": NUMBER,
                },
            ),
            "adam": Entry(
                target="",
                summary="",
                options={
                    "lr": RATE,
                    "betas": Option(kind=float, many=True, default=(0.9, 0.999), minimum=0.0),
                },
            ),
        },
    ),
    schedules=Catalogue(
        "schedule",
        {
            "constant": Entry(target="", summary=""),
            "ramp": Entry(target="", summary="", options={"warmup_epochs": NUMBER}),
        },
    ),
    probes=Catalogue(
        "probe",
        {
            "fgsm": ProbeEntry(
                target="", summary="", options={"epsilons": EPSILONS}, axis="epsilon"
            ),
            "pgd": ProbeEntry(
                target="",
                summary="",
                options={"epsilons": EPSILONS, "steps": Option(kind=int, minimum=1, default=40)},
                axis="epsilon",
            ),
            "zoom": ProbeEntry(target="", summary="", options={"sizes": SIZES}, axis="size_px"),
            "crop": ProbeEntry(target="", summary="", options={"sizes": SIZES}, axis="size_px"),
        },
    ),
    searches=SEARCHES,
    engines=ENGINES,
)

SUITE = """\
schema: 1
data: digits
model: wrn
recipe:
  epochs: 2
  batch_size: 32
  optimizer: {name: sgd, lr: 0.1}
seeds: 2
variants:
  average: {pools: average}
  smooth: {pools: {head: {name: lae, temperature: 4}}}
"""
