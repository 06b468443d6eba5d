"""``poolbench contraction``: from a suite, or from options alone, to tables and stored findings."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from poolbench.app import suites
from poolbench.app.experiment import load_experiment
from poolbench.core.contraction import ContractionSettings, Setup
from poolbench.core.errors import BadInput
from poolbench.core.experiment import kind_of
from poolbench.core.named import Named
from poolbench.data.splits import Split, Splits
from poolbench.runtime.contraction import observe
from poolbench.runtime.contraction_setup import draw_pairs
from tests.conftest import Done

Program = Callable[..., Done]

SHIPPED = [
    name
    for name in suites.names()
    if kind_of(line.partition(":")[0] for line in suites.find(name).read_text().splitlines())
    == "contraction"
]
SMALL = (
    "--model", "{name: shallow-cnn, channels: 16}", "--data", "digits", "--pool", "average",
    "--pool", "max", "--pairs", 8,
)  # fmt: skip


def rows(done: Done, table: int = 0) -> list[dict[str, Any]]:
    return json.loads(done.out)["tables"][table]["rows"]


def settings_of(**given: str) -> ContractionSettings:
    asked = {"model": "{name: shallow-cnn, channels: 8}", "data": "digits", "pools": "[average]"}
    laid = [f"contraction.{key}={value}" for key, value in (asked | given).items()]
    return load_experiment("contraction", None, overrides=laid).settings


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("profile", [None, "smoke"])
def test_every_shipped_suite_is_in_order(name: str, profile: str | None) -> None:
    made = load_experiment("contraction", name, profile=profile)
    assert made.title
    assert made.settings.networks
    assert made.source


def test_the_figures_of_the_paper_are_there() -> None:
    told = {name.split("/")[1].split("-")[0] for name in SHIPPED}
    assert told >= {"fig1", "fig2", "fig3", "fig4", "fig5", "table2", "rates"}


def test_options_alone_measure_every_place_of_a_network(poolbench: Program) -> None:
    done = poolbench("contraction", *SMALL, "--seeds", 2, "--format", "json", "-q")
    assert done.code == 0, done.err
    found = {row["behind"]: row for row in rows(done)}
    assert list(found) == ["inputs", "features", "average", "max"]
    assert found["features"]["share_closer"] == 1
    assert found["average"]["similarity_mean"] > found["features"]["similarity_mean"]
    assert (found["max"]["pairs"], found["max"]["seeds"]) == (8, 2)
    assert found["features"]["distance_from_kernel"] < 0.2


def test_what_was_measured_is_read_and_only_new_seeds_are_measured(
    poolbench: Program, tmp_path: Path
) -> None:
    first = poolbench("contraction", *SMALL, "--seeds", 1, "--format", "json", "-q")
    (kept,) = (tmp_path / "runs" / "findings").iterdir()
    content = kept.read_bytes()
    again = poolbench("contraction", *SMALL, "--seeds", 1, "--format", "json", "-q")
    assert again.out == first.out
    assert poolbench("contraction", *SMALL, "--seeds", 2, "-q").code == 0
    assert kept.read_bytes() == content
    assert len(list((tmp_path / "runs" / "findings").iterdir())) == 2


def test_a_damaged_finding_is_measured_again(poolbench: Program, tmp_path: Path) -> None:
    first = poolbench("contraction", *SMALL, "--seeds", 1, "--format", "csv", "-q")
    (kept,) = (tmp_path / "runs" / "findings").iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"0.9", b"0.8", 1))
    again = poolbench("contraction", *SMALL, "--seeds", 1, "--format", "csv", "-q")
    assert again.out == first.out


def test_missing_data_are_a_row_and_exit_6_and_the_rest_is_measured(
    poolbench: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POOLBENCH_DATA", raising=False)
    (tmp_path / "nothing").mkdir()
    model = ("--model", "{name: shallow-cnn, channels: 4}", "--pool", "max", "--pairs", 4)
    done = poolbench(
        "contraction", *model, "--data", "cifar100", "--data", "digits", "--seeds", 1,
        "--data-root", "nothing", "--format", "json", "-q",
    )  # fmt: skip
    assert done.code == 6
    assert "cifar-100-python" in done.err
    assert [(row["data"], row["behind"]) for row in rows(done)] == [
        ("cifar100", "missing data"), ("digits", "inputs"), ("digits", "features"),
        ("digits", "max"),
    ]  # fmt: skip


def test_a_sweep_fits_rates_beside_the_proved_ones(poolbench: Program) -> None:
    sweep = "contraction.sweep={over: pool_size, values: [5, 10, 20, 40]}"
    done = poolbench(
        "contraction", "--model", "{name: shallow-fcn, width: 800, group_size: 10}",
        "--data", "{name: gaussian, size_px: 8}", "--pool", "average", "--pool", "lae",
        "--pairs", 40, "--seeds", 3, "--set", sweep, "--format", "json", "-q", "--figures", "figs",
    )  # fmt: skip
    assert done.code == 0, done.err
    fitted = {row["pool"]: row for row in rows(done, table=1)}
    assert fitted["average"]["exponent"] == pytest.approx(-1, abs=0.03)
    # Of independent units 1 - rho is c / (b n + c) with b = 1/2pi, c = 1/2 - b.
    assert fitted["average"]["first_gap"] == pytest.approx(0.30, abs=0.02)
    assert fitted["average"]["last_gap"] == pytest.approx(0.051, abs=0.004)
    assert fitted["average"]["low"] < fitted["average"]["exponent"] < fitted["average"]["high"]
    assert (fitted["average"]["law"], fitted["average"]["law_exponent"]) == ("theorem 4.1", -1)
    assert fitted["lae"]["law"] is None
    assert Path("figs/contraction-rates.png").stat().st_size > 10_000


def test_the_toy_pair_swings_behind_average_and_stays_flat_behind_max(poolbench: Program) -> None:
    done = poolbench(
        "contraction", "contraction/table2-toy", "--set", "contraction.seeds=1",
        "--format", "json", "-q",
    )  # fmt: skip
    assert done.code == 0, done.err
    behind = {
        place: [row["similarity_mean"] for row in rows(done) if row["behind"] == place]
        for place in ("inputs", "features", "average", "max")
    }
    assert behind["inputs"] == pytest.approx([-1] * 5)
    assert behind["features"] == pytest.approx([0] * 5, abs=0.01)
    assert behind["average"][0] < 0.1
    assert behind["average"][-1] > 0.9
    assert behind["average"] == sorted(behind["average"])
    assert max(behind["max"]) - min(behind["max"]) < 0.05
    assert [row["published"] for row in rows(done)[:4]] == [-0.9922, 0.0002, 0.0187, 0.7247]


def test_a_contraction_suite_is_not_trained_nor_a_training_suite_measured(
    poolbench: Program, tiny: Path
) -> None:
    trained = poolbench("train", "contraction/fig2-fcn")
    assert trained.code == 2
    assert "run: poolbench contraction" in trained.err
    measured = poolbench("contraction", tiny)
    assert measured.code == 2
    assert f"run: poolbench train {tiny}" in measured.err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((), "or give --model, --data, --pool, --seeds"),
        (("--model", "shallow-cnn", "--data", "digits", "--pool", "max"), "contraction.seeds is"),
        (("--model", "shalow-cnn"), "--model shalow-cnn: unknown model 'shalow-cnn'"),
        ((*SMALL, "--seeds", 1, "--pairs", 5000), "5000 pairs need 10000 images"),
        ((*SMALL, "--seeds", 1, "--pool", "subpool"), "subpool takes windows of at most 16"),
    ],
)
def test_what_cannot_be_meant_is_exit_2_and_says_what_to_type(
    poolbench: Program, given: tuple[object, ...], told: str
) -> None:
    done = poolbench("contraction", *given, "-q")
    assert done.code == 2
    assert told in done.err


def test_suites_are_listed_with_the_command_they_are_for(poolbench: Program) -> None:
    listed = json.loads(poolbench("list", "suites", "--format", "json").out)["tables"][0]["rows"]
    kinds = {row["name"]: row["for"] for row in listed}
    assert kinds["contraction/fig2-fcn"] == "contraction"
    assert kinds["smoke"] == "train"


def _setup(**given: Any) -> Setup:
    nothing = Named(name="x", options={})
    return Setup(
        **{
            "network": nothing, "source": nothing, "checksum": "", "is_centred": True,
            "shift": 0.0, "pools": (), "pairs": 3, "seed": 0, "batch_norm": "batch",
            "revision": 1, **given,
        }
    )  # fmt: skip


@pytest.fixture
def splits() -> Splits:
    """Return eight images, each of one level of its own."""
    levels = torch.arange(0, 80, 10, dtype=torch.uint8).view(8, 1, 1, 1)
    split = Split(images=levels.expand(8, 2, 2, 1).contiguous(), labels=torch.zeros(8))
    return Splits(
        train=split, validation=None, test=split, num_classes=1, mean=(0.1,), std=(0.5,),
        classes=("x",),
    )  # fmt: skip


def test_no_image_is_in_two_pairs_and_seeds_draw_others(splits: Splits) -> None:
    drawn = {
        seed: (draw_pairs(_setup(seed=seed, is_centred=False), splits) * 255)[:, 0, 0, 0].round()
        for seed in (0, 1)
    }
    assert len(set(drawn[0].tolist())) == 6
    assert drawn[0].tolist() != drawn[1].tolist()
    with pytest.raises(BadInput, match="5 pairs need 10 images; x has 8"):
        draw_pairs(_setup(pairs=5), splits)


def test_images_are_centred_by_the_training_images_then_shifted(splits: Splits) -> None:
    raw = draw_pairs(_setup(is_centred=False), splits)
    centred = draw_pairs(_setup(shift=2.0), splits)
    assert torch.allclose(centred, (raw - 0.1) / 0.5 + 2.0)


def test_weights_do_not_depend_on_the_operators(tmp_path: Path) -> None:
    short, long = (
        observe(settings_of(pools=pools, pairs="4", seeds="1"), store=tmp_path / "runs")
        for pools in ("[average]", "[gated, max, average]")
    )
    assert short[0].seeds[0].features == long[0].seeds[0].features
    assert short[0].seeds[0].pooled[0] == long[0].seeds[0].pooled[2]


TRAINING = """\
schema: 1
data: {name: digits, limit: 300}
model: {name: shallow-cnn, channels: 8}
recipe: {epochs: 1, batch_size: 50, optimizer: {name: sgd, lr: 0.05}}
seeds: 2
variants:
  mean: {pools: average}
  greatest: {pools: max}
  smooth: {pools: {head: {name: lae, temperature: 2}}}
