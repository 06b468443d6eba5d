"""A frozen baseline: the per-seed values of studies in one sealed JSON file.

It is small enough to keep under version control beside the code it guards; ``poolbench list schemas
baseline`` prints its schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from poolbench import __version__
from poolbench.app.results import read_results
from poolbench.app.seed_values import SeedValues, StudyValues, values_of
from poolbench.app.suites import command
from poolbench.core.atomic import write_whole
from poolbench.core.document import Damaged, read_as
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched
from poolbench.core.study import Study
from poolbench.store.documents import seal, unseal

FORMAT = 1
KIND = "poolbench baseline"


@dataclass(frozen=True, kw_only=True)
class _Document:
    studies: tuple[StudyValues, ...]


def write_baseline(studies: Sequence[Study], store_path: Path, target: Path) -> tuple[int, int]:
    """Write the values of studies to a file that ``poolbench compare`` takes as a baseline.

    Args:
        studies: The studies to freeze.
        store_path: Folder of the run store; it may be read-only.
        target: File to write; an existing one is replaced atomically.

    Returns:
        The number of finished runs in it, and the number of cells of the studies.

    Raises:
        NothingMatched: No run is finished.
        EnvironmentFault: The store cannot be read, or the file cannot be written.
    """
    frozen = [values_of(read_results(study, store_path)) for study in studies]
    statuses = [seed.status for seed in _all_seeds(frozen)]
    finished = len(statuses) - statuses.count("missing")
    if not finished:
        raise NothingMatched(
            f"no finished run to freeze in {store_path}",
            f"train them: {command('train', studies[0], store_path)}",
        )
    document = {
        "format": FORMAT,
        "kind": KIND,
        "poolbench": __version__,
        "studies": [asdict(study) for study in frozen],
    }
    try:
        write_whole(target, lambda file: file.write(seal(document)))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {target}: {error.strerror}") from error
    return finished, len(statuses)


def _all_seeds(studies: Sequence[StudyValues]) -> Iterator[SeedValues]:
    return (seed for study in studies for condition in study.conditions for seed in condition.seeds)


def read_baseline(path: Path) -> tuple[StudyValues, ...]:
    """Read a frozen baseline.

    Raises:
        BadInput: The file is missing, damaged, from a newer version, or not a baseline.
    """
    try:
        data = path.read_bytes()
        document = unseal(data)
        if document.get("kind") != KIND or type(document.get("format")) is not int:
            raise BadInput(
                f"{path} is not a frozen baseline", "write one with: poolbench store freeze"
            )
        if document["format"] > FORMAT:
            message = f"{path} was written by a newer version: format {document['format']}"
            raise BadInput(message, "upgrade poolbench")
        return read_as(_Document, data).studies
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "name a frozen baseline") from None
    except Damaged as error:
        hint = "restore it, or write it again with: poolbench store freeze"
        raise BadInput(f"{path} is a damaged baseline: {error}", hint) from None
