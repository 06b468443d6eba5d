"""The engine of Ray without a cluster: what it says. With one: ``.ci/cluster``."""

from __future__ import annotations

import builtins
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.options import check_options
from poolbench.engines import ENGINES
from poolbench.engines.api import Queueing, Workers
from poolbench.engines.ray import RayEngine, describe_waiting


def engine(**options: object) -> RayEngine:
    checked = check_options("ray", ENGINES["ray"].options, options)
    return RayEngine(Workers(target="m:f"), **checked)


def test_without_ray_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any, **others: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return known(name, *rest, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EnvironmentFault) as caught:
        engine().submit([])
    assert "pip install 'poolbench[ray]'" in caught.value.hint
    engine().stop(0.0)  # there is nothing to stop


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_where_nothing_listens_is_refused_at_once(scheme: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(EnvironmentFault, match=address) as caught:
        engine(address=address).submit([])
    assert "ray status" in caught.value.hint


@pytest.mark.parametrize("is_named", [True, False])
def test_auto_with_a_cluster_that_is_gone_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        address = f"127.0.0.2:{free.getsockname()[1]}"
    if is_named:
        monkeypatch.setenv("RAY_ADDRESS", address)
    else:
        # What `ray start` wrote, and nobody took back.
        monkeypatch.delenv("RAY_ADDRESS", raising=False)
        monkeypatch.setattr("ray._private.services.find_gcs_addresses", set)
        monkeypatch.setattr("ray._private.services.find_bootstrap_address", lambda _: address)
    began_s = time.monotonic()
    with pytest.raises(EnvironmentFault, match=f"'auto', which is {address}") as caught:
        engine(address="auto").submit([])
    assert time.monotonic() - began_s < 10.0
    assert "ray stop" in caught.value.hint


def test_auto_without_a_cluster_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr("ray._private.services.find_gcs_addresses", set)
    monkeypatch.setattr("ray._private.services.find_bootstrap_address", lambda _: None)
    with pytest.raises(EnvironmentFault, match=r"at .auto.: .*not find"):
        engine(address="auto").submit([])


NODE = {"CPU": 4.0, "memory": 8 * 2.0**30, "object_store_memory": 1e9}


@pytest.mark.parametrize(
    ("needs", "nodes", "said"),
    [
        ({"CPU": 4, "GPU": 0, "memory": 0}, [NODE], ""),
        ({"CPU": 5, "GPU": 0, "memory": 0}, [NODE], "(CPU 5); the nodes have CPU 4, 8,192 MiB"),
        ({"CPU": 1, "GPU": 0.25, "memory": 0}, [NODE], "(CPU 1, GPU 0.25)"),
        ({"CPU": 1, "GPU": 0.25, "memory": 0}, [NODE, {**NODE, "GPU": 1.0}], ""),
        # Each has a part of it, and none has all.
        ({"CPU": 3, "GPU": 1, "memory": 0}, [NODE, {"CPU": 1.0, "GPU": 2.0}], "(CPU 3, GPU 1)"),
        ({"CPU": 1, "GPU": 0, "memory": 2**44}, [NODE], "(CPU 1, 16,777,216 MiB)"),
        ({"CPU": 1, "GPU": 0, "memory": 0}, [], "the nodes have nothing"),
    ],
)
def test_what_no_node_could_ever_hold_is_told(
    needs: dict[str, float], nodes: list[dict[str, float]], said: str
) -> None:
    assert isinstance(engine(), Queueing)
    told = describe_waiting(needs, nodes)
    assert said in told
    assert bool(told) is bool(said)


def test_reading_the_engine_imports_no_ray() -> None:
    code = "import sys, poolbench.engines.ray; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
