"""Opening a store to read its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from poolbench.app.selection import selected
from poolbench.app.stored_runs import StoredRun
from poolbench.core.document import Damaged
from poolbench.core.errors import EnvironmentFault, NothingMatched
from poolbench.store.store import Store

_PANDAS = "data frames need pandas, which is not installed"


class StoredRuns(Sequence[StoredRun]):
    """Finished runs of a store: a sequence, in which a run is found by its id too.

    Args:
        store: The store.
        runs: The runs.
        damaged: What is wrong with runs that cannot be read, by id.
        whole: Those that :meth:`select` selected them from; ``None`` if they are all.

    Attributes:
        path: The store's folder.
        is_part: Whether :meth:`select` selected them.
    """

    def __init__(
        self,
        store: Store,
        runs: Sequence[StoredRun],
        damaged: Mapping[str, str],
        *,
        whole: Sequence[StoredRun] | None = None,
    ) -> None:
        self.path, self.damaged, self.is_part = store.path, damaged, whole is not None
        self._store, self._runs = store, tuple(runs)
        self._whole = self._runs if whole is None else whole
        self._by_id = {run.id: run for run in runs}

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[StoredRun]:
        return iter(self._runs)

    def __getitem__(self, which: Any) -> Any:
        """Return a run by its id, the beginning of its id, or its position.

        Raises:
            EnvironmentFault: The run is damaged.
            NothingMatched: There is none, or several ids begin so.
        """
        if not isinstance(which, str):
            return self._runs[which]
        if which in self.damaged:
            raise EnvironmentFault(
                f"the run {which} is damaged: {self.damaged[which]}", "see: poolbench store verify"
            )
        found = [run for run in self._runs if which and run.id.startswith(which)]
        if len(found) != 1:
            many = f"{len(found)} runs" if found else "no run"
            raise NothingMatched(f"{many} of {self.path} with an id that begins with '{which}'")
        return found[0]

    def __contains__(self, run: object) -> bool:
        return run in self._by_id or run in self._runs

    def select(
        self, *, variant: str | None = None, data: str | None = None, seed: int | None = None
    ) -> StoredRuns:
        """Return the runs of a variant, of a data set, of a seed.

        Args:
            variant: Its label, or a glob such as ``lae*``; ``None`` for any.
            data: Name of the data set, or a glob; ``None`` for any.
            seed: The seed; ``None`` for any.

        Raises:
            BadInput: No run of the store is of such a variant or data set (a glob may match none),
                or a value is of another type.
        """
        kept = selected(self._runs, self._whole, variant=variant, data=data, seed=seed)
        return StoredRuns(self._store, kept, self.damaged, whole=self._whole)

    def to_pandas(self, *, tidy: bool = False) -> Any:
        """Return a ``pandas.DataFrame``.

        Args:
            tidy: Whether it has a row for each number, of epochs and probes too, as ``poolbench
                export`` writes; otherwise it has a row for each run, with the numbers of its
                result: accuracy (a fraction; NaN if it diverged), loss, ... in columns.

        Raises:
            EnvironmentFault: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise EnvironmentFault(_PANDAS, "install it: pip install pandas") from error
        if not tidy:
            return pd.DataFrame(self._rows())
        from dataclasses import asdict

        return pd.DataFrame(map(asdict, self._observations()))

    def to_arrow(self, *, tidy: bool = False) -> Any:
        """Return a ``pyarrow.Table`` with the rows of :meth:`to_pandas`.

        Raises:
            EnvironmentFault: pyarrow is not installed.
        """
        from poolbench.report.formats.tidy import arrow_rows, arrow_table

        return arrow_table(self._observations()) if tidy else arrow_rows(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        from poolbench.app.export import row_of

        headings = _headings(self._store)
        return [row_of(run.run, headings.get(run.id, "")) for run in self._runs]

    def _observations(self) -> list[Any]:
        from poolbench.app.export import observations_of
        from poolbench.app.probe import runs_by_study
        from poolbench.app.results import read_results

        found = (read_results(study, self.path) for study in runs_by_study(self._store))
        rows = (row for results in found for row in observations_of(results))
        return [row for row in rows if row.run in self._by_id]

    def __repr__(self) -> str:
        damaged = f", {len(self.damaged)} damaged" if self.damaged else ""
        return f"<StoredRuns {self.path}: {len(self)} finished{damaged}>"


def _headings(store: Store) -> dict[str, str]:
    """Return the heading of the study of each cell, in the order of the studies."""
    return {
        cell.id: part.heading
        for study in store.studies()
        for part in study.whole.parts
        for cell in part.cells
    }


def open_store(path: str | Path = "runs") -> StoredRuns:
    """Open a store to read its finished runs; nothing is written.

    Args:
        path: The store's folder.

    Returns:
        Its runs, in the order of their suites. Those that are damaged are left out, and named in
        ``damaged``.

    Raises:
        EnvironmentFault: There is no store, or it cannot be read.
    """
    store = Store(Path(path))
    runs: list[StoredRun] = []
    damaged: dict[str, str] = {}
    finished = set(store.finished())
    ordered = dict.fromkeys((*(id for id in _headings(store) if id in finished), *sorted(finished)))
    for cell_id in ordered:
        try:
            runs.append(StoredRun(store, store.read(cell_id)))
        except (Damaged, FileNotFoundError) as error:
            damaged[cell_id] = str(error)
        except EnvironmentFault as error:
            damaged[cell_id] = error.message
    return StoredRuns(store, runs, damaged)
