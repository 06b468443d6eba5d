"""The code of a plug-in is part of a run's identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import poolbench as pb
from poolbench.app.study import load_study
from poolbench.app.train import Settings, train
from poolbench.core import plugins
from poolbench.core.catalogue import OperatorEntry
from poolbench.core.cell import Cell
from poolbench.core.document import read_as
from poolbench.core.errors import BadInput, CellsFailed
from poolbench.core.named import Named
from poolbench.core.plugin_source import PluginSource, as_stored
from poolbench.core.plugins import forget_plugins, load_plugins
from poolbench.operators import OPERATORS
from tests.conftest import Done

Program = Callable[..., Done]

PLUGIN = """\
from poolbench.core.catalogue import OperatorEntry
from poolbench.operators import OPERATORS
from poolbench.operators.base import PlainOperator


class Midrange(PlainOperator):
    def forward(self, x):
        return SHARE * x.amax((2, 3)) + (1 - SHARE) * x.amin((2, 3))


SHARE = 0.5
OPERATORS.add(
    "midrange",
    OperatorEntry(target=f"{__name__}:Midrange", summary="between", scopes=("global",)),
)
"""
SUITE = """\
schema: 1
title: Tiny
data: {name: digits, limit: 100}
model: {name: wrn, depth: 8, width: 1}
recipe: {epochs: 1, batch_size: 50, optimizer: {name: sgd, lr: 0.05}}
seeds: 1
variants:
  average: {pools: average}
  mid: {pools: midrange}
