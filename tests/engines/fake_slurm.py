"""Programs of Slurm that answer what a test tells them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest


class FakeSlurm:
    """Programs on the PATH, instead of any others of Slurm.

    Args:
        folder: Where they are, and what they were asked.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        for program in ("sbatch", "squeue", "scancel", "scontrol"):
            self.answers(program)

    def answers(self, program: str, out: str = "", *, says: str = "", code: int = 0) -> None:
        """Let a program print something, on standard output and error, and end."""
        for name, text in (("out", out), ("err", says)):
            (self._folder / f"{program}.{name}").write_text(text)
        here = f"{self._folder}/{program}"
        self._write(
            program,
            f"printf '%s\\n' \"$@\" >> {here}.asked\n"
            f"cat {here}.out; cat {here}.err >&2; exit {code}\n",
        )

    def hangs(self, program: str) -> None:
        """Let a program not answer."""
        self._write(program, "exec sleep 60\n")

    def asked(self, program: str) -> list[str]:
        """Return the arguments that a program got."""
        path = self._folder / f"{program}.asked"
        return path.read_text().splitlines() if path.exists() else []

    def _write(self, program: str, text: str) -> None:
        path = self._folder / program
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


def fake_slurm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    """Put programs of Slurm on the PATH."""
    made = FakeSlurm(folder)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), "/usr/bin", "/bin"]))
    return made
