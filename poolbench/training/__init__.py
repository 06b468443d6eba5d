"""Recipes, the training loop and its checkpoints: the catalogues. Reading them imports no torch."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, Entry
from poolbench.core.options import Option

OPTIMIZERS: Catalogue[Entry] = Catalogue(
    "optimizer",
    {
        "sgd": Entry(
            target="poolbench.training.optimizers:sgd",
            summary="stochastic gradient descent with momentum, as torch.optim.SGD",
            options={
                "lr": Option(kind=float, above=0.0, help="peak learning rate"),
                "momentum": Option(kind=float, default=0.0, minimum=0.0, maximum=1.0),
                "weight_decay": Option(
                    kind=float,
                    default=0.0,
                    minimum=0.0,
                    help="L2 penalty; pooling parameters are spared",
                ),
                "nesterov": Option(kind=bool, default=False),
            },
        ),
    },
)

SCHEDULES: Catalogue[Entry] = Catalogue(
    "schedule",
    {
        "constant": Entry(
            target="poolbench.training.schedules:constant", summary="the peak rate throughout"
        ),
        "step": Entry(
            target="poolbench.training.schedules:step",
            summary="times factor at the start of each milestone epoch",
            options={
                "milestones": Option(
                    kind=int, many=True, minimum=1, help="epochs completed when the rate falls"
                ),
                "factor": Option(kind=float, default=0.1, above=0.0, maximum=1.0),
            },
        ),
        "ramp": Entry(
            target="poolbench.training.schedules:ramp",
            summary="linear from 0 to the peak over the warm-up, linear back to 0 at the end",
            options={
                "warmup_epochs": Option(
                    kind=float, minimum=0.0, help="length of the rise, in epochs"
                )
            },
        ),
        "flat-cosine": Entry(
            target="poolbench.training.schedules:flat_cosine",
            summary="the peak rate for a fraction of training, then a half cosine to 0",
            options={
                "flat": Option(
                    kind=float,
                    default=0.72,
                    minimum=0.0,
                    maximum=1.0,
                    help="share of training at the peak rate",
                )
            },
        ),
    },
)
