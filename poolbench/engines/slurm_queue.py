"""What is asked of Slurm: its queue, and that arrays are cancelled."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from poolbench.core.errors import EnvironmentFault

PREFIX = "poolbench-"
_ANSWER_S = 60.0
_DEFAULT_ARRAY_SIZE = 1001


def arrays_of(folder: Path) -> dict[str, list[str]]:
    """Return the names of the jobs of a session's arrays, by array, in order of submission."""
    files = folder.glob(f"{PREFIX}*.jobs")
    ordered = sorted(files, key=lambda file: int(file.stem.rpartition("-")[2]))
    return {file.stem: file.read_text().split() for file in ordered}


def queued_sessions(folders: Sequence[Path]) -> set[str]:
    """Return the names of the sessions with elements in the queue.

    Where Slurm does not answer, nobody can say that what it was given has ended.

    Args:
        folders: Folders of sessions, of any engine.
    """
    given = {folder.name for folder in folders if any(folder.glob(f"{PREFIX}*.jobs"))}
    if not given:
        return set()
    try:
        return given & {_session_of(array) for array, _ in queued()}
    except EnvironmentFault:
        return given


def cancel(arrays: Collection[str]) -> None:
    """Cancel arrays by name.

    Raises:
        EnvironmentFault: Slurm does not answer.
    """
    for array in sorted(arrays):
        run("scancel", f"--user={getpass.getuser()}", f"--name={array}")


def cancel_sessions(names: Collection[str]) -> None:
    """Cancel every array of sessions.

    Raises:
        EnvironmentFault: Slurm does not answer.
    """
    cancel({array for array, _ in queued() if _session_of(array) in names})


def _session_of(array: str) -> str:
    return array.removeprefix(PREFIX).rpartition("-")[0]


def requeue() -> None:
    """Ask Slurm, from inside an element, to queue it again."""
    array, index = os.environ["SLURM_ARRAY_JOB_ID"], os.environ["SLURM_ARRAY_TASK_ID"]
    run("scontrol", "requeue", f"{array}_{index}")


def queued() -> set[tuple[str, int]]:
    """Return array and index of every element of ours that is queued or running."""
    answer = run("squeue", "--me", "--noheader", "--array", "--format=%j|%K")
    return set(elements(answer))


def elements(answer: str) -> Iterator[tuple[str, int]]:
    """Yield array and index of each line of an answer of squeue that is an element of ours."""
    for line in answer.splitlines():
        name, _, index = line.strip().rpartition("|")
        if name.startswith(PREFIX) and index.isdigit():
            yield name, int(index)


def array_size() -> int:
    """Return the most elements that an array may have here."""
    for line in run("scontrol", "show", "config").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "MaxArraySize" and value.strip().isdigit():
            return max(1, int(value) - 1)
    return _DEFAULT_ARRAY_SIZE - 1


def run(program: str, *arguments: str, text: str | None = None) -> str:
    """Run a program of Slurm; return what it prints.

    Raises:
        EnvironmentFault: It is not there, fails or does not answer.
    """
    if shutil.which(program) is None:
        raise EnvironmentFault(
            f"there is no Slurm here: {program} is not on the PATH",
            "run it on a node that can submit jobs, or with --engine local",
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program of Slurm
            [program, *arguments],
            input=text,
            capture_output=True,
            text=True,
            timeout=_ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFault(f"{program}: {error}", "is the controller up? try: sinfo") from error
    if done.returncode:
        why = done.stderr.strip() or f"exit {done.returncode}"
        raise EnvironmentFault(f"{program}: {why}", advice(why))
    return done.stdout


def advice(why: str) -> str:
    """Return what to try next after what a program of Slurm said."""
    lowered = why.lower()
    if "munge" in lowered or "authentication" in lowered:
        return "Slurm cannot prove who you are: is munged running on this node?"
    if "account" in lowered:
        return "name one of your accounts in execution.engine: {account: ...}"
    if "partition" in lowered:
        return "see the partitions with: sinfo; name one in execution.engine: {partition: ...}"
    if "unable to contact" in lowered or "connect" in lowered:
        return "Slurm's controller does not answer; is it up? try: sinfo"
    return "see the options of the engine: poolbench list engines slurm"
