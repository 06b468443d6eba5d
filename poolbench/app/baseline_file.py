"""A frozen baseline: the per-seed values of studies in one sealed JSON file.

It is small enough to keep under version control beside the code it guards; ``poolbench list schemas
baseline`` prints its schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le

from poolbench import __version__
from poolbench.app.results import read_results
from poolbench.app.seed_values import SeedValues, StudyValues, values_of
from poolbench.app.suites import command
from poolbench.core.atomic import write_whole
from poolbench.core.document import Damaged, Unread, passed_over
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched
from poolbench.core.study import Study
from poolbench.store.documents import read_sealed, seal, unseal
from poolbench.store.files import read_document

FORMAT = 1
_KIND: Literal["poolbench baseline"] = "poolbench baseline"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A frozen baseline.

    Args:
        format: Of the file.
        kind: What it is.
        poolbench: The version that wrote it.
        studies: The values of each study.
    """

    format: Annotated[int, Ge(1), Le(FORMAT)]
    kind: Literal["poolbench baseline"]
    poolbench: str
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
    frozen = [
        values_of(part) for study in studies for part in read_results(study, store_path).parts
    ]
    statuses = [seed.status for seed in _all_seeds(frozen)]
    finished = len(statuses) - statuses.count("missing")
    if not finished:
        raise NothingMatched(
            f"no finished run to freeze in {store_path}",
            f"train them: {command('train', studies[0], store_path)}",
        )
    baseline = Baseline(format=FORMAT, kind=_KIND, poolbench=__version__, studies=tuple(frozen))
    try:
        write_whole(target, lambda file: file.write(seal(asdict(baseline))))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {target}: {error.strerror}") from error
    return finished, len(statuses)


def _all_seeds(studies: Sequence[StudyValues]) -> Iterator[SeedValues]:
    return (seed for study in studies for condition in study.conditions for seed in condition.seeds)


def read_baseline(path: Path) -> tuple[tuple[StudyValues, ...], tuple[str, ...]]:
    """Read a frozen baseline.

    Returns:
        Its studies, and a sentence on what a newer version noted besides, if one did.

    Raises:
        BadInput: The file is missing, damaged, from a newer version, or not a baseline.
    """
    unread = Unread()
    try:
        data = read_document(path)
        document = unseal(data)
        if document.get("kind") != _KIND or type(document.get("format")) is not int:
            raise BadInput(
                f"{path} is not a frozen baseline", "write one with: poolbench store freeze"
            )
        if document["format"] > FORMAT:
            message = f"{path} was written by a newer version: format {document['format']}"
            raise BadInput(message, "upgrade poolbench")
        studies = read_sealed(Baseline, data, unread).studies
    except FileNotFoundError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}", "name a frozen baseline") from None
    except EnvironmentFault as fault:
        raise BadInput(fault.message, "name a frozen baseline") from fault
    except Damaged as error:
        hint = "restore it, or write it again with: poolbench store freeze"
        raise BadInput(f"{path} is a damaged baseline: {error}", hint) from None
    return studies, passed_over(str(path), unread)
