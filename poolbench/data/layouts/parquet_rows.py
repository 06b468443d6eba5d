"""The rows of a Parquet file, read in their order, with few of them in memory at once."""

from __future__ import annotations

import functools
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

from poolbench.core.cores import count_cores
from poolbench.data.layouts.pyarrow_module import import_pyarrow

_ROWS = 32  # read at once
# So many rows for each core: threads are ahead of each other, or behind, by half of them at most.
_KEPT_OF_CORE = 16
_BUFFER_BYTES = 1 << 20


def parquet_column(path: Path, column: str) -> Iterator[Any]:
    """Yield the values of a column, as pyarrow has them.

    Whoever wrote the file decides how large its row groups are; of one that is larger than the
    memory, some rows are read at a time.
    """
    with _opened(path) as file:
        for batch in file.iter_batches(_ROWS, columns=[column], use_threads=False):
            yield from batch.column(column)


class ParquetRows:
    """Single rows of a column, by any threads; far backwards, its row group is read again.

    Args:
        path: The file.
        column: The column.
    """

    def __init__(self, path: Path, column: str) -> None:
        self._path, self._column = path, column
        self._lock = threading.Lock()
        kept = 2 + -(-_KEPT_OF_CORE * count_cores() // _ROWS)
        self._kept: deque[tuple[int, Any]] = deque(maxlen=kept)
        metadata = import_pyarrow(".parquet").read_metadata(path)
        sizes = (metadata.row_group(n).num_rows for n in range(metadata.num_row_groups))
        self._starts = list(accumulate(sizes, initial=0))[:-1]
        self._begin(0)

    def __getitem__(self, row: int) -> Any:
        """Return the value of a row, from 0, as pyarrow has it."""
        with self._lock:
            group = bisect_right(self._starts, row) - 1
            first = self._kept[0][0] if self._kept else self._next
            if row < first or self._next < self._starts[group]:
                self._begin(group)
            while row >= self._next:
                batch = next(self._batches).column(self._column)
                self._kept.append((self._next, batch))
                self._next += len(batch)
            start, batch = next(each for each in reversed(self._kept) if each[0] <= row)
            return batch[row - start]

    def _begin(self, group: int) -> None:
        groups = range(group, len(self._starts))
        self._kept.clear()
        self._next = self._starts[group]
        self._batches: Iterator[Any] = chain.from_iterable(
            _opened(self._path).iter_batches(
                _ROWS, row_groups=[each], columns=[self._column], use_threads=False
            )
            for each in groups
        )


def _opened(path: Path) -> Any:
    return import_pyarrow(".parquet").ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)


rows_of_parquet = functools.lru_cache(maxsize=4)(ParquetRows)
"""The rows of the few files that are being read."""
