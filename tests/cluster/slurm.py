"""A Slurm of two nodes on this machine: real daemons, no systemd, no accounting."""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
_UP_S = 60.0


def missing() -> list[str]:
    """Return the programs of Slurm that this machine lacks."""
    paths = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [name for name in PROGRAMS if shutil.which(name, path=paths) is None]


class Slurm:
    """A controller and two nodes of one CPU each.

    Args:
        folder: Where they keep their files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nodes = ("n1", "n2")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = dict(zip(("controller", *self.nodes), _free_ports(3), strict=True))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        self.configuration = folder / "slurm.conf"
        self.configuration.write_text(self._configuration())
        self.environment = {"SLURM_CONF": str(self.configuration)}

    def start(self) -> None:
        """Start everything, and wait until both nodes are idle."""
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        self.start_munge()
        self._run("controller", "slurmctld", "-D", "-f", str(self.configuration))
        for node in self.nodes:
            self.start_node(node)
        self.wait_for(("idle", "idle"))

    def start_munge(self) -> None:
        """Start the daemon that says who is who."""
        files = {
            "--key-file": "munge.key",
            "--socket": "munge.socket",
            "--pid-file": "munge.pid",
            "--log-file": "munge.log",
            "--seed-file": "munge.seed",
        }
        options = [f"{option}={self.folder / name}" for option, name in files.items()]
        self._run("munge", "munged", "--foreground", "--force", *options)
        deadline = time.monotonic() + _UP_S
        while not (self.folder / "munge.socket").exists():
            assert time.monotonic() < deadline, "munged does not come up"
            time.sleep(0.1)

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        (self.folder / f"spool-{node}").mkdir(exist_ok=True)
        self._run(node, "slurmd", "-D", "-N", node, "-f", str(self.configuration))

    def kill(self, name: str) -> None:
        """Kill a daemon."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def kill_node(self, node: str) -> None:
        """Kill a node's daemon, its steps and all that they run."""
        jobs = set(self.call("squeue", "--noheader", f"--nodelist={node}", "--format=%A").split())
        family = [
            each
            for pid in self.payloads()
            if psutil.Process(pid).environ().get("SLURM_JOB_ID") in jobs
            for each in (
                psutil.Process(pid).parent(),
                psutil.Process(pid),
                *psutil.Process(pid).children(recursive=True),
            )
            if each is not None
        ]
        self.kill(node)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()

    def payloads(self) -> list[int]:
        """Return the process ids of the elements that run."""
        return [
            each.pid for each in self._own() if "poolbench.runtime.element" in each.info["cmdline"]
        ]

    def _own(self) -> list[psutil.Process]:
        """Return the processes of this cluster, not those of another one on the machine."""
        return [
            each
            for each in psutil.process_iter(["cmdline", "environ"])
            if (each.info["environ"] or {}).get("SLURM_CONF") == str(self.configuration)
        ]

    def stop(self) -> None:
        """Kill every daemon and job."""
        self.cancel_all()
        time.sleep(1.0)
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        for each in self._own():
            if each.info["cmdline"][:1] and each.info["cmdline"][0].startswith("slurmstepd"):
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        self._processes = {}

    def cancel_all(self) -> None:
        """Cancel every job of this cluster."""
        self.call("scancel", f"--user={getpass.getuser()}", check=False)

    def call(self, *command: str, check: bool = True) -> str:
        """Run a program of Slurm; return what it prints."""
        done = subprocess.run(
            command, env=os.environ | self.environment, capture_output=True, text=True
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def states(self) -> tuple[str, ...]:
        """Return the state of each node."""
        answer = self.call("sinfo", "--noheader", "--Node", "--format=%N %t", "-p", "main")
        return tuple(line.split()[1] for line in sorted(answer.splitlines()))

    def wait_for(self, states: tuple[str, ...], timeout_s: float = _UP_S) -> None:
        """Wait until the nodes have these states."""
        deadline = time.monotonic() + timeout_s
        found: tuple[str, ...] = ()
        while time.monotonic() < deadline:
            try:
                found = self.states()
            except AssertionError:
                found = ()
            if found == states:
                return
            time.sleep(0.5)
        raise AssertionError(f"nodes are {found}, not {states}: see {self.folder}")

    def _run(self, name: str, program: str, *arguments: str) -> None:
        path = shutil.which(program) or f"/usr/sbin/{program}"
        with (self.folder / f"{name}.out").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [path, *arguments], stdout=log, stderr=log, env=os.environ | self.environment
            )

    def _configuration(self) -> str:
        folder, ports = self.folder, self._ports
        nodes = "\n".join(
            f"NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={ports[node]} "
            "CPUs=1 RealMemory=4000 State=UNKNOWN"
            for node in self.nodes
        )
        return f"""\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports["controller"]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/controller.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/controller.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2
SlurmdTimeout=15
KillWait=5
MinJobAge=10
ReturnToService=2
MaxArraySize=11
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=2
"""


@contextmanager
def running_slurm(folder: Path) -> Iterator[Slurm]:
    """Yield a running Slurm."""
    slurm = Slurm(folder)
    (folder / "state").mkdir()
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
