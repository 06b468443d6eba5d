"""What programs give to the Python API of studies, and what several studies in one store show."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import poolbench as pb
from poolbench.core.errors import BadInput, EnvironmentFault, NothingMatched
from poolbench.probes import PROBES
from poolbench.report.chart import Axis, Curve, Curves
from poolbench.report.findings import Findings
from poolbench.store.store import Store
from poolbench.suite.probes import read_attacks, typed_attacks
from tests.app.stores import a_store, probed
from tests.conftest import TINY


def chosen(attack: Any, **options: Any) -> list[Mapping[str, Any]]:
    """Return the options of probes as a program names them."""
    return [named.options for named in read_attacks(*typed_attacks(attack, options), PROBES)]


@pytest.mark.parametrize("one", [0.25, np.float32(0.25), "0.25", [0.25], (0.25,), np.array([0.25])])
def test_one_value_is_that_value(one: Any) -> None:
    assert chosen("fgsm", epsilons=one) == chosen({"name": "fgsm", "epsilons": [0.25]})


@pytest.mark.parametrize("attack", [3, None, [3], {"fgsm"}])
def test_a_probe_is_a_name_or_a_mapping(attack: Any) -> None:
    with pytest.raises(BadInput, match="a probe cannot be"):
        chosen(attack)


def test_an_option_of_a_probe_that_is_no_value_is_refused_as_others_are() -> None:
    with pytest.raises(BadInput, match=r"pgd\.steps: expected whole number"):
        chosen({"name": "pgd", "steps": object()})
    with pytest.raises(BadInput, match=r"fgsm\.epsilons: expected"):
        chosen("fgsm", epsilons=-1)


def test_one_glob_and_one_change_need_no_list() -> None:
    suite = yaml.safe_load(TINY)
    study = pb.load_suite(suite, only="lae", overrides="seeds=3")
    assert study.cells == pb.load_suite(suite, only=["lae"], overrides=["seeds=3"]).cells
    assert len(study.cells) == 3


def test_a_suite_as_json_is_text_too() -> None:
    suite = yaml.safe_load(TINY)
    assert pb.load_suite(json.dumps(suite)).cells == pb.load_suite(suite).cells


def pictures(shown: str) -> list[str]:
    return re.findall(r'src="data:image/png;base64,([^"]+)"', shown)


def a_chart(title: str) -> Curves:
    curve, axis = Curve(label="a", x=(0.0, 1.0), y=(0.5, 0.4)), Axis(label="x")
    return Curves(name="same", title=title, x=axis, y=axis, curves=(curve,))


def test_each_chart_is_shown_whatever_its_name() -> None:
    found = Findings((), (a_chart("one"), a_chart("two")))
    assert len(set(pictures(found._repr_html_()))) == 2


def test_the_charts_of_each_study_of_a_store_have_names_of_their_own(tmp_path: Path) -> None:
    counts: Mapping[str, Sequence[int]] = {"average": [150, 160], "lae": [170, 180]}
    study = a_store(tmp_path / "runs", counts)
    alone = [chart.name for chart in pb.report(store=tmp_path / "runs").charts]
    part = tuple(cell for cell in study.cells if cell.seed == 0)
    Store(tmp_path / "runs").remember(replace(study, title="another", cells=part, seeds=(0,)))
    names = [chart.name for chart in pb.report(store=tmp_path / "runs").charts]
    assert len(set(names)) == len(names) == 2 * len(alone) > 0
    assert names[0] == f"{study.id}-{alone[0]}"


def test_runs_are_selected_as_variants_are_with_only(tmp_path: Path) -> None:
    a_store(tmp_path, {"average": [150], "lae": [170], "lae-head": [180]})
    runs = pb.open_store(tmp_path)
    assert [run.variant for run in runs.select(variant="lae*")] == ["lae", "lae-head"]
    assert [run.variant for run in runs.select(variant="lae", data="dig*")] == ["lae"]
    assert len(runs.select(data="cifar*")) == 0
    # What is selected from selected runs is known by the store, not by what is left.
    assert len(runs.select(variant="lae").select(variant="average")) == 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"seed": "0"}, "seed: expected a whole number, got '0'"),
        ({"seed": True}, "seed: expected a whole number, got True"),
        ({"variant": 3}, "variant: expected a name or a glob, got 3"),
        ({"variant": "averge"}, "'averge'\ndid you mean 'average'? known: average, lae"),
        ({"data": "digit"}, "'digit'\ndid you mean 'digits'? known: digits"),
    ],
)
def test_what_cannot_be_selected_is_refused(
    tmp_path: Path, asked: dict[str, Any], told: str
) -> None:
    a_store(tmp_path, {"average": [150], "lae": [170]})
    with pytest.raises(BadInput, match=re.escape(told)):
        pb.open_store(tmp_path).select(**asked)
    assert len(pb.open_store(tmp_path).select(seed=np.int64(0))) == 2


def test_a_report_of_selected_runs_is_of_these_alone(tmp_path: Path) -> None:
    a_store(tmp_path, {"average": [150, 152], "lae": [170, 171], "lae-head": [180, 190]})
    runs = pb.open_store(tmp_path)
    assert pb.report(runs.select()).tables == pb.report(runs).tables
    found = pb.report(runs.select(variant="lae*")).tables[0]
    assert [row["variant"] for row in found.records] == ["lae", "lae-head"]
    seeds = pb.report(runs.select(seed=1)).tables[0]
    assert [row["n"] for row in seeds.records] == [1, 1, 1]
    with pytest.raises(NothingMatched, match=r"none of the runs of .* is selected"):
        pb.report(runs.select(variant="gem*"))


def test_only_selected_runs_are_measured(tmp_path: Path) -> None:
    quietly: dict[str, Any] = {"jobs": 1, "engine": "inline", "device": "cpu", "progress": False}
    summary = pb.train(yaml.safe_load(TINY), store=tmp_path, **quietly)
    assert repr(summary).startswith("4 cells trained, 0 already stored; ")  # as in notebooks
    runs = pb.open_store(tmp_path)
    pb.robustness(runs.select(seed=0), attack="fgsm", epsilons=0.1, **quietly)
    assert {(run.seed, len(run.measurements)) for run in runs} == {(0, 1), (1, 0)}


def test_a_damaged_measurement_is_told_with_its_run(tmp_path: Path) -> None:
    study = a_store(tmp_path, {"average": [150]})
    probed(tmp_path, study, {"average": [100]})
    (run,) = pb.open_store(tmp_path)
    assert len(run.measurements) == 1
    (path,) = tmp_path.glob("runs/*/probes/*.json")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(EnvironmentFault, match=f"the run {run.id} .* is damaged"):
        _ = run.measurements
