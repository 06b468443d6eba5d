"""Recipes, the training loop and its checkpoints: the catalogues. Reading them imports no torch."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, Entry
from poolbench.core.options import Option

# Adam's moments are running means: with a rate of exactly 1 they would ignore every gradient.
_SLOWEST = 0.999999


def _adam_options(
    *, beta1: float, beta2: float, eps: float, weight_decay: float
) -> dict[str, Option]:
    return {
        "lr": Option(kind=float, above=0.0, help="peak learning rate"),
        "beta1": Option(
            kind=float,
            default=beta1,
            minimum=0.0,
            maximum=_SLOWEST,
            help="decay rate of the mean gradient: the momentum",
        ),
        "beta2": Option(
            kind=float,
            default=beta2,
            minimum=0.0,
            maximum=_SLOWEST,
            help="decay rate of the mean squared gradient: the LogAvgExp paper's alpha",
        ),
        "eps": Option(
            kind=float, default=eps, above=0.0, help="added to the root of the squared gradient"
        ),
        "weight_decay": Option(
            kind=float,
            default=weight_decay,
            minimum=0.0,
            help="fraction of a weight that a step at rate 1 removes; not for norms, biases and "
            "pooling parameters",
        ),
    }


OPTIMIZERS: Catalogue[Entry] = Catalogue(
    "optimizer",
    {
        "sgd": Entry(
            target="poolbench.training.sgd:SGD",
            summary="stochastic gradient descent with momentum, as torch.optim.SGD",
            options={
                "lr": Option(kind=float, above=0.0, help="peak learning rate"),
                "momentum": Option(kind=float, default=0.0, minimum=0.0, maximum=1.0),
                "weight_decay": Option(
                    kind=float,
                    default=0.0,
                    minimum=0.0,
                    help="L2 penalty; not for pooling parameters",
                ),
                "nesterov": Option(kind=bool, default=False),
            },
        ),
        "adamw": Entry(
            target="poolbench.training.optimizers:adamw",
            summary="Adam with decoupled weight decay, as torch.optim.AdamW",
            options=_adam_options(beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01),
            reference="Loshchilov, Hutter 2019 (arXiv:1711.05101)",
        ),
        "ranger": Entry(
            target="poolbench.training.optimizers:ranger",
            summary="rectified Adam with decoupled weight decay, inside a Lookahead",
            options={
                **_adam_options(beta1=0.95, beta2=0.99, eps=1e-6, weight_decay=0.0),
                "lookahead_steps": Option(
                    kind=int,
                    default=6,
                    minimum=1,
                    help="steps between updates of the slow weights",
                ),
                "lookahead_alpha": Option(
                    kind=float,
                    default=0.5,
                    above=0.0,
                    maximum=1.0,
                    help="step of the slow weights towards the fast ones, as a fraction",
                ),
            },
            reference="Liu et al. 2020 (arXiv:1908.03265); Zhang et al. 2019 (arXiv:1907.08610)",
        ),
    },
)

# Optimisers whose step decides nothing in Python, so that a CUDA graph can hold it, and whose state
# starts at zeros. Not ranger: RAdam and Lookahead count their steps in Python.
CAPTURABLE = frozenset({"sgd", "adamw"})

SCHEDULES: Catalogue[Entry] = Catalogue(
    "schedule",
    {
        "constant": Entry(
            target="poolbench.training.schedules:constant", summary="the peak rate throughout"
        ),
        "step": Entry(
            target="poolbench.training.schedules:step",
            summary="the rate is multiplied by factor at each milestone",
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
        "piecewise": Entry(
            target="poolbench.training.schedules:piecewise",
            summary="linear between points (epoch, factor on the peak rate)",
            options={
                "epochs_at": Option(
                    kind=float, many=True, rising=True, minimum=0.0, help="epochs completed"
                ),
                "factors": Option(
                    kind=float,
                    many=True,
                    minimum=0.0,
                    help="factor on the peak rate at each of them; constant before and after",
                ),
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
                    help="fraction of training at the peak rate",
                )
            },
        ),
    },
)
