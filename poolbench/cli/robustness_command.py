"""``poolbench robustness``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Running, Selection, taking_groups
from poolbench.cli.output import check, emit, tell
from poolbench.cli.progress import showing_progress
from poolbench.cli.study import load_study, refuse_changes, settings_of

if TYPE_CHECKING:
    from poolbench.app.probe import Settings, Study


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("robustness")(robustness)


@taking_groups
def robustness(
    suite: Annotated[
        str | None,
        typer.Argument(
            metavar="[SUITE]", help="A suite file or name; default: every run in the store."
        ),
    ] = None,
    attack: Annotated[
        list[str] | None,
        typer.Option(
            "--attack",
            metavar="PROBE",
            help="A probe from `poolbench list probes`, or {name: pgd, steps: 20}; "
            "default: the suite's own. Repeats.",
        ),
    ] = None,
    epsilons: Annotated[
        str | None,
        typer.Option("--epsilons", metavar="LIST", help="Attack strengths, such as 0,1/255,8/255."),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option("--sizes", metavar="LIST", help="Image sides in pixels, such as 24,28,32."),
    ] = None,
    *,
    selection: Selection,
    running: Running,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
) -> None:
    """Measure trained networks under attack and at other image sizes, then print the tables.

    Nothing is trained. Measurements are stored with their run and never repeated.
    """
    from poolbench.app.failures import UNMEASURED, refuse_failures
    from poolbench.app.probe import ask, findings, stored_runs
    from poolbench.app.report import draw
    from poolbench.app.results import read_results

    check(format, output)
    lists = {"epsilons": epsilons, "sizes": sizes}
    given = {name: text for name, text in lists.items() if text is not None}
    if suite is None:
        refuse_changes(selection)
        studies = stored_runs(selection.store, attack or (), given)
    else:
        studies = [ask(load_study(suite, selection), attack or (), given)]
    settings = settings_of(selection, running)
    failed = measure(studies, settings, quiet=running.quiet)
    tables, charts = findings([read_results(study, selection.store) for study in studies])
    emit(tables, format, output, charts=charts)
    if figures is not None:
        draw(charts, figures)
    refuse_failures(failed, UNMEASURED)


def measure(studies: list[Study], settings: Settings, *, quiet: bool) -> dict[str, str]:
    """Measure studies one after another, with progress; return the failures: reason by label."""
    from poolbench.app.probe import open_count, probe

    failed: dict[str, str] = {}
    for study in studies:
        with showing_progress(open_count(study, settings.store), quiet=quiet) as listen:
            summary = probe(study, settings, listen)
        failed |= summary.failed
        if not quiet:
            tell(f"{study.title}: {summary} (store {settings.store})")
    return failed
