"""The identity of what the shipped suites train: a run of an earlier version is found again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from poolbench.app.study import CATALOGUES
from poolbench.core.measurement import measurement_key
from poolbench.suite.load import load

SUITES = Path(__file__).parents[2] / "suites"

# Each changes with a revision of a component, or with the suite; with nothing else.
IDENTITIES = {
    "smoke": "ca72bcab2d98cb09",
    "cluttered-digits": "a787b083a6a57905",
    "lae/table1-wrn-cifar10": "b3cfa9347fa06fb4",
    "lae/table3-wrn-se-cifar10": "2273bf8b1667192e",
    "lae/table4-pyramidnet-cifar100": "c2cd21fe260032f1",
    "lae/fig3-resolution": "2418b14ed7f0bae8",
    "lae/fig7-precision-cifar10": "de1f220e30a60ea4",
    "lae/fig8-10-resolution-imagewoof128": "ab201e11fd1ccf7a",
    "maxpool/lenet-mnist": "6352012d7bbdff08",
    "maxpool/resnet-page": "20dc8af301d69d5f",
    "maxpool/r-estimators": "f0d1c9daeb34465f",
    "contraction/prediction-training": "0f28e25327ec10e0",
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_shipped_suite_asks_for_the_cells_and_measurements_it_always_did(name: str) -> None:
    study = load(
        SUITES / f"{name}.yaml",
        catalogues=CATALOGUES,
        fingerprint=lambda source: f"checksum of {source}",
    )
    identities = [cell.id for cell in study.cells]
    identities += [measurement_key(probe, "network") for probe in study.probes]
    assert hashlib.sha256(" ".join(identities).encode()).hexdigest()[:16] == IDENTITIES[name]
