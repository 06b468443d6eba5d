"""Variants on the test images: what is stored, what is left out and said, and the pictures."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import poolbench as pb
from poolbench.app.images import image_findings, image_tables, pair_on_images
from poolbench.app.results import read_results
from poolbench.core.record import Run
from poolbench.core.study import Study
from poolbench.report.chart import Chart
from poolbench.report.pictures import Pictures
from poolbench.report.table import Table
from poolbench.stats.image_pairs import ImagePairs
from poolbench.stats.seeds_and_images import difference_over_seeds_and_images
from poolbench.store.commit import PREDICTIONS
from poolbench.store.predictions import predictions_of
from poolbench.store.store import Store
from tests.conftest import TINY, Done

SUITE = yaml.safe_load(TINY) | {"seeds": 3}
SUITE["recipe"] = SUITE["recipe"] | {"epochs": 1}
PAIR = "average", "lae"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with every run of the suite, which tests only read or copy."""
    store = tmp_path_factory.mktemp("images") / "runs"
    pb.train(SUITE, store=store, jobs=2)
    return store


@pytest.fixture(scope="module")
def study(trained: Path) -> Study:
    return pb.load_suite(SUITE)


def rewritten(
    trained: Path,
    folder: Path,
    study: Study,
    change: Callable[[Run, dict[str, Any]], dict[str, Any] | None],
) -> Path:
    """Copy a store, with other predictions; ``None`` leaves those of a run out."""
    source, target = Store(trained), Store.create(folder / "runs")
    for cell in study.cells:
        run, commit = source.read(cell.id), source.commit_of(cell.id)
        with np.load(io.BytesIO(commit.read(PREDICTIONS))) as stored:
            arrays = change(run, dict(stored))
        artefacts = {"model.safetensors": commit.read("model.safetensors")}
        if arrays is not None:
            np.savez(file := io.BytesIO(), **arrays)
            artefacts[PREDICTIONS] = file.getvalue()
        with target.writing(cell) as writer:
            assert writer is not None
            writer.begin("copied", {})
            writer.commit(
                run.result,
                history=run.history,
                timings=run.timings,
                environment=run.environment,
                artefacts=artefacts,
            )
    target.remember(study)
    return target.path


def on_images(study: Study, store: Path, **changes: Any) -> tuple[list[Table], list[Chart]]:
    results = read_results(replace(study, **changes), store)
    return pair_on_images(results, "digits", PAIR, None)


def right_of(study: Study, store: Path) -> Mapping[str, np.ndarray]:  # type: ignore[type-arg]
    found: dict[str, list[Any]] = {}
    for cell in study.cells:
        run = Store(store).read(cell.id)
        predictions = predictions_of(Store(store), run)
        assert predictions is not None
        found.setdefault(cell.variant, []).append(predictions.right)
    return {variant: np.array(rows) for variant, rows in found.items()}


@pytest.mark.parametrize("metric", ["accuracy", "error"])
@pytest.mark.parametrize("paired", [False, True])
def test_a_row_has_the_numbers_of_the_stored_predictions(
    study: Study, trained: Path, metric: str, paired: bool
) -> None:
    analysis = replace(study.analysis, metric=metric, paired=paired, alpha=0.1)  # type: ignore[arg-type]
    (table, _), _ = on_images(study, trained, analysis=analysis)
    (row,) = table.records
    right = right_of(study, trained)
    sign = -1 if metric == "error" else 1
    difference, interval = difference_over_seeds_and_images(
        right["average"], right["lae"], alpha=0.1, paired=paired
    )
    assert interval is not None
    assert row["difference"] == sign * difference
    ends = sorted(sign * end for end in interval)
    assert (row["difference_low"], row["difference_high"]) == tuple(ends)
    pairs = ImagePairs.of(right["average"], right["lae"])
    # Of right answers, whatever the metric.
    assert (row["gained"], row["lost"], row["p"]) == (pairs.gained, pairs.lost, pairs.p)
    assert pairs.gained != pairs.lost
    assert (row["n_candidate"], row["n_baseline"], row["images"]) == (3, 3, 200)
    assert any("seeds are blocks" in note for note in table.notes) == paired


