"""Run a stage: every command in time or interrupted, its output kept, its results at once."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from on_gpu.stages import Setting, Stage, Work

Status = Literal["ok", "cut short", "failed", "not begun"]

# What an interrupted command has to save and end; then it is killed with all that it started.
_GRACE_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended.

    Args:
        work: The command.
        status: ``cut short`` where it was interrupted and what it did until then counts.
        detail: What there is to say of a failure.
        duration_s: Seconds it took.
    """

    work: Work
    status: Status
    detail: str = ""
    duration_s: float = 0.0


class _Running:
    """A command under way."""

    def __init__(self, work: Work, setting: Setting, folder: Path, limit_s: float) -> None:
        self.work, self._log = work, folder / f"{work.name}.log"
        self._began = time.monotonic()
        self._limit_s = limit_s
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

    def end(self) -> Ended:
        """Wait until the command ends, or end it when its time is over."""
        in_time = self._wait(self._limit_s - (time.monotonic() - self._began))
        if not in_time:
            self._signal(signal.SIGINT)
            self._wait(_GRACE_S)
        self._signal(signal.SIGKILL)  # whatever it left behind
        code = self._process.wait()
        status, detail = self._judge(code, in_time)
        return Ended(
            work=self.work,
            status=status,
            detail=detail,
            duration_s=time.monotonic() - self._began,
        )

    def _judge(self, code: int, in_time: bool) -> tuple[Status, str]:
        if not in_time and self.work.may_be_cut:
            return "cut short", f"after {self._limit_s:.0f} s"
        if not in_time:
            return "failed", f"not done after {self._limit_s:.0f} s"
        if code == 0:
            return "ok", ""
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return "failed", f"exit {code}: {lines[-1] if lines else 'no word'}"

    def _wait(self, seconds: float) -> bool:
        try:
            self._process.wait(max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return False
        return True

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def run_stage(
    stage: Stage, setting: Setting, *, deadline: float, on_ended: Callable[[Ended], None]
) -> None:
    """Run a stage's commands, whatever becomes of them.

    Args:
        stage: What to run.
        setting: Where results go.
        deadline: When all has to be over, by ``time.monotonic()``.
        on_ended: Called after each command.
    """
    folder = setting.results / stage.name
    folder.mkdir(parents=True, exist_ok=True)
    ends = min(deadline, time.monotonic() + stage.limit_s)
    begun: list[_Running] = []
    for work in stage.works:
        left = min(work.limit_s, ends - time.monotonic() - work.reserve_s)
        if left <= 0:
            on_ended(Ended(work=work, status="not begun", detail="no time was left"))
            continue
        running = _Running(work, setting, folder, left)
        if stage.side_by_side:
            begun.append(running)
        else:
            on_ended(running.end())
    for running in begun:
        on_ended(running.end())


def archive(folder: Path, target: Path) -> None:
    """Put a folder into a compressed archive, which is whole at every moment."""
    unfinished = target.with_name(f".{target.name}.tmp")
    with tarfile.open(unfinished, "w:gz") as file:
        for path in _files(folder):
            file.add(path, str(path.relative_to(folder.parent)))
    unfinished.replace(target)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
