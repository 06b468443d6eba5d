"""``poolbench list``."""

from __future__ import annotations

from typing import Annotated

import typer

from poolbench.cli import options
from poolbench.cli.output import emit, write
from poolbench.core.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("list")(list_things)


def list_things(
    family: Annotated[
        str | None,
        typer.Argument(
            metavar="[FAMILY]",
            help="operators, models, data, augmentations, optimizers, schedules, probes, searches, "
            "formats, engines, suites, runs or schemas.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="An entry to show in full.")
    ] = None,
    cost: Annotated[
        bool, typer.Option("--cost", help="For suites: estimate the GPU hours of each.")
    ] = False,
    tflops: Annotated[
        float,
        typer.Option("--tflops", min=1e-6, help="For --cost: sustained TFLOP/s of the GPU."),
    ] = 10.0,
    store: options.StorePath = options.DEFAULT_STORE,
    data_root: options.DataRoot = None,
    format: options.Format = "rich",
    output: options.Output = None,
) -> None:
    """List what a suite can name; with NAME, show one entry with its options and an example."""
    from poolbench.app.listing import describe, list_family, schema_text
    from poolbench.app.suite_index import describe_suite, suite_index

    if family == "schemas" and name is not None:
        write(schema_text(name), output)
        return
    if cost and (family, name) != ("suites", None):
        raise BadInput("only suites have a cost", "type: poolbench list suites --cost")
    if (family, name) == ("suites", None):
        tables = [suite_index(data_root, tflops=tflops if cost else None)]
    elif family == "suites" and name is not None:
        tables = [describe_suite(name)]
    elif family is None:
        families = ("operators", "models", "data", "suites")
        tables = [table for each in families for table in list_family(each, store)]
    else:
        tables = list_family(family, store) if name is None else describe(family, name)
    emit(tables, format, output)
