"""``poolbench theory``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import check, emit
from poolbench.cli.theorem_commands import register as register_theorems
from poolbench.cli.theory_options import fractions, numbers, show, whole_numbers

_commands = typer.Typer(
    help="Calculate properties of pooling: max by ReLU networks, smooth maxima, contraction.",
    no_args_is_help=True,
)

Dimension = Annotated[int, typer.Option("--d", help="Elements of the window.")]
Dimensions = Annotated[
    str, typer.Option("--d", metavar="D", help="Elements of the window: 4, 2-12 or 2,4,9.")
]
OrderSets = Annotated[
    list[str] | None,
    typer.Option(
        "--orders", metavar="R", help="Subpool sizes, 0: the intercept; default: all. Repeats."
    ),
]
Samples = Annotated[int, typer.Option("--samples", help="Random points.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of the random points.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    register_theorems(_commands)
    app.add_typer(_commands, name="theory")


@_commands.command("run")
def run(
    suite: options.SuiteArgument,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    figures: options.Figures = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Calculate what a suite's theory section asks for, and compare it with the source."""
    from poolbench.app.experiment import load_experiment

    check(format, output)
    experiment = load_experiment("theory", suite, profile=profile, overrides=overrides or ())
    show(experiment.settings, figures, format, output, experiment.deviations)


@_commands.command("optimal-error")
def optimal_error(
    d: Dimensions = "2-4",
    orders: OrderSets = None,
    figures: options.Figures = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Calculate the least error of subpool maxes: Appendix D, to d = 12 and beyond."""
    from poolbench.app.theory import optimal_error_settings
    from poolbench.core.theory import TheorySettings

    check(format, output)
    settings = optimal_error_settings(whole_numbers("--d", d), _order_sets(orders))
    show(TheorySettings(optimal_error=settings), figures, format, output)


@_commands.command("l2-error")
def l2_error(
    d: Dimensions = "2-4",
    orders: OrderSets = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Calculate the least mean squared error of subpool maxes: Appendix C, in closed form."""
    from poolbench.app.theory import l2_error as l2_error_of

    check(format, output)
    emit(l2_error_of(whole_numbers("--d", d), _order_sets(orders)), format, output)


@_commands.command("volume")
def volume(
    d: Dimension = 4,
    orders: Annotated[
        str | None, typer.Option("--orders", metavar="R", help="Subpool sizes; default: 0,d-1.")
    ] = None,
    shares: Annotated[
        str, typer.Option("--shares", help="Thresholds, as fractions of the largest error.")
    ] = "0,1/4,1/2,3/4,9/10",
    samples: Samples = 200_000,
    seed: Seed = 0,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Measure how much of the unit cube has a large error, against the bound of Lemma 4."""
    from poolbench.app.theory import volume as volume_of

    check(format, output)
    chosen = whole_numbers("--orders", orders) if orders is not None else (0, d - 1)
    table = volume_of(d, chosen, shares=fractions(shares), samples=samples, seed=seed)
    emit([table], format, output)


@_commands.command("plan")
def plan(
    d: Dimension = 10,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Show which subpools divide and conquer needs: Theorem 4 and figure 2, as a ReLU network."""
    from poolbench.app.theory import plan_settings
    from poolbench.core.theory import TheorySettings

    check(format, output)
    show(TheorySettings(plan=plan_settings(d)), None, format, output)


@_commands.command("max-network")
def max_network(
    n: Annotated[
        str, typer.Option("--n", metavar="N", help="Number of inputs: 9, 2-16 or 4,9,49.")
    ] = "2-10",
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Show ReLU networks that compute a max exactly: Lemma 1."""
    from poolbench.app.theory import max_networks

    check(format, output)
    emit([max_networks(whole_numbers("--n", n))], format, output)


@_commands.command("regions")
def regions(
    d: Dimension = 9,
    widths: Annotated[
        str | None, typer.Option("--widths", help="Hidden widths of one more network: 12,10.")
    ] = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Bound the number of linear regions of networks with d inputs (Serra et al. 2018)."""
    from poolbench.app.theory import regions_settings
    from poolbench.core.theory import TheorySettings

    check(format, output)
    given = whole_numbers("--widths", widths) if widths is not None else ()
    show(TheorySettings(regions=regions_settings(d, given)), None, format, output)


@_commands.command("lse")
def lse(
    t: Annotated[str, typer.Option("--t", help="Temperatures.")] = "0.01,0.1,1,10,100",
    n: Annotated[str, typer.Option("--n", help="Elements per window.")] = "2,4,9,49,1024",
    offsets: Annotated[
        str, typer.Option("--offsets", help="Largest element, for over- and underflow.")
    ] = "-1000,-100,-20,0,20,100,1000",
    samples: Samples = 1000,
    seed: Seed = 0,
    figures: options.Figures = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare LSE and LAE with the max: bound and error over t and n, over- and underflow."""
    from poolbench.core.theory import SmoothMaximumSettings, TheorySettings

    check(format, output)
    settings = SmoothMaximumSettings(
        t=numbers("--t", t),
        n=whole_numbers("--n", n),
        offsets=numbers("--offsets", offsets),
        samples=samples,
        seed=seed,
    )
    show(TheorySettings(lse=settings), figures, format, output)


def _order_sets(texts: list[str] | None) -> tuple[tuple[int, ...], ...]:
    return tuple(whole_numbers("--orders", text) for text in texts or ())
