"""What `poolbench export` writes is what the store holds, in every form."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.core.measurement import Measurement, Point
from poolbench.core.named import Named
from poolbench.report.formats.tensorboard import write_events
from poolbench.report.formats.tidy import FIELDS, Observation, write_csv, write_parquet
from poolbench.store.measurements import MeasurementWriter
from poolbench.store.store import Store
from tests.app.stores import a_store
from tests.conftest import Done

Program = Callable[..., Done]
Row = dict[str, str | int | float | None]
NUMBERS: dict[str, type[int] | type[float]] = {
    "seed": int, "setting": float, "value": float, "n": int,
}  # fmt: skip


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a store: a diverged run, a missing one, a hostile name, one run that was probed."""
    study = a_store(
        tmp_path / "runs", {"=a/../b": [180, None], "..": [190, "-"]}, title="A study: 1/2"
    )
    store = Store(tmp_path / "runs")
    cell = study.cells[0]
    network = str(store.network(cell.id))
    for measurement in (
        Measurement(
            probe=Named(name="zoom", options={"sizes": (8, 12)}),
            network=network,
            status="ok",
            points=(
                Point(at=8, correct=150, total=200),
                Point(at=12, correct=None, total=200, reason="too large"),
            ),
            facts={"epochs_spent": 2.0},
        ),
        Measurement(
            probe=Named(name="fgsm", options={"epsilons": (0.0, 0.25)}),
            network=network,
            status="failed",
            reason="the network answered NaN",
        ),
    ):
        writer = MeasurementWriter(store.folder(cell.id))
        writer.begin("made up", {})
        writer.save(measurement)
    return tmp_path / "runs"


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {
                key: (NUMBERS[key](value) if value else None) if key in NUMBERS else value
                for key, value in row.items()
            }
            for row in csv.DictReader(file)
        ]


def test_a_tidy_table_has_a_row_for_every_number_of_the_store(
    poolbench: Program, runs: Path
) -> None:
    done = poolbench("export", "-o", "out")
    assert done.code == 0, done.err
    rows = rows_of(runs.parent / "out" / "measurements.csv")
    assert done.out == f"out/measurements.csv: {len(rows)} rows\n"
    assert tuple(rows[0]) == FIELDS
    assert {(row["variant"], row["seed"]) for row in rows} == {("'=a/../b", 0), ("'=a/../b", 1),
                                                               ("..", 0)}  # fmt: skip
    first = [row for row in rows if (row["variant"], row["seed"]) == ("'=a/../b", 0)]
    shown = [(row["kind"], row["setting"], row["metric"], row["value"], row["n"]) for row in first]
    assert shown[:15] == [
        ("epoch", 1.0, "loss", 0.5, 900), ("epoch", 1.0, "lr", 0.1, None),
        ("epoch", 1.0, "duration_s", 1.5, None), ("epoch", 1.0, "images", 900.0, None),
        ("epoch", 2.0, "loss", None, 900), ("epoch", 2.0, "lr", 0.01, None),
        ("epoch", 2.0, "pooling.head.temperature", 4.0, None),
        ("epoch", 2.0, "validation_accuracy", 0.75, None),
        ("epoch", 2.0, "duration_s", 1.5, None), ("epoch", 2.0, "images", 900.0, None),
        ("result", None, "accuracy", 0.9, 200), ("result", None, "loss", 0.1, 200),
        ("result", None, "diverged", 0.0, None), ("result", None, "parameters", 12345.0, None),
        ("result", None, "epochs", 2.0, None),
    ]  # fmt: skip
    assert sorted(shown[15:], key=str) == [
        ("probe", 12.0, "zoom.accuracy", None, 200), ("probe", 8.0, "zoom.accuracy", 0.75, 200),
        ("probe", None, "fgsm.failed", 1.0, None), ("probe", None, "zoom.epochs_spent", 2.0, None),
    ]  # fmt: skip
    assert {row["options"] for row in first if row["metric"] == "zoom.accuracy"} == {
        '{"sizes": [8, 12]}'
    }
    diverged = {row["metric"]: row["value"] for row in rows if row["seed"] == 1}
    assert (diverged["accuracy"], diverged["diverged"]) == (None, 1.0)
    assert len({row["condition"] for row in rows}) == 2
    assert {(row["origin"], row["weights"]) for row in rows} == {("trained", "")}
    assert len({row["run"] for row in rows}) == 3


