"""``poolbench robustness``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Chosen, Running, taking_groups
from poolbench.cli.output import check, emit, tell
from poolbench.cli.progress import showing_progress
from poolbench.cli.study import read_study, refuse_changes, settings_of

if TYPE_CHECKING:
    from poolbench.app.probe import Settings, Study

_SHOWN_LABELS = 3


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("robustness")(robustness)


@taking_groups
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
    *,
    chosen: Chosen,
    running: Running,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
) -> None:
    """Measure trained networks under attack and at other image sizes, then print the tables.

    Nothing is trained. What is measured is stored under its run and never measured again.
    """
    from poolbench.app.probe import ask, findings, stored_runs
    from poolbench.app.report import draw
    from poolbench.app.results import read_results
    from poolbench.core.plugins import load_plugins

    check(format, output)
    lists = {"epsilons": epsilons, "sizes": sizes}
    given = {name: text for name, text in lists.items() if text is not None}
    if suite is None:
        refuse_changes(chosen)
        load_plugins(chosen.plugins or ())
        studies = stored_runs(chosen.store, attack or (), given)
    else:
        studies = [ask(read_study(suite, chosen), attack or (), given)]
    settings = settings_of(chosen, running)
    failed = measure(studies, settings, quiet=running.quiet)
    tables, charts = findings([read_results(study, chosen.store) for study in studies])
    emit(tables, format, output, charts=charts)
    if figures is not None:
        draw(charts, figures)
    refuse_failures(failed, "runs are not wholly measured")


def measure(studies: list[Study], settings: Settings, *, quiet: bool) -> dict[str, str]:
    """Measure studies one after another, with progress; return the reason by label of failures."""
    from poolbench.app.probe import open_count, probe

    failed: dict[str, str] = {}
    for study in studies:
        with showing_progress(open_count(study, settings.store), quiet=quiet) as listen:
            summary = probe(study, settings, listen)
        failed |= summary.failed
        if not quiet:
            tell(f"{study.title}: {summary} (store {settings.store})")
    return failed


def refuse_failures(failed: Mapping[str, str], what: str) -> None:
    """End with exit code 3 if something failed.

    Args:
        failed: Reason by label.
        what: What these are, in words that follow their number.

    Raises:
        CellsFailed: There is one.
    """
    from poolbench.core.errors import CellsFailed

    if failed:
        by_reason: dict[str, list[str]] = {}
        for label, why in failed.items():
            by_reason.setdefault(why, []).append(label)
        reasons = "\n".join(f"  {_first(labels)}: {why}" for why, labels in by_reason.items())
        raise CellsFailed(
            f"{len(failed)} {what}:\n{reasons}",
            "what is finished is safe; the same command tries these again",
        )


def _first(labels: list[str]) -> str:
    """Return the first labels of those that share a reason: a mistake in a name fails them all."""
    shown = ", ".join(labels[:_SHOWN_LABELS])
    rest = len(labels) - _SHOWN_LABELS
    return f"{shown} and {rest} more" if rest > 0 else shown
