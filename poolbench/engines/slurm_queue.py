"""What is asked of Slurm: its queue, and that arrays are cancelled."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from poolbench.core.errors import EnvironmentFault
from poolbench.engines.api import Unreachable

PREFIX = "poolbench-"
_ANSWER_S = 60.0
_DEFAULT_ARRAY_SIZE = 1001
_RUNS = frozenset({"RUNNING", "COMPLETING", "CONFIGURING", "STAGE_OUT"})
_ASKED = {
    "sbatch": "to take an array",
    "squeue": "what is queued",
    "scancel": "to cancel an array",
    "scontrol": "about itself, or to queue an element again",
}


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
    except Unreachable:
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


def queued() -> dict[tuple[str, int], str]:
    """Return the elements of ours, by array and index: why each waits; empty if it runs.

    Raises:
        Unreachable: Slurm does not tell.
    """
    try:
        answer = run("squeue", "--me", "--noheader", "--array", "--format=%j|%K|%T|%r")
    except EnvironmentFault as fault:
        raise Unreachable(fault.message, fault.hint) from fault
    return dict(elements(answer))


def elements(answer: str) -> Iterator[tuple[tuple[str, int], str]]:
    """Yield what each line of an answer of squeue says that is an element of ours."""
    for line in answer.splitlines():
        name, index, state, reason = (*line.strip().split("|", 3), "", "", "")[:4]
        if name.startswith(PREFIX) and index.isdigit():
            yield (name, int(index)), "" if state in _RUNS else reason


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
        EnvironmentFault: It is not there, or refuses.
        Unreachable: It does not answer, or Slurm does not answer it.
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
    except subprocess.TimeoutExpired as error:
        raise _fault(program, f"no answer within {_ANSWER_S:.0f} s; it timed out") from error
    except OSError as error:
        raise EnvironmentFault(f"{program} cannot be run: {error}") from error
    if done.returncode:
        raise _fault(program, done.stderr.strip() or f"exit {done.returncode}")
    return done.stdout


def _fault(program: str, said: str) -> EnvironmentFault:
    # Each line begins with who says it, which is told once.
    why = re.sub(rf"^({program}: )?((error|fatal): )?", "", said, flags=re.MULTILINE)
    kind = Unreachable if _is_silence(why) else EnvironmentFault
    return kind(f"Slurm was asked {_ASKED[program]} ({program}): {why}", advice(why))


def _is_silence(why: str) -> bool:
    lowered = why.lower()
    # Without munge it was not asked at all.
    if "munge" in lowered:
        return False
    return any(words in lowered for words in ("timed out", "unable to contact", "connect"))


def advice(why: str) -> str:
    """Return what to try next after what a program of Slurm said; empty if nobody can tell."""
    lowered = why.lower()
    if "munge" in lowered or "authentication" in lowered:
        return "Slurm cannot prove who you are: is munged running on this node?"
    if _is_silence(why):
        return "Slurm's controller does not answer; is it up, or busy? try: sinfo"
    if "configuration source" in lowered:
        return "no slurm.conf is found here: run it on a node of the cluster, or set SLURM_CONF"
    if "account" in lowered:
        return "name one of your accounts in execution.engine: {account: ...}"
    if "partition" in lowered:
        return "see the partitions with: sinfo; name one in execution.engine: {partition: ...}"
    if any(word in lowered for word in ("invalid", "requested", "required", "limit", "permitted")):
        return "see the options of the engine: poolbench list engines slurm"
    return ""
