"""A tuned suite: the suite that was searched, with the recipe that each variant's search found."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from poolbench.app.suites import command
from poolbench.core.atomic import write_whole
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.study import Study
from poolbench.report.number_format import per_cent, points
from poolbench.report.search.searched import Searched
from poolbench.stats import estimate


def write_tuned_suite(study: Study, found: Sequence[Searched], target: Path) -> None:
    """Write a suite that extends the one searched, with each variant's best recipe.

    Args:
        study: The study that was searched.
        found: Its searches, all finished.
        target: The file; an existing one is replaced atomically.

    Raises:
        BadInput: A search is unfinished, the study has several data sets, or the file is the suite.
        EnvironmentFault: The file cannot be written.
    """
    unfinished = [each.variant for each in found if each.outcome is None]
    if unfinished:
        hint = f"finish the search first: {command('tune', study)}"
        raise BadInput(f"the search of {', '.join(unfinished)} is unfinished", hint)
    if len(study.datasets) > 1:
        hint = "a variant has one recipe: search each data set by itself, with --set data=..."
        raise BadInput(f"a tuned suite is of one data set, not of {len(study.datasets)}", hint)
    if target.exists() and target.resolve() == Path(study.origin).resolve():
        raise BadInput(f"{target} is the suite that was searched", "name another file")
    text = "\n".join(_lines(study, found, target.parent)) + "\n"
    try:
        write_whole(target, lambda file: file.write(text.encode()))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {target}: {error.strerror}") from error


def _lines(study: Study, found: Sequence[Searched], folder: Path) -> Iterator[str]:
    origin = os.path.relpath(Path(study.origin).resolve(), folder.resolve())
    yield f"# Written by `{command('tune', study)}`: each variant with the recipe its search found."
    yield "# Accuracies are those of the folds, on images of the training split."
    yield f"extends: {_quoted(origin if origin.startswith('..') else f'./{origin}')}"
    yield f"title: {_quoted(f'{study.title}, tuned')}"
    yield "search: null"
    yield "variants:"
    for each in found:
        assert each.outcome is not None  # noqa: S101  (checked by the caller)
        yield f"  # {_provenance(each, study.analysis.alpha)}"
        yield f"  {_quoted(each.variant)}:"
        yield "    recipe:"
        parts: dict[str, list[str]] = {}
        for key, value in each.outcome.best.values.items():
            part, _, option = key.partition(".")
            parts.setdefault(part, []).append(f"{option}: {value!r}")
        yield from (f"      {part}: {{{', '.join(entries)}}}" for part, entries in parts.items())


def _provenance(searched: Searched, alpha: float) -> str:
    outcome = searched.outcome
    assert outcome is not None  # noqa: S101  (checked by the caller)
    best, start = searched.at(outcome.best), searched.at(outcome.start)
    told = [f"{len(searched.tried)} points tried"]
    if best is not None:
        e = estimate(list(best.accuracies.values()))
        told.append(f"{per_cent(e.mean, e.std)} % on {len(best.accuracies)} folds")
    if start is not None:
        gain, interval = searched.gain(alpha)
        told.append(f"gain on the start {points(gain, interval)} points")
    return ", ".join(told)


def _quoted(text: str) -> str:
    """Return text as JSON, which is YAML too."""
    return json.dumps(text, ensure_ascii=False)
