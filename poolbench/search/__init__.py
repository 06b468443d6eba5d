"""Searches for a recipe: the catalogue. Reading it imports none of them."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, SearchEntry
from poolbench.core.options import Option

_FOLDS = Option(
    kind=int, default=5, minimum=2, help="random hold-outs that each recipe is scored on"
)
_TRIALS = Option(kind=int, default=100, minimum=1, help="most recipes to try, the start included")
_PAPER = "Lowe, Trappenberg, Oore 2021"

SEARCHES: Catalogue[SearchEntry] = Catalogue(
    "search",
    {
        "coordinate": SearchEntry(
            target="poolbench.search.coordinate:Coordinate",
            summary="steps of one factor along each axis, kept where the mean over folds rises",
            options={
                "factor": Option(kind=float, default=1.6, above=1.0, help="size of a step"),
                "axes": Option(
                    kind=str,
                    many=True,
                    default=("lr", "lr*weight_decay", "lr/(1-momentum)"),
                    help="NAME or 1-NAME takes the step; A*B and A/(B) take it in B and move A so "
                    "that the whole stays as it is",
                ),
                "folds": _FOLDS,
                "trials": _TRIALS,
            },
            reference=f"{_PAPER}, section 4.1",
        ),
        "shrinking-random": SearchEntry(
            target="poolbench.search.shrinking_random:ShrinkingRandom",
            summary="random rounds, each in the span of the last one's best; folds decide the end",
            options={
                "rounds": Option(
                    kind=int,
                    many=True,
                    default=(100, 100, 100),
                    minimum=2,
                    help="recipes drawn in each round; each round has a fold of its own",
                ),
                "top": Option(
                    kind=int,
                    default=10,
                    minimum=2,
                    help="best recipes of a round whose span the next one draws from",
                ),
                "finalists": Option(
                    kind=int,
                    default=5,
                    minimum=1,
                    help="best recipes of the last round that go to the folds",
                ),
                "geometric_means": Option(
                    kind=int,
                    many=True,
                    default=(5, 10),
                    minimum=2,
                    help="the mean of that many best recipes goes to the folds too",
                ),
                "folds": _FOLDS,
                "ranges": Option(
                    kind=str,
                    many=True,
                    default=(
                        "lr x10",
                        "1-beta1 x10",
                        "1-beta2 x10",
                        "eps x10",
                        "weight_decay x10",
                        "flat 0.5..0.85",
                    ),
                    help="NAME xF: from start / F to start x F, log-uniform; NAME A..B: uniform; "
                    "NAME A..B log: log-uniform",
                ),
            },
            reference=f"{_PAPER}, section 4.2",
        ),
        "optuna": SearchEntry(
            target="poolbench.search.optuna_sampler:OptunaSampler",
            summary="a sampler of Optuna (pip install 'poolbench[optuna]')",
            options={
                "sampler": Option(
                    kind=str,
                    choices=("tpe", "gp", "random", "qmc"),
                    help="Parzen estimators, a Gaussian process, independent draws, a Sobol "
                    "sequence",
                ),
                "trials": Option(kind=int, minimum=1, help="recipes to try, the start included"),
                "folds": _FOLDS,
                "batch": Option(
                    kind=int,
                    default=1,
                    minimum=1,
                    help="recipes asked for between two looks at the scores; random and qmc look "
                    "at none",
                ),
                "ranges": Option(
                    kind=str,
                    many=True,
                    default=("lr x10", "weight_decay x10"),
                    help="as those of shrinking-random",
                ),
            },
            reference="Akiba et al. 2019 (arXiv:1907.10902)",
        ),
    },
)
"""Every entry resolves to a :class:`poolbench.search.api.Search`."""