"""


@pytest.fixture
def mid(tmp_path: Path) -> Path:
    path = tmp_path / "mid.py"
    path.write_text(PLUGIN)
    (tmp_path / "s.yaml").write_text(SUITE)
    return path


def _ids(path: Path, plugin: Path) -> dict[str, str]:
    forget_plugins()
    load_plugins([str(plugin)])
    return {cell.variant: cell.id for cell in load_study(path).cells}


def test_the_bytes_of_the_file_are_in_the_identity_of_the_runs_that_use_it_alone(
    mid: Path, tmp_path: Path
) -> None:
    suite = tmp_path / "s.yaml"
    first = _ids(suite, mid)
    # Of one length and, as a rule, of one second: what Python takes for unchanged.
    mid.write_text(PLUGIN.replace("SHARE = 0.5", "SHARE = 0.7"))
    edited = _ids(suite, mid)
    assert edited["average"] == first["average"]
    assert edited["mid"] != first["mid"]
    # Where the file is and what it is called changes nothing.
    renamed = tmp_path / "other"
    renamed.mkdir()
    (renamed / "name.py").write_text(PLUGIN)
    assert _ids(suite, renamed / "name.py") == first


def test_what_runs_is_what_was_hashed(mid: Path) -> None:
    for share in ("0.5", "0.7"):
        mid.write_text(PLUGIN.replace("SHARE = 0.5", f"SHARE = {share}"))
        load_plugins([str(mid)])
        operator = OPERATORS.resolve("midrange")
        source = OPERATORS["midrange"].plugin
        assert source is not None
        assert source.version == f"sha256:{hashlib.sha256(mid.read_bytes()).hexdigest()}"
        assert operator.forward.__globals__["SHARE"] == float(share)


@dataclass(frozen=True)
class Distribution:
    name: str = "pools-of-others"
    version: str = "1.0"


@dataclass(frozen=True)
class Point:
    """An entry point of an installed distribution."""

    dist: Distribution
    register: Callable[[], None]
    value: str = "pools_of_others:register"

    def load(self) -> Callable[[], None]:
        return self.register


def test_a_distribution_counts_by_its_name_and_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_text(SUITE)
    target = "poolbench.operators.max:Max"

    def register() -> None:
        OPERATORS.add("midrange", OperatorEntry(target=target, summary="", scopes=("global",)))

    def ids(**fields: str) -> str:
        points = [Point(Distribution(**fields), register)]
        monkeypatch.setattr(plugins, "entry_points", lambda **_: points)
        forget_plugins()
        load_plugins(())
        load_plugins(())  # is not registered twice
        cell = load_study(tmp_path / "s.yaml", only=["mid"]).cells[0]
        assert read_as(Cell, json.dumps(cell.to_json())).id == cell.id
        return cell.id

    assert ids() == ids()
    assert len({ids(), ids(version="1.1"), ids(name="other")}) == 3


def test_a_distribution_that_fails_is_told_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, poolbench: Program
) -> None:
    def register() -> None:
        raise RuntimeError("too old")

    points = [Point(Distribution(), register)]
    monkeypatch.setattr(plugins, "entry_points", lambda **_: points)
    done = poolbench("doctor")
    assert done.code == 2
    assert "of pools-of-others 1.0 failed: RuntimeError: too old" in done.err
    assert "pip uninstall pools-of-others" in done.err


def test_documents_of_what_is_ours_do_not_mention_plug_ins() -> None:
    ours = Named(name="a", options={"b": (1, 2)})
    assert as_stored(ours) == {"name": "a", "options": {"b": (1, 2)}, "revision": 1}
    theirs = Named(name="a", options={}, plugin=PluginSource(name="m.py", version="sha256:00"))
    assert read_as(Named, json.dumps(as_stored(theirs))) == theirs


def test_an_edited_plug_in_trains_anew_and_reports_say_which_version_there_is(
    poolbench: Program, mid: Path, tmp_path: Path
) -> None:
    run = ("train", "s.yaml", "--engine", "inline", "--plugin", mid)
    assert "2 cells trained, 0 already stored" in poolbench(*run).err
    assert "nothing to do" in poolbench(*run).err
    forget_plugins()
    # Without the plug-in: from what the store remembers, with a note.
    for command in (("report",), ("report", "-o", "out"), ("drift",), ("export", "-o", "csv")):
        done = poolbench(*command)
        assert done.code == 0, done.err
    note = "the operator 'midrange', of the plug-in mid.py (sha256:"
    assert note in poolbench("report").out
    assert "is not loaded" in poolbench("report").out
    assert "is not loaded" in (tmp_path / "out" / "index.html").read_text()
    told = poolbench("report", "s.yaml")
    assert (told.code, told.out) == (0, poolbench("report").out)
    assert "s.yaml is read as it was trained: not loaded is the plug-in mid.py" in told.err
    other = poolbench("report", "s.yaml", "--set", "seeds=2")
    assert other.code == 2
    assert "--plugin" in other.err
    suite = (tmp_path / "s.yaml").read_text()
    (tmp_path / "s.yaml").write_text(suite.replace("epochs: 1", "epochs: 0"))
    assert poolbench("report", "s.yaml").code == 2
    (tmp_path / "s.yaml").write_text(suite)
    # With it, nothing is said.
    assert "plug-in" not in poolbench("report", "--plugin", mid).out
    # Edited.
    mid.write_text(PLUGIN.replace("SHARE = 0.5", "SHARE = 0.7"))
    words = " ".join(poolbench("report", "--plugin", mid).out.split())
    assert "the operator 'midrange' is of mid.py (sha256:" in words
    assert "what is loaded is another version" in words
    words = " ".join(poolbench("report", "s.yaml", "--plugin", mid).out.split())
    assert "mid: the store holds 1 run of another version of its plug-in, mid.py (sha" in words
    assert "1 cell trained, 1 already stored" in poolbench(*run).err
    # Of the two studies the store remembers now, one is of the code that is loaded.
    zoom = ("robustness", "--attack", "zoom", "--sizes", "8", "--engine", "inline")
    measured = poolbench(*zoom, "--plugin", mid)
    assert (measured.code, measured.err.count("1 measurement made")) == (3, 2)
    assert "what is loaded is another version" in measured.err
    forget_plugins()
    measured = poolbench("robustness", "--attack", "crop", "--sizes", "8", "--engine", "inline")
    assert measured.code == 3
    assert "is not loaded" in measured.err


def test_runs_that_cannot_be_measured_lose_no_table_of_the_others(
    mid: Path, tmp_path: Path
) -> None:
    pb.load_plugins(mid)
    quietly: dict[str, Any] = {"store": tmp_path / "runs", "engine": "inline", "progress": False}
    pb.train(tmp_path / "s.yaml", **quietly)
    forget_plugins()
    with pytest.raises(CellsFailed, match="is not loaded") as caught:
        pb.robustness(attack="zoom", sizes=8, **quietly)
    alone = pb.robustness(
        pb.open_store(tmp_path / "runs").select(variant="average"),
        attack="zoom",
        sizes=8,
        **quietly,
    )
    assert "average" in str(alone)
    assert len(caught.value.findings.tables) == len(alone.tables) > 0
    assert "average" in str(caught.value.findings)


def test_a_file_that_changes_after_planning_is_refused(mid: Path, tmp_path: Path) -> None:
    load_plugins([str(mid)])
    study = load_study(tmp_path / "s.yaml")
    mid.write_text(PLUGIN.replace("SHARE = 0.5", "SHARE = 0.7"))
    load_plugins([str(mid)])
    with pytest.raises(BadInput, match="what is loaded is another version"):
        train(study, Settings(store=tmp_path / "runs", engine="inline"))


def test_a_runner_passes_on_what_is_loaded(poolbench: Program, mid: Path, tmp_path: Path) -> None:
    done = poolbench("train", tmp_path / "s.yaml", "--only", "mid@0", "--jobs", 1, "--plugin", mid)
    assert done.code == 0, done.err
