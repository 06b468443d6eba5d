"""A tuned suite: the suite that was searched, with the recipe that each variant's search found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from poolbench.app.suites import command, folder
from poolbench.core.atomic import write_whole
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched
from poolbench.core.printable import SHOWN
from poolbench.core.study import Study
from poolbench.report.number_format import per_cent, points
from poolbench.report.search.searched import Searched
from poolbench.report.table import printable
from poolbench.stats import estimate
from poolbench.suite.changes import block, changes_of, joined, overrides_of, whole_of
from poolbench.suite.document import files_of
from poolbench.suite.schema import MAX_SENTENCE_LENGTH

HEAD = "# Written by `poolbench tune "
"""How the file begins: what begins otherwise is somebody's own, and never replaced."""


def check_target(study: Study, target: Path) -> None:
    """Check that a tuned suite can be written to a file, before the search rather than after.

    Raises:
        BadInput: The study has several data sets, its changes cannot be written, or the file is
            one that the suite is read from or that no search has written.
        EnvironmentFault: The file's folder does not exist or cannot be written to.
    """
    if len(study.datasets) > 1:
        hint = "a variant has one recipe: search each data set by itself, with --set data=..."
        raise BadInput(f"a tuned suite is of one data set, not of {len(study.datasets)}", hint)
    _changes(study)
    if target.is_dir():
        raise BadInput(f"{target} is a folder", "name a file with -o")
    if not target.parent.is_dir():
        raise EnvironmentFault(f"there is no folder {target.parent}", "create it or name another")
    if not os.access(target.parent, os.W_OK):
        raise EnvironmentFault(f"cannot write to the folder {target.parent}", "name another")
    if not target.exists():
        return
    suite, *extended = files_of(Path(study.origin))
    if target.samefile(suite):
        raise BadInput(f"{target} is the suite that was searched", "name another file with -o")
    if any(target.samefile(file) for file in extended):
        message = f"{target} is extended by the suite that was searched"
        raise BadInput(message, "name another file with -o")
    with target.open("rb") as file:
        if file.read(len(HEAD.encode())) != HEAD.encode():
            message = f"{target} exists and is not a tuned suite, which alone is replaced"
            raise BadInput(message, "name another file with -o, or move it away")


def write_tuned_suite(study: Study, found: Sequence[Searched], target: Path) -> None:
    """Write a suite that extends the one searched, with each variant's best recipe.

    Of a built-in suite it is a copy, which does not depend on where this installation is.
    The profile and the values of the command line that the search was made with are part of it.

    Args:
        study: The study that was searched.
        found: Its searches, all finished.
        target: The file; a tuned suite that is there is replaced atomically.

    Raises:
        BadInput: A search is unfinished, or as :func:`check_target`.
        NothingMatched: Every fold of a variant's best point diverged.
        EnvironmentFault: The file cannot be written.
    """
    check_target(study, target)
    unfinished = [each.variant for each in found if each.outcome is None]
    if unfinished:
        hint = f"finish the search first: {command('tune', study)}"
        raise BadInput(f"the search of {', '.join(unfinished)} is unfinished", hint)
    if lost := [each.variant for each in found if each.is_lost]:
        raise NothingMatched(
            f"no tuned suite is written: no point of the search of {', '.join(lost)} was trained "
            "without diverging",
            "start it elsewhere, such as `search: {start: {lr: 0.01}}`, or leave the variant out",
        )
    text = "\n".join(_lines(study, found, target.parent)) + "\n"
    try:
        write_whole(target, lambda file: file.write(text.encode(errors=SHOWN)))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {target}: {error.strerror}") from error


def untuned(study: Study) -> tuple[str, ...]:
    """Return the variants that a tuned suite has as they were: ``--only`` left them out."""
    return tuple(each for each in study.whole.variants if each not in study.variants)


def about_untuned(study: Study) -> str:
    """Return a sentence on the variants that keep their own recipe; empty if there are none."""
    kept = untuned(study)
    if not kept:
        return ""
    told = f"not searched for, with the recipe of the suite: {', '.join(kept)}"
    if len(told) <= MAX_SENTENCE_LENGTH:
        return told
    return f"not searched for, with the recipe of the suite: {len(kept)} of the variants"


def _changes(study: Study) -> dict[str, object]:
    """Return what the file says beside what it extends: all there is, of a built-in suite.

    Its path would lead into this installation, and nowhere on another machine.
    """
    laid = overrides_of(study.arguments)
    read = whole_of if _is_shipped(study) else changes_of
    return dict(read(Path(study.origin), study.profile, laid))


def _is_shipped(study: Study) -> bool:
    return Path(study.origin).resolve().is_relative_to(folder().resolve())


def _lines(study: Study, found: Sequence[Searched], beside: Path) -> Iterator[str]:
    origin = os.path.relpath(Path(study.origin).resolve(), beside.resolve())
    typed = command("tune", study).removeprefix("poolbench tune ")
    yield printable(f"{HEAD}{typed}`: each variant with the recipe its search found.")
    yield "# Accuracies are those of the folds, on images of the training split."
    head: dict[str, object] = {"title": f"{study.title}, tuned", "search": None}
    if not _is_shipped(study):
        head = {"extends": origin if origin.startswith("..") else f"./{origin}", **head}
    changes = {key: value for key, value in _changes(study).items() if key not in head}
    if told := about_untuned(study):
        # A comparison of a tuned with an untuned variant is one of recipes too: tables say so.
        changes = dict(joined({"deviations": [told]}, changes))
    variants = {each.variant: {"recipe": _recipe(each)} for each in found}
    tree = joined({"variants": variants}, changes)
    yield from block({**head, **{key: tree[key] for key in tree if key != "variants"}}, 3)
    yield "variants:"
    notes = {each.variant: _provenance(each, study.analysis.alpha) for each in found}
    written = tree["variants"]
    assert isinstance(written, dict)  # noqa: S101 - it was laid on last
    for variant, parts in written.items():
        yield f"  # {notes.get(variant, 'not searched for')}"
        yield from (f"  {line}" for line in block({variant: parts}, 3))


def _recipe(searched: Searched) -> dict[str, dict[str, float]]:
    assert searched.outcome is not None  # noqa: S101 - checked by the caller
    parts: dict[str, dict[str, float]] = {}
    for key, value in searched.outcome.best.values.items():
        part, _, option = key.partition(".")
        parts.setdefault(part, {})[option] = value
    return parts


def _provenance(searched: Searched, alpha: float) -> str:
    outcome = searched.outcome
    assert outcome is not None  # noqa: S101 - checked by the caller
    told = [f"{len(searched.tried)} points tried"]
    if (best := searched.at(outcome.best)) is not None:
        e = estimate(list(best.accuracies.values()))
        lost = f", {e.n_diverged} more diverged" if e.n_diverged else ""
        told.append(f"{per_cent(e.mean, e.std)} % on {e.n} folds{lost}")
    gain = searched.gain(alpha)
    if gain is None:
        told.append("the start is the best")
    else:
        told.append(
            gain.doubt
            if gain.mean is None
            else f"gain on the start {points(gain.mean, gain.interval)} points, on the folds that "
            "chose it"
        )
    return ", ".join(told)
