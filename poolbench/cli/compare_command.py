"""``poolbench compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import emit
from poolbench.cli.study import read_study


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("compare")(compare)


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A variant.")],
    b: Annotated[
        str | None,
        typer.Argument(metavar="[B]", help="The candidate; without it, A against the baseline."),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option("--suite", help="Where they are from; default: the store's latest with both."),
    ] = None,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    alpha: options.Alpha = None,
    margin: options.Margin = None,
    format: options.Format = "rich",
    output: options.Output = None,
    plugin: options.Plugins = None,
) -> None:
    """Compare variant B with variant A: difference, interval, p, effect size, verdict."""
    from poolbench.app.compare import compare as compare_variants
    from poolbench.app.report import Reading

    study = None
    if suite is not None:
        study = read_study(
            suite,
            profile=profile,
            overrides=overrides,
            limit=limit,
            data_root=data_root,
            plugin=plugin,
        )
    reading = Reading(alpha=alpha, margin=margin)
    emit(compare_variants(a, b, study=study, store_path=store, reading=reading), format, output)
