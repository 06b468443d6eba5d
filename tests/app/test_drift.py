"""Where learned temperatures and shares went, from runs in a store."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch

from poolbench.app.drift import drift
from poolbench.app.results import Results, read_results, stored_studies
from poolbench.app.study import load_study
from poolbench.app.train import train
from poolbench.report.chart import Curves, Samples
from poolbench.runtime.settings import Settings
from tests.conftest import Done

SUITE = """\
schema: 1
title: Drift
data: {name: digits, limit: 200}
model: {name: wrn, depth: 8, width: 1}
recipe:
  epochs: 2
  batch_size: 50
  optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
  pool_lr_factor: 20
seeds: 2
variants:
  average: {pools: average}
  max: {pools: {head: max}}
  t1: {pools: {head: {name: lae, temperature: 1, learn: layer}}}
  t4: {pools: {head: {name: lae, temperature: 4, learn: channel}}}
  t16: {pools: {head: {name: lae, temperature: 16, learn: layer}}}
  mixed: {pools: {head: {name: mixed, alpha: 0.25}}}
"""
LEARNING = {"t1": 1.0, "t4": 4.0, "t16": 16.0, "mixed": 0.25}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drift")
    suite = folder / "drift.yaml"
    suite.write_text(SUITE)
    train(load_study(suite), Settings(store=folder / "runs", engine="inline", device="cpu"))
    return folder / "runs"


def results_of(store: Path) -> Results:
    return read_results(stored_studies(store)[0], store)


def stored_values(store: Path, variant: str) -> list[float]:
    """Return what the weight files of a variant hold, in people's units."""
    values: list[float] = []
    for cell in stored_studies(store)[0].cells:
        if cell.variant == variant:
            data = (store / "runs" / cell.id / "model.safetensors").read_bytes()
            for name, value in safetensors.torch.load(data).items():
                if name.endswith("log_temperature"):
                    values += value.exp().tolist()
                if name.endswith("alpha"):
                    values += value.tolist()
    return values


def test_the_table_holds_starts_of_the_variants_and_ends_of_the_stored_weights(
    store: Path,
) -> None:
    (table,), _ = drift(results_of(store))
    rows = {row["variant"]: row for row in table.records}
    for variant, start in LEARNING.items():
        row, values = rows[variant], stored_values(store, variant)
        assert row["start"] == pytest.approx(start)
        assert row["median"] == pytest.approx(statistics.median(values))
        assert (row["least"], row["largest"]) == pytest.approx((min(values), max(values)))
        mean = statistics.fmean if variant == "mixed" else statistics.geometric_mean
        assert row["centre"] == pytest.approx(mean(values))
        assert row["share_up"] == sum(value > start for value in values) / len(values)
        assert row["values_a_seed"] == (64 if variant == "t4" else 1)
    assert rows["t1"]["centre"] != pytest.approx(1.0, abs=1e-3)


def test_variants_without_a_learned_parameter_say_so(store: Path) -> None:
    (table,), charts = drift(results_of(store))
    rows = {row["variant"]: row for row in table.records}
    for variant in ("average", "max"):
        assert rows[variant]["direction"] == "fixed"
        assert rows[variant]["median"] is None
    drawn = {c.label for chart in charts if isinstance(chart, Curves) for c in chart.curves}
    assert drawn == set(LEARNING)


def test_the_charts_tell_layers_from_channels_and_kinds_from_one_another(store: Path) -> None:
    _, charts = drift(results_of(store))
    by_name = {chart.name: chart for chart in charts}
    assert list(by_name) == [
        f"digits-{kind}-{what}" for kind in ("temperature", "alpha") for what in ("end", "epochs")
    ]
    ends = by_name["digits-temperature-end"]
    assert isinstance(ends, Samples)
    assert ends.y.scale == "log2"
    assert ends.x.label == "initial temperature"
    found = {s.label: (s.start, s.is_dark, len(s.values)) for s in ends.samples}
    for label, (start, is_dark, count) in {
        "1": (1.0, True, 2), "4": (4.0, False, 128), "16": (16.0, True, 2),
    }.items():  # fmt: skip
        assert found[label] == (pytest.approx(start), is_dark, count)


def test_the_curves_start_at_t0_and_end_where_the_weights_are(store: Path) -> None:
    _, charts = drift(results_of(store))
    curves = {c.label: c for chart in charts if isinstance(chart, Curves) for c in chart.curves}
    for variant, start in LEARNING.items():
        curve = curves[variant]
        assert curve.x == (0.0, 1.0, 2.0)
        assert (curve.y[0], curve.low[0], curve.high[0]) == pytest.approx((start,) * 3)
        assert curve.low[2] <= curve.y[2] <= curve.high[2]
    # One value a seed: the last epoch of the history is the stored weight.
    assert curves["t16"].low[2] == pytest.approx(min(stored_values(store, "t16")), rel=1e-5)


def test_a_run_that_is_gone_is_told_and_the_rest_is_shown(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(store, copy)
    study = stored_studies(copy)[0]
    gone = next(cell for cell in study.cells if cell.variant == "t1")
    (copy / "runs" / gone.id / "result.json").unlink()
    broken = next(cell for cell in study.cells if cell.variant == "t16")
    weights = copy / "runs" / broken.id / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    (table,), _ = drift(read_results(study, copy))
    rows = {row["variant"]: row for row in table.records}
    assert (rows["t1"]["n_seeds"], rows["t16"]["n_seeds"], rows["t4"]["n_seeds"]) == (1, 1, 2)
    assert any("t1: seed 0 is not finished" in note for note in table.notes)
    assert any("t16: seed 0" in note and "checksum" in note for note in table.notes)


def test_the_command_works_on_every_study_of_the_store(
    store: Path, poolbench: Callable[..., Done]
) -> None:
    done = poolbench("drift", "--store", store, "--format", "json")
    assert done.code == 0, done.err
    assert len(json.loads(done.out)["tables"][0]["rows"]) == 6
    shown = poolbench("drift", "--store", store, "--figures", "pictures")
    assert len(list(Path("pictures").glob("digits-*.png"))) == 4
    assert "fixed: nothing is learned" in shown.out
    assert poolbench("drift", "smoke", "--store", store).code == 5


def test_a_site_of_several_places_is_numbered_and_each_keeps_its_own_start(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    suite = tmp_path / "se.yaml"
    suite.write_text(SUITE.split("variants:")[0].replace("width: 1}", "width: 1, se: true}"))
    with suite.open("a") as file:
        file.write(
            "variants:\n"
            "  se: {pools: {head: {name: gem, p: 2, learn: channel},"
            " se: {name: lae, temperature: 4, learn: layer}}}\n"
        )
    assert poolbench("train", suite, "--set", "seeds=1", "--engine", "inline", "-q").code == 0
    done = poolbench("drift", "--format", "json")
    found = [(r["parameter"], r["start"]) for r in json.loads(done.out)["tables"][0]["rows"]]
    places = [(f"se-{place}.temperature", 4.0) for place in (1, 2, 3)]
    assert found == [(name, pytest.approx(start)) for name, start in [*places, ("head.p", 2.0)]]
