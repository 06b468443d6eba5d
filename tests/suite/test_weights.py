"""``model: {weights: ...}``: what a suite may say of them, and what becomes of an identity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.study import Study
from poolbench.core.weights import IMAGENET, Normalisation, Weights
from poolbench.models import MODELS
from tests.suite.small import CATALOGUES

SUITE = """\
schema: 1
data: cifar10
model: MODEL
recipe: {epochs: 1, batch_size: 8, optimizer: {name: sgd, lr: 0.1}}
seeds: 1
variants:
  own: {pools: {head: average}}
"""
SHA256 = "0123456789abcdef" * 4

Load = Callable[..., Study]


@pytest.fixture
def load_model(load_text: Load) -> Callable[..., Study]:
    """Load a suite with this model; its weights are found unless a test says otherwise."""

    def load(model: str, more: str = "", **options: Any) -> Study:
        settings = {
            "catalogues": replace(CATALOGUES, models=MODELS),
            "find_weights": lambda _, asked: replace(asked, sha256=asked.sha256 or SHA256),
            **options,
        }
        return load_text(SUITE.replace("MODEL", model) + more, **settings)

    return load


def weights_of(study: Study) -> Weights:
    weights = study.cells[0].model.weights
    assert weights is not None
    return weights


@pytest.mark.parametrize(
    ("model", "network", "tag"),
    [
        ("{name: torchvision/resnet18, weights: default}", "torchvision/resnet18", "default"),
        ("{name: torchvision/resnet18, weights: IMAGENET1K_V1}", None, "IMAGENET1K_V1"),
        ("{name: timm/resnet18.a1_in1k, weights: default}", "timm/resnet18", "a1_in1k"),
        ("{name: timm/resnet18.a1_in1k, weights: a1_in1k}", "timm/resnet18", "a1_in1k"),
        ("{name: timm/resnet18, weights: a1_in1k}", "timm/resnet18", "a1_in1k"),
    ],
)
def test_published_weights_are_named_by_their_tag(
    load_model: Load, model: str, network: str | None, tag: str
) -> None:
    study = load_model(model)
    assert weights_of(study).tag == tag
    assert study.cells[0].model.network.name == network or network is None


def test_a_file_says_its_hash_its_normalisation_and_its_operators(load_model: Load) -> None:
    study = load_model(
        f"{{name: wrn, weights: {{file: x.pt, sha256: {SHA256.upper()}, pools: lae, "
        "normalise: {mean: [0.5], std: [0.25]}}}"
    )
    weights = weights_of(study)
    assert (weights.file, weights.sha256, weights.asked) == ("x.pt", SHA256, "given")
    assert weights.normalisation == Normalisation(mean=(0.5,), std=(0.25,))
    assert {site: pool.name for site, pool in weights.pools.items()} == {"head": "lae"}


def test_normalisation_has_two_names(load_model: Load) -> None:
    named = "{name: wrn, weights: {file: x.pt, normalise: NAME}}"
    assert weights_of(load_model(named.replace("NAME", "imagenet"))).normalisation == IMAGENET
    data = weights_of(load_model(named.replace("NAME", "data")))
    assert (data.asked, data.normalisation) == ("data", None)


def test_a_variant_may_start_otherwise(load_model: Load) -> None:
    study = load_model(
        "{name: wrn, weights: {file: x.pt, normalise: data}}",
        "  scratch: {pools: {head: average}, model: {weights: null}}\n",
    )
    own, scratch = (cell.model for cell in study.cells)
    assert own.weights is not None
    assert scratch.weights is None
    assert own.identity != scratch.identity


def test_the_identity_is_of_the_content_not_of_its_place_or_name(load_model: Load) -> None:
    named = "{name: torchvision/resnet18, weights: WEIGHTS}"

    def cell_id(weights: str, sha256: str = SHA256, **known: Any) -> str:
        study = load_model(
            named.replace("WEIGHTS", weights),
            find_weights=lambda _, asked: replace(asked, sha256=sha256, **known),
        )
        return study.cells[0].id

    moved = "{file: elsewhere/y.safetensors, normalise: imagenet}"
    first = cell_id("{file: x.pt, normalise: imagenet}")
    assert cell_id(moved) == first
    assert cell_id("default", normalisation=IMAGENET, license="MIT", source="a") == first
    others = {
        cell_id(moved, "f" * 64),
        cell_id("{file: x.pt, normalise: data}"),
        cell_id("{file: x.pt, normalise: imagenet, pools: {head: lae}}"),
        load_model("torchvision/resnet18").cells[0].id,
    }
    assert len(others - {first}) == 4


def test_random_weights_keep_the_identity_that_networks_had_before(load_model: Load) -> None:
    assert '"weights"' not in load_model("wrn").cells[0].model.identity


def test_two_names_of_one_file_are_one_training(load_model: Load) -> None:
    model = "{name: wrn, weights: {file: x.pt, normalise: data}}"
    twin = "  twin: {pools: {head: average}, model: {weights: {file: y.pt}}}\n"
    with pytest.raises(BadInput, match="variants 'own' and 'twin' start from the same weights"):
        load_model(model, twin)
    other = load_model(
        model,
        twin,
        find_weights=lambda _, asked: replace(asked, sha256=SHA256[::-1][:60] + asked.file),
    )
    assert len({cell.id for cell in other.cells}) == 2


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (
            "timm/resnet18.a1_in1k",
            "s.yaml:3:8: 'timm/resnet18.a1_in1k' names weights, which it would not start from",
        ),
        ("timm/resnet18.", "s.yaml:3:8: 'timm/resnet18.' ends with a dot"),
        (
            "timm/hf-hub:timm/resnet18.a1_in1k",
            "^^^ for these weights: {name: timm/resnet18, weights: a1_in1k}",
        ),
        (
            "{name: timm/resnet18.a1_in1k, weights: null}",
            "s.yaml:3:15: 'timm/resnet18.a1_in1k' names weights, which it would not start from",
        ),
        (
            "{name: timm/resnet18.a1_in1k, weights: a2_in1k}",
            "s.yaml:3:47: weights: 'a2_in1k', but the name of the network says 'a1_in1k'",
        ),
        ("{name: wrn, weights: ' '}", "s.yaml:3:29: weights: expected a name or {file: ...}"),
        ("{name: wrn, weights: 3}", "s.yaml:3:29: weights: expected a mapping, got 3"),
        ("{name: wrn, weights: {}}", "s.yaml:3:20: weights.file is missing"),
        (
            "{name: wrn, weights: {file: x.pt, sha256: abc}}",
            "s.yaml:3:50: weights.sha256: expected 64 hexadecimal digits, got 'abc'",
        ),
        (
            "{name: wrn, weights: {file: x.pt, path: y}}",
            "s.yaml:3:42: unknown key 'path' in weights",
        ),
        (
            "{name: wrn, weights: {file: x.pt, normalise: cifar}}",
            "s.yaml:3:53: weights.normalise: expected imagenet | data | {mean: [...], std: [...]}",
        ),
        (
            "{name: wrn, weights: {file: x.pt, normalise: {mean: [0.5, 0.5], std: [1]}}}",
            "s.yaml:3:53: weights.normalise: 2 means, but 1 deviations",
        ),
        (
            "{name: wrn, weights: {file: x.pt, normalise: {mean: [2], std: [1]}}}",
            "s.yaml:3:61: weights.normalise.mean: expected a list of numbers in [0, 1], got 2",
        ),
        (
            "{name: wrn, weights: {file: x.pt, pools: {heda: lae}}}",
            "s.yaml:3:50: wrn has no site 'heda'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(load_model: Load, model: str, told: str) -> None:
    with pytest.raises(BadInput) as refusal:
        load_model(model)
    assert told in refusal.value.message
