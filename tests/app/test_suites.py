"""Every suite that ships, its smoke profile trained end to end.

Minutes of work, so it runs only when asked for: ``pytest -m slow --durations=0``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app import suites
from poolbench.core.experiment import kind_of
from tests.conftest import Done

pytestmark = pytest.mark.slow

# Where a suite's data set lies below POOLBENCH_DATA, and what to change when a stand-in serves.
NEEDS = {
    "cifar100": "cifar-100-python",
    "cifar10": "cifar-10-batches-py",
    "cifar": "cifar-10-batches-py",
    "mnist": "MNIST",
    "r-estimators": "MNIST",
    "imagenette": "imagenette224",
    "imagewoof": "imagewoof",
    "folder": "imagenette224",
}


def _trains(name: str) -> bool:
    lines = suites.find(name).read_text().splitlines()
    return not kind_of(line.partition(":")[0] for line in lines)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data root with the sets of POOLBENCH_DATA under every name a suite may ask for."""
    named = os.environ.get("POOLBENCH_DATA")
    if not named:
        pytest.skip("POOLBENCH_DATA does not name the folder of the data sets")
    root = tmp_path / "root"
    root.mkdir()
    for path in Path(named).resolve().iterdir():
        (root / path.name).symlink_to(path)
    subset = Path(named).resolve() / "imagenette224"
    for alias in ("imagenette-160", "imagenette-320", "pictures"):
        if not (root / alias).exists():
            (root / alias).symlink_to(subset)
    return root


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [*filter(_trains, suites.names())])
def test_every_variant_of_the_smoke_profile_trains(
    name: str, poolbench: Callable[..., Done], root: Path
) -> None:
    folder = next((NEEDS[word] for word in NEEDS if word in name), None)
    if folder is not None and not (root / folder).exists():
        pytest.skip(f"POOLBENCH_DATA has no {folder}")
    profile = [] if name == "smoke" else ["--profile", "smoke"]
    done = poolbench("train", name, *profile, "--data-root", root, "--format", "json", "-q")
    assert done.code == 0, done.err
    rows = json.loads(done.out)["tables"][0]["rows"]
    assert len(rows) > 1
    for row in rows:
        assert row["n"] + row["n_diverged"] >= 1, row
        assert row["n_missing"] == 0, row
