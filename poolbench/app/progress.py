"""Progress of workers, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from poolbench.core.events import Event

_HEARTBEAT_S = 60.0


def _measures(event: Event) -> str:
    """Return an event's numbers as text."""
    parts = [f"epoch {event.epoch}/{event.epochs}"] if event.epochs else []
    if event.loss is not None:
        parts.append(f"loss {event.loss:.4g}")
    if event.accuracy is not None:
        parts.append(f"accuracy {100 * event.accuracy:.2f} %")
    if event.images_per_s is not None:
        parts.append(f"{event.images_per_s:,.0f} images/s")
    return ", ".join(parts)


def words_of(event: Event) -> str:
    """Return the text of an event, without its kind and cell."""
    return event.detail or _measures(event)


class Tally:
    """How many cells are done."""

    def __init__(self, cells: int) -> None:
        self.cells, self.settled = cells, 0
        self._fractions: dict[str, float] = {}
        self.began = time.monotonic()

    def take(self, event: Event) -> None:
        """Count an event."""
        if event.is_settled:
            self.settled += 1
            self._fractions.pop(event.cell, None)
        elif event.kind in {"started", "progress"}:
            self._fractions[event.cell] = event.fraction

    @property
    def done(self) -> float:
        """Cells done; a running one counts by its fraction."""
        return self.settled + sum(self._fractions.values())

    def clock(self) -> str:
        """Return the time since the start as h:mm:ss."""
        return _clock(time.monotonic() - self.began)

    def remaining(self) -> str:
        """Return the time left at the pace so far; a dash before the first cell."""
        if self.done < 0.01:
            return "–"
        elapsed = time.monotonic() - self.began
        return _clock(elapsed * (self.cells - self.done) / self.done)


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}"


def settled_line(event: Event) -> str:
    """Return how a cell ended, with its numbers or the reason."""
    return f"{event.kind}  {event.label}  {words_of(event)}".rstrip()


@contextmanager
def plain_progress(cells: int, tell: Callable[[str], None]) -> Iterator[Callable[[Event], None]]:
    """Yield a listener that tells each settled cell in a line, and that it lives each minute."""
    tally, last_line = Tally(cells), time.monotonic()

    def say(message: str) -> None:
        nonlocal last_line
        last_line = time.monotonic()
        tell(f"[{tally.clock()}] {message}")

    def listen(event: Event) -> None:
        tally.take(event)
        if event.is_settled:
            say(f"{tally.settled}/{cells} {settled_line(event)}")
        elif event.kind in {"notice", "waiting"}:
            say(" ".join(filter(None, [event.label, event.detail])))
        elif time.monotonic() - last_line > _HEARTBEAT_S:
            left = f"{tally.done:.1f}/{cells}, {tally.remaining()} left"
            say(f"{left}: {event.label} {words_of(event)}")

    yield listen


@contextmanager
def rich_progress(cells: int, called: str = "cells") -> Iterator[Callable[[Event], None]]:
    """Yield a listener that draws a bar for the study and one for each running cell.

    Args:
        cells: Their number.
        called: What they are.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn
    from rich.text import Text

    console = Console(stderr=True)
    tally = Tally(cells)
    columns = (
        TextColumn("{task.fields[label]}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        whole = progress.add_task("", total=cells, label=called, words=f"0/{cells}")
        running: dict[str, TaskID] = {}

        def listen(event: Event) -> None:
            tally.take(event)
            if event.is_settled:
                if event.cell in running:
                    progress.remove_task(running.pop(event.cell))
                style = "" if event.kind == "finished" else "bold red"
                progress.console.print(Text(settled_line(event), style=style))
            elif event.kind in {"notice", "waiting"}:
                message = " ".join(filter(None, [event.label, event.detail]))
                progress.console.print(Text(message, style="yellow"))
            else:
                if event.cell not in running:
                    running[event.cell] = progress.add_task(
                        "", total=1.0, label=event.label, words=""
                    )
                task = running[event.cell]
                progress.update(task, completed=event.fraction, words=words_of(event))
            words = f"{tally.settled}/{cells}, {tally.clock()} elapsed, {tally.remaining()} left"
            progress.update(whole, completed=tally.done, words=words)

        yield listen
