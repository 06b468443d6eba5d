"""Connecting to a cluster of Ray, or starting one here."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from poolbench.core.errors import EnvironmentFault, not_installed

_ANSWER_S = 5.0


def connect(address: str, environment: Mapping[str, str], **options: Any) -> Any:
    """Return Ray, connected.

    Args:
        address: Of a running cluster; empty starts one on this machine.
        environment: What workers have besides what they inherit.
        options: More of ``ray.init``.

    Raises:
        EnvironmentFault: Ray is not installed, or the cluster cannot be used.
    """
    ray = _import_ray()
    _check_address(address)
    try:
        with _keeping_signals():
            # Named, as Ray would join whatever cluster ran here last.
            ray.init(
                address=address or "local",
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level="error",
                runtime_env={"env_vars": dict(environment)},
                **options,
            )
    except Exception as error:
        raise _refused(error, address) from error
    return ray


@contextmanager
def _keeping_signals() -> Iterator[None]:
    """Put the answers to signals back: Ray answers SIGTERM with a crash report."""
    is_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, answer in before.items():
            signal.signal(number, answer)


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise not_installed("the engine needs Ray", "ray", "without it: --engine local") from error
    return ray


def _meant(address: str) -> str:
    """Return the address that ``auto`` stands for, as Ray finds it; any other as it is.

    Raises:
        EnvironmentFault: It stands for none.
    """
    if address != "auto":
        return address
    if given := os.environ.get("RAY_ADDRESS"):
        return given
    try:
        # Not of Ray's public interface. Without it, Ray is left to find the cluster by itself.
        from ray._private.services import canonicalize_bootstrap_address
    except ImportError:
        return address
    try:
        return canonicalize_bootstrap_address(address) or address
    except ConnectionError as error:
        raise _refused(error, address) from error


def _check_address(address: str) -> None:
    """Check that something listens there: Ray itself would try for minutes.

    Raises:
        EnvironmentFault: Nothing does.
    """
    meant = _meant(address)
    host, _, port = meant.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=_ANSWER_S).close()
    except OSError as error:
        raise _refused(error, address, meant) from error


def _refused(error: Exception, address: str, meant: str = "") -> EnvironmentFault:
    lines = str(error).strip().splitlines()
    why = lines[0] if lines else type(error).__name__
    if "ersion" in why and "mismatch" in str(error).lower():
        # All of it: the versions stand in the lines below.
        return EnvironmentFault(
            f"Ray: {' '.join(str(error).split())}",
            "use the Ray and the Python of the cluster on this machine",
        )
    where, hint = f"at '{address}'" if address else "on this machine", "try: ray status"
    if meant not in ("", address):
        where, hint = f"{where}, which is {meant}", "forget what has ended: ray stop"
    return EnvironmentFault(
        f"Ray cannot be used {where}: {why}",
        f"is the cluster up? {hint}; or leave execution.engine.address out",
    )
