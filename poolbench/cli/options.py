"""The options that several commands share, spelled and explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poolbench.app import suites


def path(text: str | Path) -> Path:
    """Return the path an option gives; an empty one is a variable that was not set."""
    if text == "":
        raise typer.BadParameter("the path is empty")
    return Path(text)


SuiteArgument = Annotated[
    str,
    typer.Argument(metavar="SUITE", help="A suite file, or the name of one that ships."),
]
OptionalSuite = Annotated[
    str | None,
    typer.Argument(
        metavar="[SUITE]", help="A suite file or name; without it, every study of the store."
    ),
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="Apply a profile of the suite, such as smoke.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change the suite: recipe.epochs=5. Repeats."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="GLOB", help="Keep these variants: 'lae*', 'max@0'. Repeats."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many images of each split.")
]
DEFAULT_STORE = suites.DEFAULT_STORE
StorePath = Annotated[
    Path,
    typer.Option(
        "--store",
        envvar="POOLBENCH_STORE",
        metavar="PATH",
        parser=path,
        help="Folder of the run store.",
    ),
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data-root", metavar="PATH", parser=path, help="Where data sets are; else POOLBENCH_DATA."
    ),
]
Plugins = Annotated[
    list[str] | None,
    typer.Option("--plugin", metavar="FILE", help="Load catalogue entries from a Python file."),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        help="rich, markdown, latex, html, csv or json; rich gives way to the suffix of -o.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="PATH",
        parser=path,
        help="Write there instead of standard output.",
    ),
]
Figures = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR", parser=path, help="Draw the charts there, as PNG and SVG files."
    ),
]
Rule = Annotated[
    str | None, typer.Option("--rule", help="Which rows are best: set, paper or holm.")
]
Baseline = Annotated[
    str | None, typer.Option("--baseline", help="Compare the other variants with this one.")
]
Alpha = Annotated[float | None, typer.Option("--alpha", help="Level of the tests, in (0, 1).")]
Margin = Annotated[
    float | None,
    typer.Option("--margin", help="Call differences within it equivalent, in percentage points."),
]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda or cuda:N.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Workers; default: one a core, or one a GPU."),
]
