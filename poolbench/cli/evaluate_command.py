"""``poolbench evaluate``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.groups import Running, Selection, taking_groups
from poolbench.cli.output import check, emit, tell
from poolbench.cli.progress import showing_progress
from poolbench.cli.robustness_command import measure
from poolbench.cli.study import settings_of


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("evaluate")(evaluate)


@taking_groups
def evaluate(
    checkpoint: Annotated[
        str,
        typer.Argument(
            metavar="CHECKPOINT",
            help="A state dict: safetensors, what torch.save made of it, or a folder of Hugging "
            "Face.",
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="NAME",
            help="Its network: torchvision/resnet18, or {name: wrn, ...}.",
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            "--data", metavar="D", help="A data set: cifar10, or {name: folder, path: pictures}."
        ),
    ],
    pools: Annotated[
        list[str] | None,
        typer.Option(
            "--pools",
            metavar="SITE=OPERATOR",
            help="Put this operator in place of its pooling; SITE alone: every operator there; "
            "{head: lae, window: max}: several at once. Default: head. Repeats.",
        ),
    ] = None,
    trained_with: Annotated[
        list[str] | None,
        typer.Option(
            "--trained-with",
            metavar="SITE=OPERATOR",
            help="What it was trained with, if not the network's own pooling. Repeats.",
        ),
    ] = None,
    normalise: Annotated[
        str,
        typer.Option(
            "--normalise",
            metavar="HOW",
            help="imagenet, data, or {mean: [...], std: [...]}; default: as the file says.",
        ),
    ] = "",
    sha256: Annotated[
        str, typer.Option("--sha256", metavar="HEX", help="Refuse a file with another SHA-256.")
    ] = "",
    attack: Annotated[
        list[str] | None,
        typer.Option(
            "--attack",
            metavar="PROBE",
            help="Then run a probe from `poolbench list probes`, or {name: pgd, steps: 20}. "
            "Repeats.",
        ),
    ] = None,
    *,
    limit: options.Limit = None,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    running: Running,
    format: options.Format = "rich",
    output: options.Output = None,
    figures: options.Figures = None,
) -> None:
    """Evaluate a trained network as it is, and with other operators in place of its pooling.

    Nothing is trained. Results are stored as runs of their own, and never repeated.
    """
    from poolbench.app.evaluate import evaluate as evaluate_planned
    from poolbench.app.evaluate import evaluation_tables
    from poolbench.app.failures import UNEVALUATED, UNMEASURED, refuse_failures
    from poolbench.app.planned_evaluation import Asked, plan_evaluation
    from poolbench.app.probe import findings
    from poolbench.app.report import draw
    from poolbench.app.results import read_results
    from poolbench.app.train import unfinished_count

    check(format, output)
    asked = Asked(
        checkpoint=checkpoint,
        model=model,
        data=data,
        pools=pools or (),
        trained_with=trained_with or (),
        normalise=normalise,
        sha256=sha256,
        limit=limit,
    )
    planned = plan_evaluation(asked, data_root, attacks=attack or ())
    study = planned.probed
    settings = settings_of(Selection(store=store, data_root=data_root), running)
    with showing_progress(unfinished_count(study, store), quiet=running.quiet) as listen:
        summary = evaluate_planned(planned, settings, listen)
    if not running.quiet:
        tell(f"{summary} (store {store})")
    if len(summary.failed) == len(study.cells):
        refuse_failures(summary.failed, UNEVALUATED)
    unmeasured = measure([study], settings, quiet=running.quiet) if attack else {}
    results = read_results(study, store)
    tables, charts = findings([results]) if attack else ([], [])
    emit([*evaluation_tables(planned, results), *tables], format, output, charts=charts)
    if figures is not None:
        draw(charts, figures)
    refuse_failures(summary.failed, UNEVALUATED)
    refuse_failures(unmeasured, UNMEASURED)