"""
PREDICTION = """\
schema: 1
contraction:
  accuracy_of: ./training.yaml
  model: {name: shallow-cnn, channels: 8}
  data: digits
  pools: [max, average, {name: lae, temperature: 2}, gem]
  pairs: 20
  seeds: 2
"""


def test_accuracy_after_training_is_held_beside_what_was_there_before(
    poolbench: Program, tmp_path: Path
) -> None:
    (tmp_path / "training.yaml").write_text(TRAINING)
    (tmp_path / "prediction.yaml").write_text(PREDICTION)
    none = poolbench("contraction", "prediction.yaml", "-q")
    assert none.code == 5
    assert "train them: poolbench train training.yaml" in none.err
    trained = poolbench(
        "train", "training.yaml", "--engine", "inline", "-q", "--format", "json"
    )  # fmt: skip
    reached = {row["variant"]: row["accuracy_mean"] for row in rows(trained)}
    done = poolbench("contraction", "prediction.yaml", "-q", "--format", "json", "--figures", ".")
    assert done.code == 0, done.err
    found = {row["operator"]: row for row in rows(done)}
    assert found["max"]["accuracy_mean"] == reached["greatest"]
    assert found["average"]["accuracy_mean"] == reached["mean"]
    assert found["lae(temperature=2)"]["accuracy_mean"] == reached["smooth"]
    assert (found["gem"]["n"], found["gem"]["accuracy_mean"]) == (0, None)
    correlations = {row["predictor"]: row for row in rows(done, table=1)}
    assert correlations["similarity behind"]["operators"] == 3
    assert correlations["similarity behind"]["low"] is None
    assert (tmp_path / "prediction-accuracy.png").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [name for name in SHIPPED if "prediction" not in name])
def test_every_suite_measures_its_smoke_profile_and_draws_it(
    name: str, poolbench: Program, tmp_path: Path
) -> None:
    if not os.environ.get("POOLBENCH_DATA"):
        pytest.skip("POOLBENCH_DATA does not name the folder of the data sets")
    done = poolbench("contraction", name, "--profile", "smoke", "-q", "--figures", "figs")
    assert done.code == 0, done.err
    assert list((tmp_path / "figs").glob("*.png"))
