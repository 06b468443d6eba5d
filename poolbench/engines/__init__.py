"""Where cells run: the catalogue of engines. Reading it imports nothing else."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, EngineEntry
from poolbench.core.options import Option
from poolbench.engines.slurm_time import FORM, PATTERN


def _word(help: str) -> Option:
    """Return an option that Slurm takes as one word; empty leaves the choice to it."""
    return Option(kind=str, default="", pattern=r"[^\s\x00-\x1f\x7f]*", form="one word", help=help)


ENGINES: Catalogue[EngineEntry] = Catalogue(
    "engine",
    {
        "local": EngineEntry(
            target="poolbench.engines.local:LocalEngine",
            summary="worker processes on this machine, one per slot",
        ),
        "inline": EngineEntry(
            target="poolbench.engines.inline:InlineEngine",
            summary="this process: for debugging and tests",
        ),
        "slurm": EngineEntry(
            target="poolbench.engines.slurm:SlurmEngine",
            summary="arrays of Slurm; each element has a whole allocation",
            check="poolbench.engines.slurm_time:check",
            options={
                "partition": _word("partition; Slurm's own default"),
                "account": _word("account to charge"),
                "gres": _word("of an element, such as gpu:1"),
                "cpus": Option(
                    kind=int,
                    default=1,
                    minimum=1,
                    maximum=4096,
                    help="of an element; on the CPU as many workers, unless jobs says otherwise",
                ),
                "memory": _word("of an element, such as 16G"),
                "time": Option(
                    kind=str,
                    default="",
                    pattern=PATTERN,
                    form=FORM,
                    help="limit of an element, such as 8:00:00",
                ),
                "grace_s": Option(
                    kind=int,
                    default=120,
                    minimum=1,
                    maximum=86_400,
                    help="seconds before its limit at which an element saves",
                ),
                "elements": Option(
                    kind=int,
                    default=64,
                    minimum=1,
                    maximum=100_000,
                    help="most elements; each gets a list of cells",
                ),
                "max_array": Option(
                    kind=int,
                    default=None,
                    minimum=1,
                    maximum=100_000,
                    help="most elements of one array; asked of Slurm",
                ),
                "setup": Option(
                    kind=str,
                    many=True,
                    default=(),
                    help="shell commands before the worker, such as module load cuda; one that "
                    "fails ends the element",
                ),
                "python": Option(
                    kind=str,
                    default="",
                    pattern=r"[^\x00-\x1f\x7f]*",
                    form="a path",
                    help="of the nodes; the command's own",
                ),
                "poll_s": Option(
                    kind=float,
                    default=15.0,
                    minimum=0.1,
                    maximum=3600,
                    help="seconds between looks at the queue",
                ),
            },
        ),
        "ray": EngineEntry(
            target="poolbench.engines.ray:RayEngine",
            summary="tasks of Ray, on a cluster or this machine (pip install 'poolbench[ray]')",
            options={
                "address": Option(
                    kind=str, default="", help="of a cluster, such as auto; else one starts here"
                ),
                "cpus": Option(
                    kind=int,
                    default=None,
                    minimum=1,
                    maximum=4096,
                    help="that a task reserves; its threads",
                ),
                "memory_mib": Option(
                    kind=int,
                    default=None,
                    minimum=1,
                    maximum=2**24,
                    help="memory that a task reserves",
                ),
            },
        ),
    },
)
