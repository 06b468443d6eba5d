"""What a real Ray could never place is told: ``.ci/cluster`` runs this."""

from __future__ import annotations

import os
import subprocess
import sys
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


def test_another_python_or_ray_is_refused_with_both_versions(tmp_path: Path) -> None:
    other = os.environ.get("POOLBENCH_OTHER_RAY")
    if other is None:
        pytest.skip("POOLBENCH_OTHER_RAY names no Python that has another version, or another Ray")
    cluster = Ray(tmp_path, python=other)
    try:
        cluster.start_head()
        (tmp_path / "s.yaml").write_text(
            "schema: 1\ntitle: One\ndata: {name: digits}\nmodel: {name: wrn, depth: 8, width: 1}\n"
            "recipe: {epochs: 1, batch_size: 50, optimizer: {name: sgd, lr: 0.05}}\nseeds: 1\n"
            "variants: {max: {pools: max}}\n"
            f"execution: {{engine: {{name: ray, address: '{cluster.address}'}}}}\n"
        )
        ended = subprocess.run(
            [sys.executable, "-m", "poolbench", "train", "s.yaml"],
            cwd=tmp_path, env=os.environ | cluster.environment, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        cluster.stop()
    assert ended.returncode == 6, ended.stderr
    assert "Traceback" not in ended.stderr
    versions = "import platform, ray; print(ray.__version__, platform.python_version())"
    for python in (other, sys.executable):
        ray_version, python_version = subprocess.check_output(
            [python, "-c", versions], text=True
        ).split()
        assert f"Ray: {ray_version} Python: {python_version}" in " ".join(ended.stderr.split())
    assert "use the Ray and the Python of the cluster" in ended.stderr
