"""Sites of networks of other libraries in a suite: what is checked and said before training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app.study import load_study
from poolbench.core.errors import BadInput
from poolbench.core.study import Study
from tests.conftest import Done

Program = Callable[..., Done]

SUITE = """
schema: 1
title: theirs
data: {{name: cifar10}}
model: torchvision/resnet18
recipe:
  epochs: 1
  batch_size: 50
  optimizer: {{name: sgd, lr: 0.05}}
seeds: 1
variants:
{variants}
"""


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a suite of variants with these pools."""

    def write(**variants: str) -> Path:
        path = tmp_path / "theirs.yaml"
        rows = [f"  {name}: {{pools: {pools}}}" for name, pools in variants.items()]
        path.write_text(SUITE.format(variants="\n".join(rows)))
        return path

    return write


def loaded(path: Path) -> Study:
    return load_study(path)


def test_a_suite_with_heads_keeps_its_cells(suite: Callable[..., Path]) -> None:
    study = loaded(suite(average="average", lae="{head: {name: lae, learn: layer}}"))
    # Taken from the version that could replace heads only.
    assert [cell.id for cell in study.cells] == ["e4658b54d3c7671f", "e2b26a47113fee95"]
    for pools in ("{}", "{head: average}"):
        (cell,) = loaded(suite(same=pools)).cells
        assert cell.id == "e4658b54d3c7671f"


