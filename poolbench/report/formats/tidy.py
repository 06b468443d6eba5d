"""Everything in a store as one tidy table: one row per number, for notebooks.

CSV and Parquet have the same rows. A number that is missing or not finite is an empty field, or
null.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from poolbench.core.atomic import write_whole
from poolbench.core.errors import not_installed
from poolbench.core.printable import SHOWN
from poolbench.report.formats.csv import literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One number.

    Args:
        study: Title of the study, with the parts that are not its suite's.
        data: The data set.
        variant: Label of the variant in the suite.
        seed: Seed of the run.
        condition: Identity of the run without its seed.
        run: Identity of the run.
        kind: ``result``, ``epoch`` or ``probe``.
        setting: The epoch from 1, or the probe's setting; ``None`` for the whole run.
        metric: ``accuracy``, ``loss``, ``fgsm.accuracy``, ...; accuracies are fractions.
        value: The number; not finite or ``None`` if there is none.
        n: Number of images it is a mean over; ``None`` if it is not a mean over images.
        options: Options of the probe; empty otherwise.
        origin: How the run was made: ``trained``, or ``evaluated`` without training.
        weights: The weights that its network started from: a tag or a file; empty for random ones.
        weights_sha256: SHA-256 of their file; empty without any.
    """

    study: str
    data: str
    variant: str
    seed: int
    condition: str
    run: str
    kind: str
    setting: float | None
    metric: str
    value: float | None
    n: int | None
    options: str = ""
    origin: str = "trained"
    weights: str = ""
    weights_sha256: str = ""


FIELDS = tuple(field.name for field in fields(Observation))


def write_csv(observations: Iterable[Observation], path: Path) -> int:
    """Write a CSV file (RFC 4180, UTF-8), with text as in a report's; return the number of rows.

    Raises:
        OSError: The file cannot be written; the old file is unchanged.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(FIELDS)
    rows = [_finite(observation) for observation in observations]
    writer.writerows([_literal(value) for value in row] for row in rows)
    write_whole(path, lambda file: file.write(text.getvalue().encode(errors=SHOWN)))
    return len(rows)


def write_parquet(observations: Iterable[Observation], path: Path) -> int:
    """Write a Parquet file and return the number of rows.

    Raises:
        EnvironmentFault: pyarrow is not installed.
        OSError: The file cannot be written; the old file is unchanged.
    """
    table = arrow_table(observations)
    from pyarrow import parquet

    write_whole(path, lambda file: parquet.write_table(table, file))
    return int(table.num_rows)


def arrow_table(observations: Iterable[Observation]) -> Any:
    """Return a ``pyarrow.Table`` with a row for each number.

    Raises:
        EnvironmentFault: pyarrow is not installed.
    """
    arrow = _pyarrow()
    kinds = {"seed": arrow.int64(), "n": arrow.int64()}
    kinds |= {"setting": arrow.float64(), "value": arrow.float64()}
    rows = [_finite(observation) for observation in observations]
    return arrow.table(
        {
            name: arrow.array([row[index] for row in rows], type=kinds.get(name, arrow.string()))
            for index, name in enumerate(FIELDS)
        }
    )


def arrow_rows(rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return a ``pyarrow.Table`` of rows, with their keys as columns.

    Raises:
        EnvironmentFault: pyarrow is not installed.
    """
    return _pyarrow().Table.from_pylist([dict(row) for row in rows])


def _pyarrow() -> Any:
    try:
        import pyarrow as arrow
    except ImportError as error:
        need = "Parquet files and Arrow tables need pyarrow"
        raise not_installed(need, "pyarrow", "--as csv needs nothing") from error
    return arrow


def _literal(value: str | int | float | None) -> str | int | float | None:
    return literal(value) if isinstance(value, str) else value


def _finite(observation: Observation) -> tuple[str | int | float | None, ...]:
    return tuple(known(value) for value in astuple(observation))


def known(value: str | int | float | None) -> str | int | float | None:
    """Return a value, ``None`` for a number that is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
