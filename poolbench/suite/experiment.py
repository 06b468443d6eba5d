"""Loading a suite that trains nothing: one section for its kind replaces data to analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from poolbench.core.errors import BadInput
from poolbench.core.experiment import KINDS, Experiment, kind_of
from poolbench.suite.catalogues import Catalogues
from poolbench.suite.composer import compose
from poolbench.suite.contraction import read_contraction
from poolbench.suite.document import SCHEMA, Override, lay_overrides, read_document
from poolbench.suite.experiment_reference import HOLDERS
from poolbench.suite.faults import Faults, Source
from poolbench.suite.forms import read_form
from poolbench.suite.given import Given
from poolbench.suite.gradients import read_gradients
from poolbench.suite.nodes import Node
from poolbench.suite.reference import Shipped
from poolbench.suite.schema import ExperimentForm
from poolbench.suite.theory import read_theory

READERS: dict[str, Callable[[Node, Catalogues, Faults], Any]] = {
    "contraction": read_contraction,
    "gradients": read_gradients,
    "theory": read_theory,
}
"""The reader of each kind's section; it returns settings, or ``None`` after adding a fault."""


def load_experiment(
    path: Path | None,
    kind: str,
    *,
    catalogues: Catalogues,
    profile: str | None = None,
    overrides: Sequence[Override] = (),
    shipped: Shipped = dict,
) -> Experiment[Any]:
    """Read and check the suite of an experiment.

    Args:
        path: The suite; ``None`` if the overrides alone define it.
        kind: The kind it must have, one of ``READERS``.
        catalogues: The names it may use.
        profile: Name of one of its profiles, laid over it.
        overrides: Laid over the profile in this order.
        shipped: Returns the files of the built-in suites by name, to recognise their published
            numbers.

    Returns:
        The experiment.

    Raises:
        BadInput: It is invalid, with every fault and its position, or is of another kind.
    """
    faults = Faults()
    if path is None:
        source = Source(name="command line", lines=(), is_file=False)
        document = lay_overrides(
            compose(f"{{schema: {SCHEMA}, {kind}: {{}}}}", source, faults), overrides, faults
        )
    else:
        document = read_document(path, profile, overrides, faults)
        found = kind_of(document.entries)
        if found != kind:
            refuse(found, path)
    settings = READERS[kind](document.entries[kind], catalogues, faults)
    rest = {key: child for key, child in document.entries.items() if key != kind}
    top = Node(value=rest, mark=document.mark, key=document.key)
    form = read_form(ExperimentForm, top, "", faults)
    if faults or form is None:
        raise faults.error()
    if path is not None and kind in HOLDERS:
        files = [file for file in shipped().values() if "published:" in file.read_text("utf-8")]
        if path.resolve() in {file.resolve() for file in files}:
            files = []
        is_changed = profile is not None or bool(overrides)
        for file in (*files, *([path] if is_changed else [])):
            theirs = _settings(file, kind, catalogues)
            settings = settings if theirs is None else HOLDERS[kind](settings, theirs)
    return Experiment(
        kind=kind,
        title=form.title or (path.stem if path is not None else kind),
        origin=str(path or ""),
        settings=settings,
        source=form.source,
        deviations=form.deviations or (),
        profile=profile or "",
    )


def _settings(path: Path, kind: str, catalogues: Catalogues) -> Any:
    """Return the settings of a file as it stands; ``None`` if it is invalid or of another kind."""
    try:
        faults = Faults()
        entries = read_document(path, None, (), faults).entries
        return READERS[kind](entries[kind], catalogues, faults) if kind in entries else None
    except BadInput:
        return None


def refuse(kind: str, path: Path | Given) -> NoReturn:
    """Raise an error that names the command that runs the suite.

    Args:
        kind: What the suite is: ``""`` for training.
        path: The suite.

    Raises:
        BadInput: Always.
    """
    if not kind:
        raise BadInput(f"{path} is a suite of networks to train", f"run: poolbench train {path}")
    where = "FILE, with it in a file" if isinstance(path, Given) else path
    raise BadInput(
        f"{path} trains nothing; it is a {kind} suite", f"run: poolbench {KINDS[kind]} {where}"
    )
