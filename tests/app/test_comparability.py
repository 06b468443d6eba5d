"""The built-in suites' own numbers, beside runs that are not theirs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app.experiment import load_experiment
from poolbench.app.study import load_study
from poolbench.app.suites import find, folder
from poolbench.data.imagenette_files import CLASSES
from tests.conftest import TINY, Done

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


def _toy(*changes: str, suite: str = "contraction/table2-toy") -> list[tuple[str, ...]]:
    experiment = load_experiment("contraction", suite, profile="smoke", overrides=changes)
    return [source.incomparable for source in experiment.settings.data]


def test_a_contraction_of_another_network_or_pair_is_not_comparable() -> None:
    assert (
        _toy()
        == _toy("contraction.seeds=3")
        == _toy("contraction.pools=[average, max, lae]")
        == [()] * 5
    )
    (reason,) = _toy("contraction.model.channels=64")[0]
    assert reason == (
        "model shallow-cnn(channels=64, kernel_size=5, padding=1) instead of "
        "shallow-cnn(channels=640, kernel_size=5, padding=1)"
    )
    assert _toy("contraction.data.shift=1") == [("shift 1.0 instead of 0.0",)] * 5


def test_a_copied_contraction_is_held_against_its_original(tmp_path: Path) -> None:
    original = find("contraction/table2-toy").read_text()
    copy = tmp_path / "mine.yaml"
    copy.write_text(original)
    assert _toy(suite=str(copy)) == [()] * 5
    copy.write_text(original.replace("kernel_size: 5", "kernel_size: 3"))
    assert len(_toy(suite=str(copy))[0]) == 1
    copy.write_text(original.replace("kernel_size: 5", "kernel_size: 3").replace("0.", "0.1"))
    assert _toy(suite=str(copy)) == [()] * 5


def test_the_table_of_another_contraction_keeps_the_number_and_a_flag(poolbench: Program) -> None:
    done = poolbench(
        "contraction", "contraction/table2-toy", "--profile", "smoke", "-q", "--format", "json",
        "--set", "contraction.model.channels=8",
    )  # fmt: skip
    (table,) = json.loads(done.out)["tables"]
    row = next(row for row in table["rows"] if row["behind"] == "average")
    assert (row["published"], row["published_is_comparable"]) == (0.0187, False)
    assert "difference_from_published" not in row
    assert any(note.startswith("not comparable with the pub") for note in table["notes"])


def test_published_numbers_of_another_d_are_left_out() -> None:
    changed = load_experiment(
        "theory", "maxpool/fig2-plan", overrides=["theory.plan.d=9", "theory.regions.d=8"]
    ).settings
    assert (changed.plan.published, changed.regions.published) == ((), None)
    kept = load_experiment("theory", "maxpool/fig2-plan").settings
    assert (kept.plan.published[0], kept.regions.published) == (17, 819_906_560)


def test_train_and_the_page_say_what_was_found_and_what_differs(
    poolbench: Program, tmp_path: Path
) -> None:
    suite = f"{TINY}deviations: [The network is ours.]\nanalysis: {{published: {{lae: [99, 1]}}}}\n"
    (tmp_path / "s.yaml").write_text(suite)
    asked = ("s.yaml", "--set", "recipe.batch_size=25")
    done = poolbench("train", *asked, "--engine", "inline", "--format", "csv")
    first, second = done.err.splitlines()[:2]
    assert first == (
        "Found of digits: 1,297 training and 500 test images of 10 classes; "
        "at most 200 of each split are used."
    )
    assert second.startswith("not comparable with the published numbers: differs from the suite")
    assert "not comparable" in done.out
    assert poolbench("report", *asked, "-o", "out").code == 0
    page = (tmp_path / "out" / "index.html").read_text()
    for text in ("not comparable", "recipe.batch_size 25 instead of", "The network is ours."):
        assert text in page
    quiet = poolbench("train", *asked, "-q", "--format", "csv")
    assert "Found of" not in quiet.err
