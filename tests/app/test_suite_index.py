"""`poolbench list suites`: what ships, how large it is, and what it can show here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app import suites
from poolbench.app.suite_index import shipped_suites, suite_index
from poolbench.assembly.flop_counts import FlopCounts
from poolbench.data.official import CIFAR10
from poolbench.report.table import Value
from tests.conftest import Done


def rows_of(root: Path, tflops: float | None = None) -> dict[str, dict[str, Value]]:
    return {str(row["name"]): dict(row) for row in suite_index(root, tflops=tflops).records}


def test_every_suite_is_listed_with_its_kind_source_and_size(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    assert list(rows) == suites.names()
    assert rows["lae/table1-wrn-cifar10"] == {
        "name": "lae/table1-wrn-cifar10",
        "for": "train",
        "source": "Lowe, Trappenberg, Oore 2021, table 1, recipes of table 5",
        "data": "cifar10",
        "cells": 180,
        "seeds": 30,
        "shows": "nothing (cifar10 missing)",
        "title": "LogAvgExp, Table 1 - WRN-18-6 on CIFAR-10",
    }
    assert (rows["maxpool/appendix-d"]["for"], rows["maxpool/appendix-d"]["cells"]) == (
        "theory",
        None,
    )
    assert rows["smoke"]["shows"] == "differences (that needs 5 seeds)"
    assert rows["lae/table4-pyramidnet-cifar100"]["source"] == (
        "Lowe, Trappenberg, Oore 2021, recipes of table 4"
    )


def test_untrained_networks_are_counted_and_their_data_looked_for(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    # One network at six pool sizes, on two data sets, with five seeds.
    rates = rows["contraction/rates-pool-size"]
    assert (rates["cells"], rates["seeds"]) == (60, 5)
    assert rates["source"] == "Contraction property of pooling layer, theorems 4.1 and 4.2"
    assert rates["shows"] == "all but cifar10 (missing)"
    assert rows["contraction/fig5-resnets"]["shows"] == "nothing (cifar10 missing)"
    assert rows["contraction/rates-image-size"]["shows"] == "everything (nothing is trained)"
    assert rows["contraction/fig2-fcn"]["data"] == "cifar10, cifar100, mnist, gaussian"


def test_what_it_can_show_depends_on_the_data_and_the_seeds(tmp_path: Path) -> None:
    folder = tmp_path / CIFAR10.folder
    folder.mkdir()
    for name in CIFAR10.md5:
        (folder / name).touch()
    rows = rows_of(tmp_path)
    assert rows["lae/table1-wrn-cifar10"]["shows"] == "differences (that needs 5 seeds)"
    assert rows["maxpool/lenet-cifar"]["shows"] == "no difference (that needs 5 seeds)"
    assert rows["lae/table1-wrn-cifar100"]["shows"] == "nothing (cifar100 missing)"
    (folder / "test_batch").unlink()
    assert rows_of(tmp_path)["maxpool/lenet-cifar"]["shows"] == "nothing (cifar10 missing)"


def test_the_operations_of_a_suite_are_those_counted_by_hand() -> None:
    study = next(each.study for each in shipped_suites() if each.name == "maxpool/lenet-mnist")
    assert study is not None
    # Multiply-adds of an image: convolutions on 24 x 24 and 8 x 8, two fully connected layers.
    macs = 24 * 24 * 32 * 25 + 8 * 8 * 64 * 32 * 25 + 1024 * 200 + 200 * 10
    # The convolutions that take the place of the pools, on 12 x 12 and 4 x 4.
    more = 12 * 12 * 32 * 32 * 9 + 4 * 4 * 64 * 64 * 9
    # Ten epochs of forward and twice that backward, then the test images, for three seeds.
    passes = 3 * (10 * 3 * 60_000 + 10_000)
    assert FlopCounts().of(study) == pytest.approx(passes * 2 * (macs + macs + more), rel=1e-12)


def test_hours_are_operations_over_throughput_and_said_to_be_an_estimate(
    poolbench: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ["maxpool/lenet-mnist", "practice/resnet18-folder", "lse/fig1-surface"]
    monkeypatch.setattr(suites, "names", lambda: kept)
    done = poolbench("list", "suites", "--cost", "--tflops", "2", "--format", "json")
    assert done.code == 0, done.err
    table = json.loads(done.out)["tables"][0]
    hours = [row["gpu_hours"] for row in table["rows"]]
    assert hours == [pytest.approx(1.0649e14 / 2e12 / 3600, rel=1e-4), None, None]
    assert "an estimate" in table["notes"][1]
    assert "2 TFLOP/s" in table["notes"][1]
    assert poolbench("list", "operators", "--cost").code == 2


def test_the_index_needs_no_torch() -> None:
    code = (
        "import sys, pathlib\n"
        "from poolbench.app.suite_index import suite_index\n"
        "suite_index(pathlib.Path('nowhere'))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
