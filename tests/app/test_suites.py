"""Every suite that ships: planned without its data, and its smoke profile from end to end.

The second is half an hour of work, so it runs only when asked for, with the real data:
``POOLBENCH_DATA=FOLDER pytest -m slow --durations=0 tests/app/test_suites.py``.
"""

from __future__ import annotations

import csv
import json
import os
import shlex
from collections.abc import Callable, Iterable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from poolbench.app import suites
from poolbench.app.experiment import load_experiment
from poolbench.app.study import CATALOGUES
from poolbench.core.cell import Cell
from poolbench.core.contraction import ContractionSettings
from poolbench.core.experiment import KINDS, kind_of
from poolbench.core.named import Named
from poolbench.core.study import Study
from poolbench.data.imagenette_files import CLASSES
from poolbench.data.presence import is_here
from poolbench.store.store import Store
from poolbench.suite.load import load
from tests.conftest import Done
from tests.data.layouts.written import list_folder
from tests.pretrained import write_pretrained

Call = Callable[..., Done]


def _kind(name: str) -> str:
    lines = suites.find(name).read_text().splitlines()
    return kind_of(line.partition(":")[0] for line in lines)


EXPERIMENTS = [name for name in suites.names() if _kind(name)]
STUDIES = [name for name in suites.names() if not _kind(name)]


def _study(name: str) -> Study:
    path = suites.find(name)
    return load(path, catalogues=CATALOGUES, profile="smoke", fingerprint=lambda data: data.name)


def _learns(cell: Cell) -> bool:
    return any(pool.options.get("learn", "none") != "none" for pool in cell.model.pools.values())


def _rows(done: Done, table: int = 0) -> list[dict[str, Any]]:
    assert done.code == 0, done.err
    rows: list[dict[str, Any]] = json.loads(done.out)["tables"][table]["rows"]
    assert rows
    return rows


