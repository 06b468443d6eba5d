"""``poolbench compare``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Selection, taking_groups
from poolbench.cli.output import annotate, emit, tell
from poolbench.cli.study import load_study, refuse_changes
from poolbench.core.errors import BadInput
from poolbench.core.gate import LOSSES


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("compare")(compare)


@taking_groups
def compare(
    a: Annotated[
        str | None,
        typer.Argument(
            metavar="[A]",
            help="A variant, a store or a baseline.json; default: every variant is compared with "
            "the suite's baseline, and the pairs it plans.",
        ),
    ] = None,
    b: Annotated[
        str | None,
        typer.Argument(
            metavar="[B]", help="The candidate; default: --store, or A itself if it is a variant."
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option("--suite", help="Their suite; default: the latest in the store with both."),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="CONDITION",
            help="Exit 4 if it holds: 'accuracy < baseline - 0.5pp', 'accuracy < 95%', "
            "'parameters > 260000'. Replaces the suite's gates. Repeats.",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Also exit 4 if a gate is undecided.")
    ] = False,
    familywise: Annotated[
        bool,
        typer.Option(
            "--familywise", help="Keep the gates' level over all rulings together (Bonferroni)."
        ),
    ] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="|".join(LOSSES),
            autocompletion=lambda: LOSSES,
            help="Judge gates although runs were lost this way, which fails them otherwise. With "
            "--fail-if. Repeats.",
        ),
    ] = None,
    *,
    selection: Selection,
    alpha: options.Alpha = None,
    margin: options.Margin = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """Compare variants, or earlier results with current ones; exit 4 if a gate fails.

    Two variants are also compared over seeds and test images, and image by image.

    A gate fails if the whole interval meets its condition, or if a run diverged or collapsed. In
    GitHub Actions the tables also go to the step's summary, and the gates become annotations.
    """
    from poolbench.app.compare import compare as compare_all
    from poolbench.app.gates import announce, enforce, read_gates
    from poolbench.app.results import Reading

    if allow and not fail_if:
        hint = "a suite's gates say it themselves: {fail_if: ..., allow: [diverged]}"
        raise BadInput("--allow without --fail-if", hint)
    gates = read_gates(fail_if or (), allow or ())
    if suite is None:
        refuse_changes(selection)
    study = None if suite is None else load_study(suite, selection)
    reading = Reading(alpha=alpha, margin=margin)
    compared = compare_all(
        a,
        b,
        study=study,
        store_path=selection.store,
        reading=reading,
        gates=gates,
        familywise=familywise,
        root=selection.data_root,
    )
    emit(compared.tables, format, output, charts=compared.charts)
    for line in compared.told:
        tell(line)
    for line in announce(compared.tables, compared.rulings):
        annotate(line)
    enforce(compared.rulings, strict=strict)
