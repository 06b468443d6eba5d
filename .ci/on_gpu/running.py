"""Running a stage: every command with a time limit, its output kept, its results archived."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from on_gpu.stages import Setting, Stage, Work

Status = Literal["ok", "cut short", "failed", "not begun"]

# Time for an interrupted command to save and end; then it is killed with all its processes.
_GRACE_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The outcome of a command.

    Args:
        work: The command.
        status: ``cut short`` if it was interrupted and its partial result counts.
        detail: Description of a failure.
        duration_s: Its duration, in seconds.
    """

    work: Work
    status: Status
    detail: str = ""
    duration_s: float = 0.0


class _Running:
    """A running command."""

    def __init__(self, work: Work, setting: Setting, folder: Path, limit_s: float) -> None:
        self.work, self._log = work, folder / f"{work.name}.log"
        self._began = time.monotonic()
        self._limit_s, self._is_interrupted = limit_s, False
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                work.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    "POOLBENCH_CACHE": str(setting.store / "cache"),
                    **os.environ,
                    "POOLBENCH_DATA": str(setting.data),
                    "PYTHONUNBUFFERED": "1",
                    **work.environment,
                },
                start_new_session=True,
            )

    def look(self) -> Ended | None:
        """Return the outcome if the command has ended; interrupt or kill it after its limit."""
        code = self._process.poll()
        over_s = time.monotonic() - self._began - self._limit_s
        if code is None:
            if over_s > 0:
                self.interrupt()
            if over_s > _GRACE_S:
                self.kill()
            return None
        self.kill()  # any processes it left behind
        status, detail = self._judge(code)
        return Ended(
            work=self.work,
            status=status,
            detail=detail,
            duration_s=time.monotonic() - self._began,
        )

    def interrupt(self) -> None:
        """Ask it once to save and end."""
        if not self._is_interrupted:
            self._is_interrupted = True
            self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it with all its processes."""
        self._signal(signal.SIGKILL)

    def _judge(self, code: int) -> tuple[Status, str]:
        if self._is_interrupted:
            took = f"after {time.monotonic() - self._began:.0f} s"
            return ("cut short", took) if self.work.may_be_cut else ("failed", f"not done {took}")
        if code == 0:
            return "ok", ""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return "failed", f"exit {code}: {lines[-1] if lines else 'no word'}"

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def run_stage(
    stage: Stage, setting: Setting, *, deadline: float, on_ended: Callable[[Ended], None]
) -> None:
    """Run a stage's commands, even if some fail.

    Args:
        stage: The stage to run.
        setting: Where results go.
        deadline: When everything has to end, by ``time.monotonic()``.
        on_ended: Called after each command.
    """
    folder = setting.results / stage.name
    folder.mkdir(parents=True, exist_ok=True)
    ends = min(deadline, time.monotonic() + stage.limit_s)
    for wave in range(0, len(stage.works), stage.at_once):
        running: list[_Running] = []
        try:
            for work in stage.works[wave : wave + stage.at_once]:
                left = min(work.limit_s, ends - time.monotonic() - work.reserve_s)
                if left > 0:
                    with _signals_later():
                        running.append(_Running(work, setting, folder, left))
                else:
                    on_ended(Ended(work=work, status="not begun", detail="no time was left"))
            _follow(running, on_ended)
        except KeyboardInterrupt:
            for one in running:
                one.interrupt()
            _follow(running, on_ended)
            raise
        finally:
            for one in running:
                one.kill()


@contextmanager
def _signals_later() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait: between a command's start and its entry, nobody would end it."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    caught: list[int] = []
    for number, handler in handlers.items():
        if callable(handler):
            signal.signal(number, lambda seen, _: caught.append(seen))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if caught:
        raise KeyboardInterrupt


def _follow(running: list[_Running], on_ended: Callable[[Ended], None]) -> None:
    """Wait for commands that run in parallel; report those that end, and remove them."""
    while running:
        for one in list(running):
            ended = one.look()
            if ended is not None:
                running.remove(one)
                on_ended(ended)
        time.sleep(0.05)


def archive(folder: Path, target: Path) -> None:
    """Write a folder to a compressed archive, atomically."""
    unfinished = target.with_name(f".{target.name}.tmp")
    with tarfile.open(unfinished, "w:gz") as file:
        for path in _files(folder):
            file.add(path, str(path.relative_to(folder.parent)))
    unfinished.replace(target)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
