"""Where cells run: the catalogue of engines. Reading it imports nothing else."""

from __future__ import annotations

from poolbench.core.catalogue import Catalogue, Entry
from poolbench.core.options import Option

ENGINES: Catalogue[Entry] = Catalogue(
    "engine",
    {
        "local": Entry(
            target="poolbench.engines.local:LocalEngine",
            summary="worker processes on this machine, one per slot",
        ),
        "inline": Entry(
            target="poolbench.engines.inline:InlineEngine",
            summary="this process: for debugging and tests",
        ),
        "slurm": Entry(
            target="poolbench.engines.slurm:SlurmEngine",
            summary="arrays of Slurm; each element has a whole allocation",
            options={
                "partition": Option(kind=str, default="", help="partition; Slurm's own default"),
                "account": Option(kind=str, default="", help="account to charge"),
                "gres": Option(kind=str, default="", help="of an element, such as gpu:1"),
                "cpus": Option(kind=int, default=1, minimum=1, help="of an element"),
                "memory": Option(kind=str, default="", help="of an element, such as 16G"),
                "time": Option(kind=str, default="", help="limit of an element, such as 8:00:00"),
                "grace_s": Option(
                    kind=int,
                    default=120,
                    minimum=1,
                    help="seconds before its limit at which an element saves",
                ),
                "elements": Option(
                    kind=int,
                    default=64,
                    minimum=1,
                    help="most elements; each gets a list of cells",
                ),
                "max_array": Option(
                    kind=int,
                    default=None,
                    minimum=1,
                    help="most elements of one array; asked of Slurm",
                ),
                "setup": Option(
                    kind=str,
                    many=True,
                    default=(),
                    help="shell commands before the worker, such as module load cuda",
                ),
                "python": Option(kind=str, default="", help="of the nodes; the command's own"),
                "poll_s": Option(
                    kind=float, default=15.0, minimum=0.1, help="seconds between looks at the queue"
                ),
            },
        ),
        "ray": Entry(
            target="poolbench.engines.ray:RayEngine",
            summary="tasks of Ray, on a cluster or this machine (pip install 'poolbench[ray]')",
            options={
                "address": Option(
                    kind=str, default="", help="of a cluster, such as auto; else one starts here"
                ),
                "cpus": Option(
                    kind=int, default=None, minimum=1, help="that a task reserves; its threads"
                ),
                "memory_mib": Option(
                    kind=int, default=None, minimum=1, help="memory that a task reserves"
                ),
            },
        ),
    },
)
