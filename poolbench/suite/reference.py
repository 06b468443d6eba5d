"""What the published numbers of a suite were measured with.

This is the one place that knows. Numbers that a built-in suite has too were measured with that
suite, wherever they are copied to. Any others were measured with the file that carries them: its
author says so, for the file as it stands, not for what a profile or the command line makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from poolbench.core.errors import BadInput
from poolbench.core.study import Analysis
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.check import Suite, check
from poolbench.suite.document import read_document
from poolbench.suite.faults import Faults
from poolbench.suite.given import Given

Shipped = Callable[[], Mapping[str, Path]]
"""Returns the files of the built-in suites by their names."""

ITSELF = "the suite"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A suite as it stands in its file.

    Args:
        name: ``the suite`` for a suite's own file, or the name of a built-in one.
        suite: Its content, without profile or overrides; ``None`` if they alone make it valid.
    """

    name: str
    suite: Suite | None


def references(
    path: Path | Given,
    suite: Suite,
    *,
    profile: str | None,
    is_changed: bool,
    catalogues: Catalogues,
    shipped: Shipped,
) -> dict[str, Reference]:
    """Return what each data set of a suite is held against.

    Args:
        path: The suite's file, or what was given instead of one.
        suite: The suite, with profile and overrides applied.
        profile: The profile.
        is_changed: Whether profile, overrides or a limit change the file.
        catalogues: The names it may use.
        shipped: The built-in suites, read only if this one has published numbers of its own file.

    Returns:
        References by data set; a data set without one is as its file has it.
    """
    found: dict[str, Reference] = {}
    files = shipped() if suite.analysis.published else {}
    if isinstance(path, Given) or path.resolve() not in {file.resolve() for file in files.values()}:
        found = _built_in(suite.analysis, files, catalogues)
    lacking = [choice.source.name for choice in suite.datasets if choice.source.name not in found]
    if is_changed and lacking:
        own = Reference(name=ITSELF, suite=_own(path, profile, catalogues))
        found |= dict.fromkeys(lacking, own)
    return found


def _built_in(
    analysis: Analysis, files: Mapping[str, Path], catalogues: Catalogues
) -> dict[str, Reference]:
    """Return, for each data set, the built-in suite that publishes most of the same numbers."""
    most: dict[str, int] = {}
    found: dict[str, Reference] = {}
    for name, file in files.items():
        # One that inherits its numbers has the networks of the suite it inherits them from.
        if "published:" not in file.read_text(encoding="utf-8"):
            continue
        theirs = _read(file, None, catalogues)
        for dataset, rows in theirs.analysis.published.items() if theirs is not None else ():
            ours = analysis.published.get(dataset, {})
            same = len({*ours.values()} & {*rows.values()})
            if theirs is not None and same > most.get(dataset, 0):
                most[dataset] = same
                found[dataset] = Reference(name=name, suite=theirs)
    return found


def _own(path: Path | Given, profile: str | None, catalogues: Catalogues) -> Suite | None:
    """Return the file's suite, with the profile if it is the profile that has the numbers."""
    plain = _read(path, None, catalogues)
    chosen = _read(path, profile, catalogues) if profile is not None else None
    if chosen is None or plain is None:
        return plain
    is_its_own = chosen.analysis.published and chosen.analysis.published != plain.analysis.published
    return chosen if is_its_own else plain


def _read(path: Path | Given, profile: str | None, catalogues: Catalogues) -> Suite | None:
    """Return the suite of a file; ``None`` if only the command line makes it valid."""
    try:
        faults = Faults()
        return check(read_document(path, profile, (), faults), catalogues, faults)
    except BadInput:
        return None
