"""A real Slurm and a real Ray, started for a module's tests and ended after them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.cluster import ray as ray_cluster
from tests.cluster import slurm as slurm_cluster
from tests.cluster.ray import Ray, running_ray
from tests.cluster.slurm import Slurm, running_slurm


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if lacking := slurm_cluster.missing():
        pytest.skip(f"no Slurm here: {', '.join(lacking)} not found")
    if os.geteuid():
        pytest.skip("Slurm's daemons need root")
    with running_slurm(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ray]:
    if not ray_cluster.is_installed():
        pytest.skip("Ray is not installed")
    with running_ray(tmp_path_factory.mktemp("ray")) as cluster:
        yield cluster
