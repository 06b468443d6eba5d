from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("POOLBENCH_CACHE", str(folder))
    return folder


@pytest.fixture
def published() -> Path:
    """Folder of the real MNIST and CIFAR-10."""
    named = os.environ.get("POOLBENCH_DATA")
    if not named:
        pytest.skip("POOLBENCH_DATA does not name the folder of MNIST and CIFAR-10")
    return Path(named)
