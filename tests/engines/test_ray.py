"""The engine of Ray without a cluster: what it says. With one: ``.ci/cluster``."""

from __future__ import annotations

import builtins
import socket
import subprocess
import sys
from typing import Any

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.options import check_options
from poolbench.engines import ENGINES
from poolbench.engines.api import Workers
from poolbench.engines.ray import RayEngine


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


def test_reading_the_engine_imports_no_ray() -> None:
    code = "import sys, poolbench.engines.ray; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