@pytest.fixture(scope="module")
def names_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data root with the files that planning looks for; there is no picture in them."""
    root = tmp_path_factory.mktemp("names")
    folders = {
        f"{name}-{side}": wnids for name, wnids in CLASSES.items() for side in ("160", "320")
    }
    for folder, classes in {**folders, "pictures": ("cat", "dog")}.items():
        for place in (
            root / folder / split / each for split in ("train", "val") for each in classes
        ):
            place.mkdir(parents=True)
            (place / "1.JPEG").write_text(str(place))
    list_folder(root / "pictures")
    for each in ("cat", "dog"):
        place = root / "unsplit-pictures" / each
        place.mkdir(parents=True)
        for number in range(20):  # enough that both sides of a split have some
            (place / f"{number}.JPEG").write_text(f"{each} {number}")
    write_pretrained(root)
    return root


@pytest.mark.parametrize("name", STUDIES)
def test_every_smoke_profile_is_planned_and_small(
    name: str, poolbench: Call, names_alone: Path
) -> None:
    asked = ("plan", name, "--profile", "smoke", "--data-root", names_alone, "--format", "json")
    study, done = _study(name), poolbench(*asked)
    conditions = {(cell.network_label, cell.data.source.name) for cell in study.cells}
    rows = [row for table in range(len(conditions)) for row in _rows(done, table)]
    assert sum(row["cells"] for row in rows) == len(study.cells)
    if name != "smoke":
        assert all(cell.recipe.epochs <= 2 for cell in study.cells)
        assert all((cell.data.limit or 60_000) <= 2_000 for cell in study.cells)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data root with the sets of POOLBENCH_DATA under every name a suite may ask for."""
    named = os.environ.get("POOLBENCH_DATA")
    if not named:
        pytest.skip("POOLBENCH_DATA does not name the folder of the data sets")
    root = tmp_path_factory.mktemp("root")
    for path in Path(named).resolve().iterdir():
        (root / path.name).symlink_to(path)
    # A part of Imagenette stands in for its archives, and for pictures of one's own.
    subset = Path(named).resolve() / "imagenette224"
    aliases = {
        "imagenette-160": "",
        "imagenette-320": "",
        "pictures": "",
        "unsplit-pictures": "train",
    }
    for alias, part in aliases.items():
        if subset.exists() and not (root / alias).exists():
            (root / alias).symlink_to(subset / part)
    if subset.exists():
        list_folder(root / "pictures")
    write_pretrained(root)
    return root


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one store for all: suites that share networks train them once."""
    return tmp_path_factory.mktemp("store")


def _skip_without(data: Iterable[Named], root: Path) -> None:
    missing = sorted({each.name for each in data if not is_here(each, root)})
    if missing:
        pytest.skip(f"POOLBENCH_DATA has no {', '.join(missing)}")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", STUDIES)
def test_a_smoke_profile_is_trained_probed_and_reported(
    name: str, poolbench: Call, root: Path, store: Path, tmp_path: Path
) -> None:
    study = _study(name)
    _skip_without((cell.data.source for cell in study.cells), root)
    asked = (name, "--profile", "smoke", "--data-root", root, "--store", store)

    results = _rows(poolbench("train", *asked, "--format", "json", "-q"))
    assert [row["variant"] for row in results] == list(study.variants)
    for row in results:
        assert row["n"] + row["n_diverged"] == len(study.seeds), row
        assert row["n_missing"] == 0, row
    finished = {row["variant"] for row in results if row["n"]}
    assert finished

    if study.probes:
        done = poolbench("robustness", *asked, "--format", "json", "-q")
        assert {row["variant"] for row in _rows(done)} >= finished
    learning = {cell.variant for cell in study.cells if _learns(cell)} & finished
    drifted = _rows(poolbench("drift", *asked, "--format", "json"))
    assert {row["variant"] for row in drifted if row["median"] is not None} == learning

    done = poolbench("report", *asked, "-o", tmp_path / "page.html")
    assert done.code == 0, done.err
    page = unescape((tmp_path / "page.html").read_text())
    assert study.title in page
    assert all(variant in page for variant in study.variants)
    done = poolbench("export", *asked, "-o", tmp_path / "numbers")
    assert done.code == 0, done.err
    with (tmp_path / "numbers" / "measurements.csv").open(newline="") as file:
        exported = {(row["variant"], row["seed"]) for row in csv.DictReader(file)}
    assert exported >= {(c.variant, str(c.seed)) for c in study.cells if c.variant in finished}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_smoke_profile_of_an_experiment_is_tabled_and_drawn(
    name: str, poolbench: Call, root: Path, store: Path, tmp_path: Path
) -> None:
    kind = _kind(name)
    settings = load_experiment(kind, name, profile="smoke").settings
    asked = [*KINDS[kind].split(), name, "--profile", "smoke"]
    if isinstance(settings, ContractionSettings):
        _skip_without((pair.source for pair in settings.data), root)
        asked += ["--data-root", str(root), "--store", str(store), "-q"]
        if settings.accuracy_of:
            trained = suites.find(name).parent / settings.accuracy_of
            done = poolbench("train", trained, "--profile", "smoke", "--store", store, "-q")
            assert done.code == 0, done.err
    figures = tmp_path / "figures"
    _rows(poolbench(*asked, "--figures", figures, "--format", "json"))
    # The plan of the subpools is a table alone.
    assert any(figures.glob("*.svg")) or name == "maxpool/fig2-plan"


@pytest.mark.parametrize(
    "verb", [("export", "-o", "out"), ("store", "freeze"), ("robustness", "--attack", "zoom")]
)
def test_a_hint_repeats_the_suite_its_changes_and_the_store(
    verb: tuple[str, ...], tmp_path: Path, poolbench: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POOLBENCH_STORE", raising=False)
    Store.create(Path("elsewhere"))
    changes = ("smoke", "--set", "recipe.epochs=2", "--only", "lae*", "--store", "elsewhere")
    done = poolbench(*verb, *changes)
    assert done.code == 5
    assert f"poolbench train {shlex.join(changes)}" in done.err