def test_what_a_variant_does_not_name_stays_as_it_is(suite: Callable[..., Path]) -> None:
    (cell,) = loaded(suite(one="{window: lae, layer1.0.relu: max}")).cells
    assert {site: pool.name for site, pool in cell.model.pools.items()} == {
        "window": "lae", "layer1.0.relu": "max",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        ("{stride: lae}", "does not fit site 'stride' of torchvision/resnet18"),
        ("{head: conv}", "does not fit site 'head' of torchvision/resnet18"),
        ("{maxpool: lea}", "unknown operator 'lea'"),
    ],
)
def test_a_suite_is_checked_before_the_network_is_built(
    suite: Callable[..., Path], pools: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        loaded(suite(one=pools))


@pytest.mark.parametrize(
    ("pools", "told"),
    [
        ("{window: lae, maxpool: max}", "maxpool is chosen twice, by 'window' and 'maxpool'"),
        ("{maxpol: max}", "did you mean 'maxpool'?"),
    ],
)
def test_a_site_that_means_nothing_is_told_before_training(
    poolbench: Program, suite: Callable[..., Path], tmp_path: Path, pools: str, told: str
) -> None:
    path = suite(right="{window: max}", wrong=pools)
    for command in (("train", path, "--engine", "inline", "-q"), ("plan", path)):
        done = poolbench(*command, "--store", tmp_path / "runs")
        assert (done.code, told in done.err) == (2, True), done.err
    assert not (tmp_path / "runs").exists()


def notes(done: Done) -> list[str]:
    assert done.code == 0, done.err
    (table,) = json.loads(done.out)["tables"]
    listed: list[str] = table["notes"]
    return listed


def test_variants_that_cannot_differ_are_told(
    poolbench: Program, suite: Callable[..., Path]
) -> None:
    path = suite(
        average="average", max="max", median="{avgpool: median}", window="{window: lae}",
        both="{head: max, window: lae}",
    )  # fmt: skip
    said = notes(poolbench("plan", path, "--format", "json"))
    maps = next(note for note in said if note.startswith("Maps that"))
    assert maps == (
        "Maps that torchvision/resnet18 pools, on 3x32x32 images of cifar10: head 512x1x1; "
        "avgpool 512x1x1; window 64x16x16."
    )
    cannot = [note for note in said if "cannot differ" in note]
    assert [note.partition(" cannot")[0] for note in cannot] == [
        "average, max, median", "window, both",
    ]  # fmt: skip
    path = suite(average="{maxpool: average}", max="{maxpool: max}")
    assert not [
        note for note in notes(poolbench("plan", path, "--format", "json")) if "cannot" in note
    ]


def test_sites_of_a_found_network_are_listed_with_their_maps(poolbench: Program) -> None:
    done = poolbench("list", "models", "torchvision/resnet18", "--format", "json")
    table = next(t for t in json.loads(done.out)["tables"] if t["title"].startswith("sites of"))
    assert table["title"] == "sites of torchvision/resnet18 on 3x224x224 images"
    rows = {row["site"]: list(row.values()) for row in table["rows"]}
    assert rows["maxpool"][1:5] == [
        "window", "max", "64x112x112", "3, stride 2, padding 1",
    ]  # fmt: skip
    assert rows["avgpool"][1:5] == ["head", "average", "512x7x7", "whole map"]
    assert rows["conv1"][1:3] == ["stride", "convolution"]
    assert table["notes"][0] == "11,181,642 parameters with 10 classes"


def test_a_network_without_pools_says_so(poolbench: Program) -> None:
    done = poolbench("list", "models", "torchvision/vit_b_16")
    assert "Nothing in it pools maps" in " ".join(done.out.split())


@pytest.mark.parametrize(("size_px", "is_refused"), [(31, True), (32, False)])
def test_images_below_the_stride_are_refused_before_training(
    suite: Callable[..., Path], poolbench: Program, size_px: int, is_refused: bool
) -> None:
    path = suite(mean="average", lae="lae")
    path.write_text(
        path.read_text().replace("{name: cifar10}", f"{{name: gaussian, size_px: {size_px}}}")
    )
    done = poolbench("plan", path)
    assert done.code == (2 if is_refused else 0), done.err
    told = (
        f"images of {size_px} x {size_px} pixels are too small for torchvision/resnet18: an "
        "element of its last maps stands for 32 x 32"
    )
    assert (told in " ".join(done.err.split())) == is_refused


def test_what_cannot_differ_is_flagged_in_the_table_and_answered_in_the_page(
    suite: Callable[..., Path], poolbench: Program
) -> None:
    path = suite(mean="average", lae="lae", gem="gem")
    small = "{name: gaussian, train_images: 50, test_images: 40}"
    path.write_text(path.read_text().replace("{name: cifar10}", small))
    done = poolbench("train", path, "-j", 1)
    assert done.code == 0, done.err
    single = "at head of torchvision/resnet18 each map is one element, so there is nothing to pool"
    same = "mean, lae cannot differ but by rounding"
    assert same in " ".join(done.out.split())
    assert single in " ".join(done.out.split())

    def in_short() -> str:
        poolbench("report", path, "-o", path.with_name("page.html"))
        page = " ".join(path.with_name("page.html").read_text().split())
        return page.partition(">In short</h2>")[2].partition("</section>")[0]

    # Behind a ReLU the power mean keeps an element too, but not every element.
    told = in_short()
    assert same in told
    assert f"A{single[1:]}" in told
    assert "has the highest accuracy" in told or "share the highest" in told
    path.write_text(path.read_text().replace("  gem: {pools: gem}", ""))
    told = in_short()
    assert "Nothing was compared." in told
    assert same in told
    assert "highest" not in told


def test_all_that_networks_lack_is_told_at_once_with_the_variants(
    suite: Callable[..., Path], poolbench: Program
) -> None:
    path = suite(own="{}", one="{windw: lae}", two="{maxpol: gem, layer9.0: max}")
    path.write_text(path.read_text().replace("epochs: 1", "epochs: 1\n  freeze: [layer8, layer7]"))
    for command in ("plan", "train"):
        done = poolbench(command, path)
        assert done.code == 2
        for told in (
            "has no site 'windw' (variant one)",
            "did you mean 'window'?",
            "has no sites 'maxpol', 'layer9.0' (variant two)",
            "recipe.freeze: torchvision/resnet18 has no modules 'layer7', 'layer8' (variant own)",
        ):
            assert told in done.err, done.err
