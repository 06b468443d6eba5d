"""Progress of workers below the cell of a notebook."""

from __future__ import annotations

import html
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from poolbench.app.progress import Tally, plain_progress, rich_progress, settled_line, words_of
from poolbench.core.events import Event

_REDRAWN_EVERY_S = 0.25


@contextmanager
def api_progress(cells: int, wanted: bool | None) -> Iterator[Callable[[Event], None]]:
    """Yield a listener for a call of the Python API.

    Args:
        cells: How many will be trained or measured.
        wanted: ``None`` for progress in a notebook and on a terminal only, ``True`` also as lines
            on standard error elsewhere, ``False`` for none.
    """
    if wanted is False or not cells:
        yield lambda _: None
    elif is_notebook():
        with _notebook_progress(cells) as listen:
            yield listen
    elif sys.stderr.isatty():
        with rich_progress(cells) as listen:
            yield listen
    elif wanted:
        with plain_progress(cells, _tell) as listen:
            yield listen
    else:
        yield lambda _: None


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class _Output:
    """What the cell shows: a bar, a line for each running cell, and what is worth keeping."""

    def __init__(self, cells: int) -> None:
        self._tally, self._cells = Tally(cells), cells
        self._running: dict[str, str] = {}
        self._kept: list[str] = []

    def take(self, event: Event) -> None:
        self._tally.take(event)
        if event.is_settled:
            self._running.pop(event.cell, None)
            if event.kind != "finished":
                self._kept.append(settled_line(event))
        elif event.kind in {"notice", "waiting"}:
            self._kept.append(" ".join(filter(None, [event.label, event.detail])))
        else:
            self._running[event.cell] = f"{event.label} {words_of(event)}"

    def html(self, *, is_over: bool) -> str:
        tally = self._tally
        words = f"{tally.settled}/{self._cells} cells, {tally.clock()} elapsed"
        if is_over:
            return _lines([words, *self._kept])
        bar = f'<progress max="{self._cells}" value="{tally.done:.3f}"></progress> '
        words = f"{words}, {tally.remaining()} left"
        return bar + _lines([words, *self._running.values(), *self._kept])


def _lines(lines: list[str]) -> str:
    return "<br>".join(html.escape(line) for line in lines)


@contextmanager
def _notebook_progress(cells: int) -> Iterator[Callable[[Event], None]]:
    """Yield a listener that shows progress in an output that is replaced in place.

    It needs no widgets, and what is saved with the notebook is how it ended.
    """
    # Untyped, and in a notebook it is there.
    shown: Any = importlib.import_module("IPython.display")
    output, drawn_at = _Output(cells), 0.0
    handle = shown.display(shown.HTML(output.html(is_over=False)), display_id=True)

    def listen(event: Event) -> None:
        nonlocal drawn_at
        output.take(event)
        if time.monotonic() - drawn_at > _REDRAWN_EVERY_S:
            drawn_at = time.monotonic()
            handle.update(shown.HTML(output.html(is_over=False)))

    try:
        yield listen
    finally:
        handle.update(shown.HTML(output.html(is_over=True)))
