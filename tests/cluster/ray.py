"""A Ray of a head and two nodes on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

_UP_S = 90.0
_HEAD = "127.0.0.2"  # Ray takes 127.0.0.1 for the machine's own address


def is_installed() -> bool:
    """Whether Ray is."""
    return find_spec("ray") is not None


class Ray:
    """A head without CPUs, and nodes of one CPU each.

    Args:
        folder: Where logs go.
        python: That Ray runs on.
    """

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self.folder, self._python = folder, python
        self.address = f"{_HEAD}:{_free_port()}"
        self.environment = {
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "disabled",
            # A node that is lost is noticed within seconds.
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_failure_threshold": "3",
        }
        self._nodes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start everything, and wait until both nodes are there."""
        self.start_head()
        for number in (1, 2):
            self.start_node(f"n{number}")

    def start_head(self) -> None:
        """Start the head, and wait until it is there."""
        self._start(
            "head",
            "--head",
            f"--node-ip-address={_HEAD}",
            f"--port={self.address.rpartition(':')[2]}",
            "--num-cpus=0",
            "--include-dashboard=false",
        )
        deadline = time.monotonic() + _UP_S
        while "Ray runtime started" not in (self.folder / "head.out").read_text():
            assert time.monotonic() < deadline, (self.folder / "head.out").read_text()
            time.sleep(0.2)

    def start_node(self, name: str) -> None:
        """Start a node, and wait until it is there."""
        number = 2 + int(name[1:])
        self._start(
            name, f"--address={self.address}", f"--node-ip-address=127.0.0.{number}", "--num-cpus=1"
        )
        deadline = time.monotonic() + _UP_S
        while "Ray runtime started" not in (self.folder / f"{name}.out").read_text():
            assert time.monotonic() < deadline, (self.folder / f"{name}.out").read_text()
            time.sleep(0.2)

    def kill(self, name: str) -> None:
        """Kill a node and everything that runs on it."""
        process = self._nodes.pop(name)
        family = psutil.Process(process.pid).children(recursive=True)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        process.kill()
        process.wait()

    def workers(self) -> list[psutil.Process]:
        """Return the processes that work on a task of this cluster, not of another one here."""
        found = []
        for node in self._nodes.values():
            with suppress(psutil.NoSuchProcess):
                found += psutil.Process(node.pid).children(recursive=True)
        return [each for each in found if _command(each).startswith("ray::_work")]

    def stop(self) -> None:
        """Kill every node."""
        for name in list(self._nodes):
            with suppress(psutil.NoSuchProcess):
                self.kill(name)

    def _start(self, name: str, *options: str) -> None:
        command = [self._python, "-m", "ray.scripts.scripts", "start", "--block", *options]
        with (self.folder / f"{name}.out").open("wb") as log:
            self._nodes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, env=os.environ | self.environment
            )


@contextmanager
def running_ray(folder: Path) -> Iterator[Ray]:
    """Yield a running Ray."""
    ray = Ray(folder)
    try:
        ray.start()
        yield ray
    finally:
        ray.stop()


def _command(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((_HEAD, 0))
        port: int = free.getsockname()[1]
    return port
