"""``poolbench robustness``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import check, emit
from poolbench.cli.progress import showing_progress
from poolbench.cli.study import read_study, refuse_changes

if TYPE_CHECKING:
    from poolbench.app.probe import Settings, Study


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("robustness")(robustness)


def robustness(
    suite: Annotated[
        str | None,
        typer.Argument(
            metavar="[SUITE]", help="A suite file or name; without it, every run of the store."
        ),
    ] = None,
    attack: Annotated[
        list[str] | None,
        typer.Option(
            "--attack",
            metavar="PROBE",
            help="A probe, as `poolbench list probes` has them, or {name: pgd, steps: 20}; "
            "default: the suite's own. Repeats.",
        ),
    ] = None,
    epsilons: Annotated[
        str | None,
        typer.Option("--epsilons", metavar="LIST", help="Strengths of attacks: 0,1/255,8/255."),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option("--sizes", metavar="LIST", help="Sides of images in pixels: 24,28,32."),
    ] = None,
    profile: options.Profile = None,
    overrides: options.Overrides = None,
    only: options.Only = None,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    device: options.Device = None,
    jobs: options.Jobs = None,
    engine: Annotated[
        str, typer.Option("--engine", help="local (worker processes) or inline (this process).")
    ] = "local",
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for runs that others are measuring.")
    ] = True,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
    plugin: options.Plugins = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure trained networks under attack and at other image sizes, then print the tables.

    Nothing is trained. What is measured is stored under its run and never measured again.
    """
    from poolbench.app.plugins import load_plugins
    from poolbench.app.probe import Settings, ask, findings, stored_runs
    from poolbench.app.report import draw
    from poolbench.app.results import read_results

    check(format, output)
    lists = {"epsilons": epsilons, "sizes": sizes}
    given = {name: text for name, text in lists.items() if text is not None}
    if suite is None:
        refuse_changes(profile=profile, overrides=overrides, only=only, limit=limit)
        load_plugins(plugin or ())
        studies = stored_runs(store, attack or (), given)
    else:
        study = read_study(
            suite,
            profile=profile,
            overrides=overrides,
            only=only,
            limit=limit,
            data_root=data_root,
            plugin=plugin,
        )
        studies = [ask(study, attack or (), given)]
    settings = Settings(
        store=store,
        device=device,
        jobs=jobs,
        engine=engine,
        root=data_root,
        plugins=tuple(plugin or ()),
        wait=wait,
    )
    failed = measure(studies, settings, quiet=quiet)
    tables, charts = findings([read_results(study, store) for study in studies])
    emit(tables, format, output, charts=charts)
    if figures is not None:
        draw(charts, figures)
    refuse_failures(failed)


def measure(studies: list[Study], settings: Settings, *, quiet: bool) -> dict[str, str]:
    """Measure studies one after another, with progress; return the reason by label of failures."""
    from poolbench.app.probe import open_count, probe

    failed: dict[str, str] = {}
    for study in studies:
        with showing_progress(open_count(study, settings.store), quiet=quiet) as listen:
            summary = probe(study, settings, listen)
        failed |= summary.failed
        if not quiet:
            sys.stderr.write(f"{study.title}: {summary} (store {settings.store})\n")
    return failed


def refuse_failures(failed: dict[str, str]) -> None:
    """End with exit code 3 if something could not be measured.

    Raises:
        CellsFailed: Something could not.
    """
    from poolbench.core.errors import CellsFailed

    if failed:
        reasons = "\n".join(f"  {label}: {why}" for label, why in failed.items())
        raise CellsFailed(
            f"{len(failed)} runs are not wholly measured:\n{reasons}",
            "the others are safe; the same command tries these again",
        )