def test_the_pictures_are_those_that_tell_the_variants_apart(study: Study, trained: Path) -> None:
    import torch

    from poolbench.data.load import load_scored

    (_, table), (chart,) = on_images(study, trained)
    assert isinstance(chart, Pictures)
    split, classes = load_scored(study.cells[0].data, root=None)
    right = right_of(study, trained)
    gaps = right["lae"].sum(axis=0) - right["average"].sum(axis=0)
    assert len(chart.tiles) == len(table.rows) == 9
    for row, tile in zip(table.records, chart.tiles, strict=True):
        index = int(str(row["image"]))
        assert np.array_equal(tile.pixels, split.take(torch.tensor([index]))[0].numpy())
        assert row["class"] == tile.heading == classes[split.labels[index]]
        assert row["candidate_right"] == right["lae"][:, index].sum()
        assert row["baseline_right"] == right["average"][:, index].sum()
        assert tile.lines == (
            f"lae: {row['candidate_answers']}",
            f"average: {row['baseline_answers']}",
        )
        named = f"{tile.heading} {row['candidate_right']}"
        assert (named in str(row["candidate_answers"])) == bool(row["candidate_right"])
    shown = [abs(int(gaps[int(str(row["image"]))])) for row in table.records]
    assert shown == sorted(np.abs(gaps), reverse=True)[:9]
    assert f"9 of the {np.count_nonzero(gaps)} images" in table.notes[0]


def test_other_images_are_not_comparable_and_said(
    study: Study, trained: Path, tmp_path: Path
) -> None:
    def fewer(run: Run, arrays: dict[str, Any]) -> dict[str, Any]:
        kept = 150 if run.cell.variant == "lae" else 200
        return {name: array[:kept] for name, array in arrays.items()}

    (table,), charts = on_images(study, rewritten(trained, tmp_path, study, fewer))
    (row,) = table.records
    assert charts == []
    assert {row[name] for name in ("difference", "gained", "lost", "p", "images")} == {None}
    assert row["shift"] is not None
    assert table.rows[0][5].text == "not comparable"
    reason = "they were tested on other images (200 and 150)"
    assert any(note.endswith(f"not comparable image by image: {reason}") for note in table.notes)
    assert table.detail["not_comparable"] == [
        {"candidate": "lae", "baseline": "average", "reason": reason}
    ]


def test_a_run_tested_on_other_images_than_its_variant_is_left_out(
    study: Study, trained: Path, tmp_path: Path
) -> None:
    def relabelled(run: Run, arrays: dict[str, Any]) -> dict[str, Any]:
        if (run.cell.variant, run.cell.seed) == ("lae", 1):
            arrays["label"] = arrays["label"][::-1]
        return arrays

    (table, _), _ = on_images(study, rewritten(trained, tmp_path, study, relabelled))
    assert table.records[0]["n_candidate"] == 2
    assert "left out of lae: 1 run tested on other images than seed 0" in table.notes


def test_predictions_that_are_missing_or_damaged_are_said(
    study: Study, trained: Path, tmp_path: Path
) -> None:
    def without(run: Run, arrays: dict[str, Any]) -> dict[str, Any] | None:
        return None if run.cell.variant == "lae" else arrays

    store = rewritten(trained, tmp_path, study, without)
    (table,), _ = on_images(study, store)
    assert "left out of lae: 3 runs without stored predictions" in table.notes
    assert any("no predictions of lae are stored" in note for note in table.notes)

    store = tmp_path / "damaged"
    shutil.copytree(trained, store)
    file = Store(store).folder(study.cells[0].id) / PREDICTIONS
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    (table, _), _ = on_images(study, store)
    assert table.records[0]["n_baseline"] == 2
    told = "left out: average · digits · seed 0: predictions.npz does not match its checksum"
    assert told in table.notes


