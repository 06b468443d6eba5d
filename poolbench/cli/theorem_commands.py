"""``poolbench theory limits``, ``mean-similarity`` and ``theorems``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import check
from poolbench.cli.theory_options import numbers, show, whole_numbers

Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER]...", help="1, 3, 5 or 6; default: all.")
]


def register(commands: typer.Typer) -> None:
    """Add the commands to ``poolbench theory``."""
    commands.command("limits")(limits)
    commands.command("mean-similarity")(mean_similarity)
    commands.command("theorems")(theorems)


def limits(
    n: Annotated[str, typer.Option("--n", help="Elements per window.")] = "2,4,9,49",
    low: Annotated[
        str, typer.Option("--low", metavar="T", help="Temperatures near 0, ascending.")
    ] = "1e-5,3e-5,1e-4,3e-4",
    high: Annotated[
        str, typer.Option("--high", metavar="T", help="High temperatures, ascending.")
    ] = "30,100,300,1000",
    samples: Annotated[int, typer.Option("--samples", help="Random windows a seed.")] = 1000,
    seeds: Annotated[int, typer.Option("--seeds", help="Seeds, each of its own windows.")] = 5,
    figures: options.Figures = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Measure how fast LAE nears the max and the mean, beside what is proved, and dLAE/dt."""
    from poolbench.core.theory import LimitsSettings, TheorySettings

    check(format, output)
    settings = LimitsSettings(
        n=whole_numbers("--n", n),
        low=numbers("--low", low),
        high=numbers("--high", high),
        samples=samples,
        seeds=seeds,
    )
    show(TheorySettings(limits=settings), figures, format, output)


def mean_similarity(
    d: Annotated[
        str, typer.Option("--d", metavar="D", help="Sides of the images: 9,17,25.")
    ] = "9,17,25",
    kernel_size: Annotated[
        str, typer.Option("--kernel-size", metavar="K", help="Side of the filters, or one a side.")
    ] = "3",
    pairs: Annotated[int, typer.Option("--pairs", help="Pairs of images at each size.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the images.")] = 0,
    figures: options.Figures = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Calculate theorem 4.4's C, a ratio of means, beside the mean of the pairs' similarities."""
    from poolbench.core.theory import MeanSimilaritySettings, TheorySettings

    check(format, output)
    settings = MeanSimilaritySettings(
        image_sizes=whole_numbers("--d", d),
        kernel_sizes=whole_numbers("--kernel-size", kernel_size),
        pairs=pairs,
        seed=seed,
    )
    show(TheorySettings(mean_similarity=settings), figures, format, output)


def theorems(
    theorem: Numbers = None,
    d: Annotated[
        str, typer.Option("--d", metavar="D", help="Elements of the window: 4, 2-6 or 2,4.")
    ] = "2-6",
    figures: options.Figures = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Show theorems on max pooling in numbers: 1, 3, 5, and 6 with lemma 7.

    1: the sign of a max by one layer of ReLUs. 3: its dependence on all orders. 5: formulas in
    radicals. 6: what all optimal estimators share.
    """
    from poolbench.core.theory import THEOREMS, TheoremsSettings, TheorySettings

    check(format, output)
    settings = TheoremsSettings(d=whole_numbers("--d", d), numbers=tuple(theorem or THEOREMS))
    show(TheorySettings(theorems=settings), figures, format, output)
