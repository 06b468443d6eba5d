"""The built-in suites' own numbers, beside runs that are not theirs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app.study import load_study
from poolbench.app.suites import find, folder
from poolbench.data.imagenette_files import CLASSES
from tests.conftest import Done

Program = Callable[..., Done]
TABLE_1 = "lae/table1-wrn-cifar10"


def test_a_built_in_suite_is_comparable_as_it_ships() -> None:
    for name in (TABLE_1, "lae/fig8-10-resolution-cifar10"):
        assert load_study(find(name)).analysis.differences == ()


def test_a_copy_elsewhere_is_held_against_its_original(tmp_path: Path) -> None:
    for file in (folder() / "lae").glob("*.yaml"):
        shutil.copy(file, tmp_path)
    copy = tmp_path / "table1-wrn-cifar10.yaml"
    assert load_study(copy).analysis.differences == ()
    base = tmp_path / "_wrn.yaml"
    base.write_text(base.read_text().replace("width: 6", "width: 1"))
    (found,) = load_study(copy).analysis.differences
    assert (found.text, found.reference) == ("model.width 1 instead of 6", TABLE_1)
    assert len(found.variants) == 6


@pytest.fixture
def subset(tmp_path: Path) -> Path:
    """Return a data root with three training and two test pictures a class of Imagenette."""
    for split, count in (("train", 3), ("val", 2)):
        for name in CLASSES["imagenette"]:
            pictures = tmp_path / "imagenette-160" / split / name
            pictures.mkdir(parents=True)
            for index in range(count):
                (pictures / f"{index}.JPEG").touch()
    return tmp_path


def test_plan_says_how_many_pictures_it_found_and_what_that_means(
    subset: Path, poolbench: Program
) -> None:
    suite = "lae/table2-mxresnet50-imagenette128"
    printed = poolbench("plan", suite, "--data-root", subset, "--format", "json")
    (table,) = json.loads(printed.out)["tables"]
    notes = "\n".join(table["notes"])
    assert (
        "Found of imagenette: 30 training and 20 test images of 10 classes; "
        "the published data set has 12,894 and 500." in notes
    )
    assert (
        "not comparable with the published numbers: differs from the published data set: "
        "30 training and 20 test images instead of 12,894 and 500" in notes
    )
    assert table["title"].startswith("LogAvgExp, Table 2 - MXResNet-50 on Imagenette at 128 px (ch")
