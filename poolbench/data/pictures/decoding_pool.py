"""Pictures decoded side by side and collected in order, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from poolbench.core.cores import count_cores
from poolbench.data.pictures.decoding import UnreadablePicture, torchvision_decoder
from poolbench.data.pictures.kept_picture import KeptPicture, keep
from poolbench.data.pictures.memory_budget import MemoryBudget
from poolbench.data.pictures.source import PictureSource

_MEMORY_BYTES = 384 * 2**20
# Pictures that threads may be ahead of the one that is written.
_AHEAD = 8


@dataclass(frozen=True)
class Unreadable:
    """A picture that cannot be decoded, and why."""

    source: PictureSource
    reason: str


class DecodingPool:
    """Threads that decode pictures: the decoders run without Python's lock.

    Processes would each load torch, and hand over every pixel by a pipe.

    Args:
        keep_px: As of :func:`~poolbench.data.pictures.kept_picture.keep`.
        upright: Likewise.
    """

    def __init__(self, keep_px: int | None, *, upright: bool) -> None:
        self._keep_px, self._upright = keep_px, upright

    @contextmanager
    def decoding(
        self, sources: Iterable[PictureSource]
    ) -> Iterator[Iterator[KeptPicture | Unreadable]]:
        """Yield an iterator over the pictures, in their order.

        Raises:
            ChangedPicture: By the iterator: a picture is not the one that was planned.
        """
        torchvision_decoder()  # it takes seconds to load, which are not the first picture's
        threads = count_cores()
        budget = MemoryBudget(_MEMORY_BYTES)

        def task(turn: int, source: PictureSource) -> KeptPicture | Unreadable:
            try:
                return keep(source, self._keep_px, upright=self._upright, budget=budget, turn=turn)
            except UnreadablePicture as error:
                return Unreadable(source, str(error))

        def in_order() -> Iterator[KeptPicture | Unreadable]:
            waiting: deque[Future[KeptPicture | Unreadable]] = deque()
            coming = enumerate(sources)
            collected = 0
            while True:
                while len(waiting) < _AHEAD * threads and (each := next(coming, None)):
                    waiting.append(pool.submit(task, *each))
                if not waiting:
                    return
                yield waiting.popleft().result()
                budget.give_back(collected)
                collected += 1

        pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
        try:
            yield in_order()
        finally:
            budget.abandon()
            pool.shutdown(cancel_futures=True)
