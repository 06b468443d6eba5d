"""A study's results are read once, and what is damaged is told rather than passed over."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.app.bundle import write_bundle, write_page
from poolbench.app.page import page_of
from poolbench.app.plan import plan
from poolbench.app.report import charts
from poolbench.app.results import Reading, Results, read_results
from poolbench.core.errors import NothingMatched
from poolbench.core.measurement import Measurement
from poolbench.core.named import Named
from poolbench.core.study import Study
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store
from tests.app.stores import a_store, probed
from tests.cells import a_cell, a_study
from tests.report.examples import a_run

COUNTS = {"average": [180, 181, None], "max": [190, 191, "-"]}
HEIGHTS = {"average": [100, 101, 102], "max": [110, 111, 112]}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = a_store(tmp_path / "runs", COUNTS)
    finished = [cell for cell in study.cells if (cell.variant, cell.seed) != ("max", 2)]
    probed(tmp_path / "runs", replace(study, cells=tuple(finished)), HEIGHTS)
    return study


def ids(study: Study, results: Results) -> list[tuple[str, int]]:
    return [(cell.variant, cell.seed) for cell in study.cells if cell.id in results.runs]


def change(path: Path) -> None:
    """Change a digit of a file, which its size does not tell."""
    path.write_bytes(path.read_bytes().replace(b"0.5", b"0.6"))


def test_results_hold_runs_and_what_was_measured_on_their_weights(
    study: Study, tmp_path: Path
) -> None:
    results = read_results(study, tmp_path / "runs")
    assert ids(study, results) == [("average", s) for s in range(3)] + [("max", 0), ("max", 1)]
    # What stands under a diverged run was measured on no network.
    assert [len(results.measurements.get(cell.id, ())) for cell in study.cells] == [
        1,
        1,
        0,
        1,
        1,
        0,
    ]
    assert results.damaged == ()
    fgsm = Named(name="fgsm", options={"epsilons": (0.0, 0.25)})
    assert results.measured_by([fgsm]) == results.measurements
    assert not any(results.measured_by([replace(fgsm, revision=2)]).values())


def test_measurements_of_weights_that_were_replaced_are_none_of_these(
    study: Study, tmp_path: Path
) -> None:
    cell, store = study.cells[0], Store(tmp_path / "runs")
    MeasurementWriter(store.folder(cell.id)).save(
        Measurement(probe=Named(name="zoom", options={}), network="0" * 64, status="failed")
    )
    (measurement,) = read_results(study, store.path).measurements[cell.id]
    assert measurement.probe.name == "fgsm"


def test_damage_that_no_size_tells_is_told_and_counts_as_missing(
    study: Study, tmp_path: Path
) -> None:
    store = Store(tmp_path / "runs")
    change(store.folder(study.cells[0].id) / "history.jsonl")
    (probe,) = store.folder(study.cells[1].id).glob("probes/*.json")
    probe.write_text("{}")
    results = read_results(study, store.path)
    assert ids(study, results) == [("average", 1), ("average", 2), ("max", 0), ("max", 1)]
    (run,), (measurement,) = results.damaged_runs, results.damaged_measurements
    assert run.startswith("average · digits · seed 0: history.jsonl does not match its checksum")
    assert measurement.startswith("average · digits · seed 1: probes/")
    (table,) = plan(study, store.path)
    assert [row["done"] for row in table.records] == [2, 2]
    page = write_page(results, tmp_path / "page.html").read_text()
    assert "4 of 6 finished" in page
    assert "history.jsonl does not match its checksum" in page


def test_a_folder_of_everything_reads_each_file_of_a_run_once(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Counter[str] = Counter()

    def counting(open_file: Callable[..., object]) -> Callable[..., object]:
        def opened(file: object, *rest: object, **others: object) -> object:
            opened_file = open_file(file, *rest, **others)
            read[str(file)] += 1
            return opened_file

        return opened

    monkeypatch.setattr(os, "open", counting(os.open))
    for name in ("builtins.open", "io.open"):  # the latter is what paths call
        monkeypatch.setattr(name, counting(open))
    write_bundle([read_results(study, tmp_path / "runs", Reading(target=0.5))], tmp_path / "folder")
    of_runs = {
        path: count
        for path, count in read.items()
        if path.startswith(str(tmp_path / "runs" / "runs"))
    }
    # Commit, history, timings and environment of five runs, and five measurements.
    assert len(of_runs) == 25
    assert set(of_runs.values()) == {1}


def test_a_page_shows_the_option_that_variants_differ_in(tmp_path: Path) -> None:
    cells = [
        a_cell(
            f"lr {lr}",
            seed,
            model=replace(a_cell().model, pools={"head": Named(name="max", options={})}),
            recipe=replace(a_cell().recipe, optimizer=Named(name="sgd", options={"lr": lr})),
        )
        for lr in (0.1, 0.2, 0.4)
        for seed in (0, 1)
    ]
    variants = tuple(dict.fromkeys(cell.variant for cell in cells))
    study = replace(a_study(), variants=variants, cells=tuple(cells), baseline="")
    results = Results(
        study=study,
        store=Store.create(tmp_path / "runs"),
        runs={cell.id: a_run(cell, 100 + index) for index, cell in enumerate(cells)},
        measurements={},
        damaged_runs=(),
        damaged_measurements=(),
        target=None,
    )
    shown = [chart.name for section in page_of(results).sections for chart in section.charts]
    assert shown == [chart.name for chart in charts(results)]
    assert "digits-by-lr" in shown


def test_nothing_to_report_names_the_command_that_helps(study: Study, tmp_path: Path) -> None:
    missing = replace(study, cells=study.cells[-1:])
    with pytest.raises(NothingMatched, match=r"none of the cells of 'A study' \(1\)"):
        read_results(missing, tmp_path / "runs").require_runs()
