"""What a real Ray could never place is told: ``.ci/cluster`` runs this."""

from __future__ import annotations

from pathlib import Path

import pytest

from poolbench.core.options import check_options
from poolbench.engines import ENGINES
from poolbench.engines.api import Job, Workers
from poolbench.engines.ray import RayEngine
from tests.cluster.ray import Ray

pytestmark = pytest.mark.cluster


def test_what_no_node_can_hold_is_said_to_wait(
    ray: Ray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in ray.environment.items():
        monkeypatch.setenv(key, value)
    options = {"address": ray.address, "memory_mib": 9_999_999}
    checked = check_options("ray", ENGINES["ray"].options, options)
    engine = RayEngine(Workers(target="m:f"), **checked)
    engine.submit([Job(name="worker-0", file=tmp_path / "a.json", log=tmp_path / "a.log")])
    assert list(engine.poll(1.0)) == []
    said = engine.waiting()
    engine.stop(0.0)
    assert "no node of Ray has what a task needs (CPU 1, 9,999,999 MiB)" in said
    assert "CPU 1, " in said.partition("the nodes have")[2]
