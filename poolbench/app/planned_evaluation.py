"""Planning ``poolbench evaluate``: all that is wrong told at once, before anything is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from poolbench.app.own_run import check_own_run
from poolbench.app.study import CATALOGUES
from poolbench.core.cell import Cell, DataSpec, ModelSpec, Recipe
from poolbench.core.data_root import data_root
from poolbench.core.errors import BadInput, PoolbenchError, closest
from poolbench.core.named import Named
from poolbench.core.study import Analysis, Execution, Study
from poolbench.data.fingerprint import identify
from poolbench.data.found_images import found_images, known_classes
from poolbench.probes import PROBES
from poolbench.suite.evaluation import Asked, Evaluation, read_evaluation
from poolbench.suite.probes import read_attacks
from poolbench.suite.spelling import Spelling, flag

__all__ = ["OWN", "Asked", "Planned", "plan_evaluation"]

OWN = "own pooling"
_NORMALISATIONS = ("imagenet", "data")
_UNUSED = Named(name="none", options={})
_NO_TRAINING = Recipe(epochs=0, batch_size=1, optimizer=_UNUSED, schedule=_UNUSED)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An evaluation, ready to run.

    Args:
        study: A cell for the network as it is, and for each operator in place of its pooling.
        left_out: Operators that cannot stand there, with the reason.
        about: What the file's tensors are, where there was a choice; empty otherwise.
        probes: What every network is then measured with.
    """

    study: Study
    left_out: tuple[str, ...]
    about: tuple[str, ...] = ()
    probes: tuple[Named, ...] = ()

    @property
    def probed(self) -> Study:
        """The study with the probes."""
        return replace(self.study, probes=self.probes)


def plan_evaluation(
    asked: Asked,
    root: Path | None,
    spelled: Spelling = flag,
    *,
    attacks: Sequence[str] = (),
) -> Planned:
    """Check a checkpoint against its network, and each operator against its place.

    Args:
        asked: What to evaluate.
        root: Folder of data sets; ``None`` for ``POOLBENCH_DATA``.
        spelled: How messages name the options.
        attacks: Probes, as :func:`poolbench.suite.probes.read_attacks` takes them.

    Raises:
        BadInput: Options are invalid, the checkpoint is not of the network, or operators that
            were named do not fit; the message lists all that is wrong.
        EnvironmentFault: A file or the data are missing or cannot be read.
    """
    told: list[str] = []
    checked, probes = _read(asked, attacks, spelled, told)
    if checked is None:
        raise _refusal(told)
    try:
        return _planned(asked, checked, probes, root, spelled, told)
    except PoolbenchError as fault:
        if told:  # what else is wrong may come of it
            raise _refusal(told) from fault
        raise


def _planned(
    asked: Asked,
    checked: Evaluation,
    probes: tuple[Named, ...],
    root: Path | None,
    spelled: Spelling,
    told: list[str],
) -> Planned:
    from poolbench.weights.finding import checkpoint_path, find_weights

    root = data_root(root)
    typed = replace(checked.weights, file=str(checkpoint_path(asked.checkpoint)))
    weights = find_weights(checked.network.name, typed, None)
    reads_train = weights.normalisation is None
    data = DataSpec(
        source=checked.data.source,
        checksum=identify(checked.data.source, root, reads_train=reads_train).checksum,
        limit=checked.data.limit,
        reads_train=reads_train,
    )
    found = found_images(checked.data.source, root)
    make = partial(
        _cell, checked, data, ModelSpec(network=checked.network, pools={}, weights=weights)
    )
    classes = known_classes(checked.data.source, found)
    cells, left_out = [make(None)], []
    check = partial(_check, classes=classes, root=root, trained_with=spelled("trained_with"))
    about = check(cells[0])
    check_own_run(Path(typed.file), cells[0], trained_with=spelled("trained_with"))
    for name in checked.pools:
        cell = make(name)
        try:
            check(cell)
        except BadInput as fault:
            if checked.is_chosen[name]:
                advice = f"\n  {fault.hint}" if fault.hint else ""
                told.append(f"{spelled('pools')} {name}: {fault.message}{advice}")
            else:
                left_out.append(f"{name}: {fault.message}")
        else:
            cells.append(cell)
    if told:
        raise _refusal(told)
    study = Study(
        title=f"{Path(asked.checkpoint).name} as it is",
        origin="",
        variants=tuple(cell.variant for cell in cells),
        datasets=(checked.data.source.name,),
        seeds=(0,),
        cells=tuple(cells),
        analysis=Analysis(),
        execution=Execution(),
        baseline=OWN,
        found={} if found is None else {checked.data.source.name: found},
    )
    return Planned(study=study, left_out=tuple(left_out), about=about, probes=probes)


def _read(
    asked: Asked, attacks: Sequence[str], spelled: Spelling, told: list[str]
) -> tuple[Evaluation | None, tuple[Named, ...]]:
    """Check the options, and note what is wrong; ``None`` if that leaves nothing to evaluate."""
    checked: Evaluation | None = None
    probes: tuple[Named, ...] = ()
    if asked.normalise not in ("", *_NORMALISATIONS) and not asked.normalise.startswith("{"):
        near = closest(asked.normalise, _NORMALISATIONS)
        told.append(
            f"{spelled('normalise')} {asked.normalise}: expected imagenet, data or "
            "{mean: [...], std: [...]}" + (f"; did you mean '{near}'?" if near else "")
        )
        asked = replace(asked, normalise="data")  # the rest is checked all the same
    try:
        checked = read_evaluation(asked, CATALOGUES, spelled)
    except BadInput as fault:
        told.append(fault.message)
    try:
        probes = read_attacks(attacks, {}, PROBES, spelled)
    except BadInput as fault:
        told.append(fault.message)
    return checked, probes


def _refusal(told: Sequence[str]) -> BadInput:
    errors = "the errors" if len(told) > 1 else "the error"
    return BadInput("\n".join(told), f"nothing was run; fix {errors} above and try again")


def _cell(checked: Evaluation, data: DataSpec, spec: ModelSpec, variant: str | None) -> Cell:
    from poolbench.assembly.loaded_weights import own_pooling

    model = own_pooling(spec)
    if variant is not None:
        model = replace(model, pools={**model.pools, **checked.pools[variant]})
    return Cell(variant=variant or OWN, data=data, model=model, recipe=_NO_TRAINING, seed=0)


def _check(
    cell: Cell, *, classes: int | None, root: Path | None, trained_with: str
) -> tuple[str, ...]:
    from poolbench.assembly.network import image_shape, is_shape_known
    from poolbench.runtime.start import require_whole, start_of

    if not is_shape_known(cell):
        return ()  # whoever reads the images checks it
    start = start_of(
        cell,
        shape=image_shape(cell),
        num_classes=classes,
        root=root,
        trained_with=trained_with,
    )
    assert start is not None  # noqa: S101 - it has weights
    require_whole(start)
    return (f"Of the states in the file, {start.choice}.",) if start.choice else ()
