"""``poolbench contraction``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import check, draw, emit
from poolbench.cli.progress import showing_progress

Suite = Annotated[
    str | None,
    typer.Argument(
        metavar="[SUITE]",
        help="A suite with a section `contraction`; default: use --model, --data and --pool.",
    ),
]
Model = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="NETWORK", help="shallow-fcn, '{name: wrn, depth: 10}'. Repeats."
    ),
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="DATA", help="gaussian, '{name: cifar10, shift: 1}'. Repeats."),
]
Pool = Annotated[
    list[str] | None,
    typer.Option("--pool", metavar="OPERATOR", help="max, '{name: lae, temperature: 4}'. Repeats."),
]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("contraction")(contraction)


def contraction(
    suite: Suite = None,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    model: Model = None,
    data: Data = None,
    pool: Pool = None,
    pairs: Annotated[int | None, typer.Option("--pairs", help="Random pairs per seed.")] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="Seeds, each another untrained network.")
    ] = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    device: options.Device = None,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Measure how much pooling shrinks the angle between random images, before any training.

    Earlier measurements are read from the store. A missing data set gets a row that says so, and
    the exit code is 6.
    """
    from poolbench.app.contraction import observe, report
    from poolbench.app.experiment import load_experiment
    from poolbench.core.errors import BadInput, EnvironmentFault

    if suite is None and not model:
        raise BadInput(
            "there is nothing to measure",
            "name a suite, such as contraction/fig2-fcn, or give --model, --data, --pool, --seeds",
        )
    check(format, output)
    experiment = load_experiment(
        "contraction",
        suite,
        profile=profile,
        overrides=overrides or (),
        options=_laid(model=model, data=data, pool=pool, pairs=pairs, seeds=seeds),
    )
    with showing_progress(experiment.settings.network_count, quiet=quiet) as listen:
        observed = observe(
            experiment.settings, store=store, root=data_root, device=device, on_event=listen
        )
    tables, charts = report(experiment, observed, store=store, root=data_root)
    emit(tables, format, output, charts=charts)
    if figures is not None:
        draw(charts, figures)
    missing = {each.source.source.name: each.missing for each in observed if each.missing}
    if missing:
        raise EnvironmentFault(
            "\n".join(missing.values()),
            "the rest is in the table; name their folder with --data-root (or POOLBENCH_DATA)",
        )


def _laid(
    *,
    model: list[str] | None,
    data: list[str] | None,
    pool: list[str] | None,
    pairs: int | None,
    seeds: int | None,
) -> dict[str, str]:
    """Return the options as overrides of a suite, keyed by the text that the user typed."""
    lists = {"model": model, "data": data, "pool": pool}
    keys = {"model": "model", "data": "data", "pool": "pools"}
    laid = {
        " ".join(f"--{name} {each}" for each in given): f"contraction.{keys[name]}="
        f"[{', '.join(given)}]"
        for name, given in lists.items()
        if given
    }
    for name, number in (("pairs", pairs), ("seeds", seeds)):
        if number is not None:
            laid[f"--{name} {number}"] = f"contraction.{name}={number}"
    return laid