def test_parquet_holds_the_rows_of_csv(poolbench: Program, runs: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert poolbench("export", "-o", "out", "--as", "csv", "--as", "parquet").code == 0
    table = parquet.read_table(runs.parent / "out" / "measurements.parquet")
    assert str(table.schema.field("value").type) == "double"
    assert str(table.schema.field("seed").type) == "int64"
    rows = table.to_pylist()
    assert rows[0]["variant"] == "=a/../b"
    for row in rows:  # a spreadsheet opens the CSV alone
        row["variant"] = row["variant"].replace("=", "'=")
    assert rows == rows_of(runs.parent / "out" / "measurements.csv")


def test_tensorboard_reads_every_curve(poolbench: Program, runs: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert poolbench("export", "-o", "out", "--as", "tensorboard").code == 0
    files = sorted((runs.parent / "out" / "tensorboard").rglob("events*"))
    folders = [file.parent.relative_to(runs.parent / "out" / "tensorboard") for file in files]
    assert [str(folder)[:-7] for folder in folders] == [
        "A-study-1-2/digits/%2E%2E/seed-0",
        "A-study-1-2/digits/=a%2F..%2Fb/seed-0",
        "A-study-1-2/digits/=a%2F..%2Fb/seed-1",
    ]
    events = accumulator.EventAccumulator(str(files[1])).Reload()
    shown = {
        tag: [(e.step, e.wall_time, pytest.approx(e.value)) for e in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
    assert (events.file_version, events.FirstEventTimestamp()) == (2.0, 0.0)
    assert shown["train/loss"] == [(1, 1.5, 0.5)]  # the second was not finite
    assert shown["train/duration_s"] == [(1, 1.5, 1.5), (2, 3.0, 1.5)]
    assert shown["train/lr"] == [(1, 1.5, 0.1), (2, 3.0, 0.01)]
    assert shown["validation/accuracy"] == [(2, 3.0, 0.75)]
    assert shown["pooling/head.temperature"] == [(2, 3.0, 4.0)]
    assert shown["test/accuracy"] == [(2, 3.0, 0.9)]
    assert shown["zoom/accuracy at 8"] == [(2, 3.0, 0.75)]
    assert "zoom/accuracy at 12" not in shown
    before = [file.read_bytes() for file in files]
    assert poolbench("export", "-o", "out", "--as", "tensorboard").code == 0
    assert [file.read_bytes() for file in files] == before
    assert len(list((runs.parent / "out" / "tensorboard").rglob("*poolbench"))) == 3


ALONE = Observation(
    study="?!", data="digits", variant="max", seed=0, condition="c", run="abcdef0", kind="result",
    setting=None, metric="accuracy", value=0.5, n=None,
)  # fmt: skip


def test_one_number_of_a_study_without_a_letter_in_its_title_is_at_step_0(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    assert write_events([ALONE], tmp_path) == 1
    (file,) = tmp_path.rglob("events*")
    assert file.relative_to(tmp_path).parts[0] == "study"
    events = accumulator.EventAccumulator(str(file)).Reload()
    assert [(e.step, e.wall_time) for e in events.Scalars("test/accuracy")] == [(0, 0.0)]


def test_a_column_without_a_value_has_its_type_in_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert write_parquet([ALONE], tmp_path / "m.parquet") == 1
    schema = parquet.read_schema(tmp_path / "m.parquet")
    assert {str(schema.field(name).type) for name in ("seed", "n")} == {"int64"}
    assert {str(schema.field(name).type) for name in ("setting", "value")} == {"double"}


def test_a_damaged_run_is_left_out_and_told(poolbench: Program, runs: Path) -> None:
    whole = poolbench("export", "-o", "out")
    damaged = sorted((runs / "runs").iterdir())[0] / "history.jsonl"
    damaged.write_bytes(damaged.read_bytes().replace(b"0.5", b"0.6"))
    done = poolbench("export", "-o", "out")
    assert done.code == 0
    assert "does not match its checksum; counted as missing" in done.err
    assert done.out != whole.out


def test_what_cannot_be_exported_is_told(
    poolbench: Program, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = poolbench("export", "-o", "out", "--as", "parkett")
    assert done.code == 2
    assert "parquet" in done.err
    assert poolbench("export", "-o", runs / "STORE.json").code == 6
    assert poolbench("export", "-o", "out", "--store", "nowhere").code == 6
    assert poolbench("export").code == 2
    event = "tensorboard.compat.proto.event_pb2"
    for kind, module in (("parquet", "pyarrow"), ("tensorboard", event)):
        monkeypatch.setitem(sys.modules, module, None)
        done = poolbench("export", "-o", "out", "--as", kind)
        assert done.code == 6
        assert "pip install" in done.err


def test_what_an_export_leaves_out_is_named(poolbench: Program, runs: Path) -> None:
    store = Store(runs)
    (study,) = store.studies()
    missing = next(cell for cell in study.cells if not store.is_committed(cell.id))
    damaged = study.cells[0]
    assert poolbench("export", "-o", "out").err == (
        f"left out: 1 cell of 4 of 'A study: 1/2' without a result, 0 of them begun: {missing}\n"
    )
    with store.writing(missing) as writer:
        assert writer is not None
        writer.begin("session", {})
        writer.save_checkpoint(b"state", epoch=1, step=0)
    (measured,) = list(store.measurement_keys(damaged.id))[:1]
    (store.folder(damaged.id) / "probes" / f"{measured}.json").write_bytes(b"{}")
    done = poolbench("export", "-o", "out")
    first, second = done.err.splitlines()
    assert first.startswith(f"{damaged}: probes/{measured}.json: unreadable")
    assert second.endswith(f"without a result, 1 of them begun: {missing}")
    (store.folder(damaged.id) / "history.jsonl").write_bytes(b"")
    first, second = poolbench("export", "-o", "out").err.splitlines()
    assert first.startswith(f"{damaged}: history.jsonl has 0 bytes instead of ")
    assert second.startswith("left out: 1 cell of 4"), "the damaged one is named already"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", " =1"])
def test_no_text_of_a_csv_is_a_formula(name: str, tmp_path: Path) -> None:
    write_csv([replace(ALONE, variant=name, study=name)], tmp_path / "m.csv")
    row = rows_of(tmp_path / "m.csv")[0]
    assert row["variant"] == row["study"] == f"'{name}".replace("\t", " ")
    assert row["value"] == ALONE.value
