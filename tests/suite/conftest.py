"""Loading a suite that a test wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poolbench.core.study import Study
from poolbench.suite.load import load
from tests.suite.small import CATALOGUES, SUITE

Load = Callable[..., Study]


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a suite to ``s.yaml`` in an empty folder and load it from there."""
    monkeypatch.chdir(tmp_path)

    def load_suite(text: str = SUITE, **options: Any) -> Study:
        path = Path("s.yaml")
        path.write_text(text, encoding="utf-8")
        settings: dict[str, Any] = {
            "catalogues": CATALOGUES,
            "fingerprint": lambda source: f"checksum of {source.name}",
        }
        return load(path, **{**settings, **options})

    return load_suite
