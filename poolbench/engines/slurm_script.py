"""What Slurm is given of an array, arguments of ``sbatch`` and a script, and what that leaves."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from poolbench import __version__
from poolbench.engines.api import Ended, not_seen

_ELEMENT = "poolbench.runtime.element"
_WORDS = 40


def arguments(
    folder: Path, array: str, count: int, *, grace_s: int, asked: Mapping[str, str]
) -> list[str]:
    """Return the arguments of ``sbatch`` for an array.

    They are no lines of the script: there, a path with a space would end at it.

    Args:
        folder: The session's folder.
        array: Name of the array.
        count: Number of its elements.
        grace_s: How long before its time limit an element is told to save.
        asked: More of them, by name; an empty one is left out.
    """
    output = str(folder / array).replace("%", "%%")
    options = {
        "job-name": array,
        "array": f"0-{count - 1}",
        "chdir": str(Path.cwd()),
        "output": f"{output}-%a.out",
        "open-mode": "append",
        "signal": f"B:USR1@{grace_s}",
        **{key: value for key, value in asked.items() if value},
    }
    return ["--parsable", "--requeue", *(f"--{key}={value}" for key, value in options.items())]


def script(folder: Path, array: str, *, setup: Sequence[str], python: str) -> str:
    """Return the batch script of an array.

    What an element prints is in the log of its job from the first line of its setup; its exit code
    is beside it, unless its process was killed.

    Args:
        folder: The session's folder.
        array: Name of the array.
        setup: Shell commands before the worker starts.
        python: The Python of the nodes.
    """
    unseen = shlex.quote(not_seen(folder))
    lacking = shlex.quote(f"has no {python}; say where: execution.engine: {{python: ...}}")
    unfit = shlex.quote(f"needs poolbench: {python} -m pip install poolbench=={__version__}")
    place, program, lines = shlex.quote(str(folder)), shlex.quote(python), "\n".join(setup)
    return f"""\
#!/bin/bash
poolbench_fail() {{ echo "${{SLURMD_NODENAME:-$HOSTNAME}} $1" >&2; exit 6; }}
poolbench_folder={place}
[ -d "$poolbench_folder" ] || poolbench_fail {unseen}
poolbench_job=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" "$poolbench_folder"/{array}.jobs)
exec >> "$poolbench_folder/$poolbench_job.log" 2>&1
rm -f "$poolbench_folder/$poolbench_job.exit"
poolbench_ended() {{ echo "$1" > "$poolbench_folder/$poolbench_job.exit"; }}
poolbench_setup_failed() {{
    echo "the setup failed on ${{SLURMD_NODENAME:-$HOSTNAME}} with exit code $1: $2" >&2
    poolbench_ended $(($1 ? $1 : 1))
}}

set -e
trap 'poolbench_setup_failed $? "$BASH_COMMAND"' EXIT
{lines}
trap 'poolbench_ended $?' EXIT
set +e

command -v {program} > /dev/null || poolbench_fail {lacking}
poolbench_why=$({program} -c 'import {_ELEMENT}' 2>&1) ||
    poolbench_fail {unfit}" (${{poolbench_why##*$'\\n'}})"
exec {program} -m {_ELEMENT} "$poolbench_folder" "$poolbench_job"
"""


def end_of(folder: Path, job: str, array: str, index: int) -> Ended:
    """Return what an element wrote down at its end, or else what Slurm wrote of it.

    Args:
        folder: The session's folder.
        job: Name of its job.
        array: Name of the array.
        index: Index of the element.
    """
    with suppress(OSError, ValueError):
        return Ended(job=job, exit_code=int((folder / f"{job}.exit").read_text()))
    try:
        written = (folder / f"{array}-{index}.out").read_text(errors="replace")
    except OSError:
        detail = f"cancelled before it began, or its node {not_seen(folder)}"
    else:
        detail = " ".join(written.split()[-_WORDS:])
    return Ended(job=job, exit_code=None, detail=detail)
