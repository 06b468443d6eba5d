"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from poolbench.app import suites
from poolbench.app.report import FORMATS
from poolbench.core.plugins import load_plugins
from poolbench.core.shard import Shard


def path(text: str | Path) -> Path:
    """Return an option's path; an empty one, from a variable that was not set, is an error."""
    if text == "":
        raise typer.BadParameter("the path is empty")
    return Path(text)


def _load(context: typer.Context, files: list[str] | None) -> list[str]:
    """Load the plug-ins before any other option is looked at, help and completion included."""
    load_plugins(files or ())
    for parameter in context.command.params:
        if parameter.name == "format":
            parameter.help = _about_formats()  # type: ignore[attr-defined]
    return files or []  # typer 0.19 counts them


def _about_formats() -> str:
    return f"{', '.join(FORMATS)}; rich gives way to the suffix of -o."


def _formats(incomplete: str) -> Iterator[tuple[str, str]]:
    yield from ((n, e.summary) for n, e in FORMATS.items() if n.startswith(incomplete))


def _known(format: str) -> str:
    """Refuse a format that there is not, before the work rather than after."""
    FORMATS[format]
    return format


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
    typer.Option(
        "--plugin",
        metavar="FILE",
        callback=_load,
        is_eager=True,
        help="Load catalogue entries from a Python file. Repeats.",
    ),
]
ShardOption = Annotated[
    Shard | None,
    typer.Option(
        "--shard",
        metavar="K/N",
        parser=Shard.parse,
        help="Only the K-th of N parts of a suite's cells, which differ by at most one cell, in "
        "all and for each variant. --only, changed probes, another order of variants and further "
        "seeds move no cell to another part; another variant does.",
    ),
]
Format = Annotated[
    str,
    typer.Option("--format", callback=_known, autocompletion=_formats, help=_about_formats()),
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
Download = Annotated[
    bool, typer.Option("--download", help="Download missing data sets and check them.")
]
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        help="Variant that the others are compared with. Another than the suite's is a choice "
        "after the fact: p is then corrected over all pairs.",
    ),
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
