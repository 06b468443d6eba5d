"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from poolbench.app import suites


def path(text: str | Path) -> Path:
    """Return an option's path; an empty one, from a variable that was not set, is an error."""
    if text == "":
        raise typer.BadParameter("the path is empty")
    return Path(text)


SuiteArgument = Annotated[
    str,
    typer.Argument(metavar="SUITE", help="A suite file, or the name of a built-in suite."),
]
OptionalSuite = Annotated[
    str | None,
    typer.Argument(
        metavar="[SUITE]", help="A suite file or name; default: every study in the store."
    ),
]
Profile = Annotated[
    str | None, typer.Option("--profile", help="Apply a profile from the suite, such as smoke.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key: recipe.epochs=5. Repeats."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="GLOB", help="Keep these variants: 'lae*', 'max@0'. Repeats."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Use at most this many images of each split.")
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
        "--data-root", metavar="PATH", parser=path, help="Data folder; default: POOLBENCH_DATA."
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
        help="rich, markdown, latex, html, csv or json; default: from the suffix of -o, else rich.",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="PATH",
        parser=path,
        help="Write to this file; default: standard output.",
    ),
]
Figures = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR", parser=path, help="Write the charts there as PNG and SVG."
    ),
]
Rule = Annotated[
    str | None, typer.Option("--rule", help="Rule for the bold rows: set, paper or holm.")
]
Baseline = Annotated[
    str | None, typer.Option("--baseline", help="Variant that the others are compared with.")
]
Alpha = Annotated[float | None, typer.Option("--alpha", help="Significance level, in (0, 1).")]
Margin = Annotated[
    float | None,
    typer.Option("--margin", help="Equivalence margin in percentage points; default: no test."),
]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda or cuda:N.")]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Workers; default: one per core, or one per GPU."),
]
