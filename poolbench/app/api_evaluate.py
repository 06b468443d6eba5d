"""The Python API of ``poolbench evaluate``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poolbench.app.api_inputs import AGAIN, settings_from, several
from poolbench.core.errors import BadInput

if TYPE_CHECKING:
    from poolbench.report.findings import Findings

Named = str | Mapping[str, Any]
"""A name, or a mapping with ``name`` and options."""


def evaluate(
    checkpoint: str | Path,
    *,
    model: Named,
    data: Named,
    pools: Named | Sequence[Named] = (),
    trained_with: Mapping[str, Named] | None = None,
    normalise: str | Mapping[str, Sequence[float]] = "",
    sha256: str = "",
    attack: Named | Sequence[Named] = (),
    limit: int | None = None,
    store: str | Path = "runs",
    device: str | None = None,
    jobs: int | None = None,
    data_root: str | Path | None = None,
    progress: bool | None = None,
) -> Findings:
    """Evaluate a trained network as it is, and with other operators in place of its pooling.

    Nothing is trained. Results are stored as runs of their own, and never repeated.

    Args:
        checkpoint: A state dict: safetensors, what ``torch.save`` made of it, or a folder of
            Hugging Face.
        model: Its network.
        data: A data set.
        pools: ``SITE=OPERATOR``; ``SITE`` for every operator there; operators by site; or several
            of these. By default every operator at ``head``.
        trained_with: Operators by site that it was trained with, if not the network's own pools.
        normalise: ``imagenet``, ``data``, or ``{"mean": [...], "std": [...]}``; by default as the
            file says.
        sha256: What the file has to have, in hexadecimal digits; empty for any.
        attack: Probes to run then, as for :func:`robustness`.
        limit: Most images of the data set, at least 1; ``None`` for all.
        store: Folder of the run store; created if missing.
        device: As for :func:`train`.
        jobs: As for :func:`train`.
        data_root: As for :func:`train`.
        progress: As for :func:`train`.

    Returns:
        The table of ``poolbench evaluate``, and the probes' tables and charts.

    Raises:
        BadInput: An option is invalid, the checkpoint is no path or not of the network, or an
            operator that was named does not fit.
        CellsFailed: Some networks are not evaluated or not fully measured: which, and why. Its
            ``findings`` are what would have been returned of the others.
        EnvironmentFault: Device, data, disk or store cannot be used, or the file is missing.
    """
    from poolbench.app.evaluate import evaluate as evaluate_planned
    from poolbench.app.evaluate import evaluation_tables
    from poolbench.app.failures import UNEVALUATED, UNMEASURED, refuse_failures
    from poolbench.app.notebook_progress import api_progress
    from poolbench.app.planned_evaluation import Asked, plan_evaluation
    from poolbench.app.probe import findings, open_count, probe
    from poolbench.app.results import read_results
    from poolbench.app.train import unfinished_count
    from poolbench.report.findings import Findings
    from poolbench.suite.probes import typed_attacks
    from poolbench.suite.spelling import argument

    asked = Asked(
        checkpoint=_path(checkpoint),
        model=_text(model),
        data=_text(data),
        pools=[_text(each) for each in several(pools)],
        trained_with=[] if trained_with is None else [_text(trained_with)],
        normalise=_text(normalise),
        sha256=sha256,
        limit=limit,
    )
    settings = settings_from(store, device, jobs, None, data_root)
    attacks, _ = typed_attacks(attack, {})
    planned = plan_evaluation(asked, settings.root, argument, attacks=attacks)
    study = planned.probed
    with api_progress(unfinished_count(study, settings.store), progress) as listen:
        summary = evaluate_planned(planned, settings, listen)
    if len(summary.failed) == len(study.cells):
        refuse_failures(summary.failed, UNEVALUATED, summary, again=AGAIN)
    unmeasured: Mapping[str, str] = {}
    if attacks:
        with api_progress(open_count(study, settings.store), progress) as listen:
            unmeasured = probe(study, settings, listen).failed
    results = read_results(study, settings.store)
    tables, charts = findings([results]) if attacks else ([], [])
    found = Findings((*evaluation_tables(planned, results), *tables), tuple(charts))
    refuse_failures(summary.failed, UNEVALUATED, summary, findings=found, again=AGAIN)
    refuse_failures(unmeasured, UNMEASURED, findings=found, again=AGAIN)
    return found


def _path(checkpoint: Any) -> str:
    if not isinstance(checkpoint, str | os.PathLike):
        raise BadInput(
            f"checkpoint: expected a path, got {type(checkpoint).__name__}",
            'save it first: torch.save(network.state_dict(), "my.pt"), then '
            'pb.evaluate("my.pt", ...)',
        )
    return os.fsdecode(checkpoint)


def _text(given: Any) -> str:
    """Return a value as it would be typed: JSON is YAML."""
    return given if isinstance(given, str) else json.dumps(given)