def test_predictions_of_older_versions_are_compared_as_any(
    study: Study, trained: Path, tmp_path: Path
) -> None:
    def old(_run: Run, arrays: dict[str, Any]) -> dict[str, Any]:
        return {name: arrays[name] for name in ("predicted", "probability", "label")}

    tables, _ = on_images(study, rewritten(trained, tmp_path, study, old))
    now, _ = on_images(study, trained)
    assert [table.records for table in tables] == [table.records for table in now]
    run = pb.open_store(tmp_path / "runs").select(variant="lae")[0]
    assert run.predictions.confidence is None


def test_a_data_set_that_is_not_here_leaves_indices(
    study: Study, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from poolbench.core.errors import EnvironmentFault
    from poolbench.data import load

    def missing(*_: object, **__: object) -> object:
        raise EnvironmentFault("the data set 'digits' is not here", "download it")

    (_, whole), _ = on_images(study, trained)
    monkeypatch.setattr(load, "load_scored", missing)
    (_, table), charts = on_images(study, trained)
    assert charts == []
    assert [row["image"] for row in table.records] == [row["image"] for row in whole.records]
    assert str(table.records[0]["class"]).startswith("class ")
    told = "without pictures and names of classes: the data set 'digits' is not here"
    assert table.notes[-1] == told


def test_compare_of_two_variants_shows_them_in_every_format(
    poolbench: Callable[..., Done], study: Study, trained: Path, tmp_path: Path
) -> None:
    args = ("compare", *PAIR, "--store", str(trained))
    tables = json.loads(poolbench(*args, "--format", "json").out)["tables"]
    assert [len(table["rows"]) for table in tables] == [1, 1, 9]
    assert tables[1]["rows"][0]["difference"] is not None
    text = " ".join(poolbench(*args).out.split())
    assert "over seeds and images: difference of the mean accuracy" in text
    assert "over seeds and images" in poolbench(*args, "--format", "latex").out
    page = tmp_path / "pair.html"
    assert poolbench(*args, "-o", str(page)).code == 0
    assert len(re.findall("data:image/svg", page.read_text())) == 2  # for light and dark screens


def test_report_compares_declared_pairs_when_asked_and_a_page_always(
    study: Study, trained: Path
) -> None:
    results = read_results(study, trained)
    assert not results.with_images
    table, calibrations = image_tables(results)
    assert [row["candidate"] for row in table.records] == ["lae"]
    tables, charts = image_findings(results, None)
    assert (len(tables), len(charts)) == (3, 1)
    titles = [each.title for each in pb.report(SUITE, store=trained, images=True).tables]
    assert table.title in titles
    assert table.title not in [each.title for each in pb.report(SUITE, store=trained).tables]
    # Without declared pairs there is nothing to compare.
    (alone,) = image_tables(read_results(replace(study, baseline=""), trained))
    assert alone.title == calibrations.title


def test_calibration_is_that_of_the_stored_probabilities_and_old_runs_are_told(
    study: Study, trained: Path, tmp_path: Path
) -> None:
    *_, table = image_tables(read_results(study, trained))
    runs = [Store(trained).read(cell.id) for cell in study.cells if cell.variant == "lae"]
    # The mean likelihood is the stored test loss, which training computed in another way.
    losses = [run.result.test_loss for run in runs]
    row = next(row for row in table.records if row["variant"] == "lae")
    assert row["nll_mean"] == pytest.approx(np.mean(losses), rel=1e-6)  # type: ignore[arg-type]
    assert 0 < float(str(row["ece_mean"])) < 1
    assert not any("left out" in note for note in table.notes)

    def old(run: Run, arrays: dict[str, Any]) -> dict[str, Any]:
        kept = ("predicted", "probability", "label") if run.cell.seed else arrays
        return {name: arrays[name] for name in kept}

    store = rewritten(trained, tmp_path, study, old)
    *_, table = image_tables(read_results(study, store))
    assert [row["n"] for row in table.records] == [1, 1]
    told = [note for note in table.notes if "evaluate again for calibration" in note]
    assert [note[:24] for note in told] == ["left out of average: 2 r", "left out of lae: 2 runs "]
