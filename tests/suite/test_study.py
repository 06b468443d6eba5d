"""From a suite to its study: what the cells hold, what changes their identity, what is left out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from poolbench.core.errors import BadInput, NothingMatched
from poolbench.core.named import Named
from poolbench.core.study import Execution, Study, read_study
from tests.suite.small import CATALOGUES, SUITE

PAPER = """\
schema: 1
title: LogAvgExp, Table 1, CIFAR-10
source: {paper: "Lowe, Trappenberg, Oore 2021", table: 1}
data: {name: cifar10, augment: autoaugment}
model: {name: wrn, depth: 18, width: 6}
recipe:
  epochs: 48
  batch_size: 256
  optimizer: {name: sgd, lr: 0.4, momentum: 0.9, weight_decay: 4e-4}
  schedule: {name: ramp, warmup_epochs: 6}
seeds: 30
baseline: average
variants:
  average:
    pools: {head: average}
    recipe: {optimizer: {lr: 0.64, weight_decay: 0.001024, momentum: 0.3446}}
  lae-train:
    pools: {head: {name: lae, learn: layer}}
    recipe: {optimizer: {lr: 0.25, weight_decay: 6.4e-4, momentum: 0.84}}
analysis:
  metric: error
  test: wilcoxon
  alpha: 0.05
  published: {average: [5.26, 0.15], lae-train: [4.98, 0.12]}
execution: {device: auto, precision: fp32, jobs: auto}
profiles:
  smoke: {seeds: 2, recipe: {epochs: 1}, data: {limit: 2000}}
"""


def _ids(study: Study) -> list[str]:
    return [cell.id for cell in study.cells]


def test_the_suite_of_a_paper_becomes_the_study_it_describes(load_text) -> None:
    study = load_text(PAPER)
    assert study.title == "LogAvgExp, Table 1, CIFAR-10"
    assert study.source == {"paper": "Lowe, Trappenberg, Oore 2021", "table": 1}
    assert study.origin == "s.yaml"
    assert study.variants == ("average", "lae-train")
    assert study.datasets == ("cifar10",)
    assert study.seeds == tuple(range(30))
    assert study.baseline == "average"
    assert len(study.cells) == 60
    cell = study.cells[-1]
    assert (cell.variant, cell.seed) == ("lae-train", 29)
    assert cell.data.checksum == "checksum of cifar10"
    assert cell.data.augment == (Named(name="autoaugment", options={}),)
    assert cell.model.network == Named(
        name="wrn", options={"depth": 18, "width": 6, "se": False}, revision=1
    )
    assert cell.model.pools == {"head": Named(name="lae", options={"temperature": 1.0,
                                                                   "learn": "layer"})}  # fmt: skip
    assert cell.recipe.optimizer.options == {"lr": 0.25, "momentum": 0.84, "weight_decay": 6.4e-4}
    assert cell.recipe.schedule == Named(name="ramp", options={"warmup_epochs": 6.0})
    assert (cell.recipe.epochs, cell.recipe.batch_size, cell.recipe.precision) == (48, 256, "fp32")
    assert study.analysis.metric == "error"
    assert study.analysis.paired
    assert study.analysis.published == {
        "cifar10": {"average": (5.26, 0.15), "lae-train": (4.98, 0.12)}
    }
    assert study.execution == Execution()


def test_two_spellings_of_one_suite_give_the_same_cells(load_text) -> None:
    spelled_out = """\
variants:
  mean: {pools: {head: {name: average}}}
  soft:
    pools: {head: {learn: none, temperature: 4.0, name: lae}}
    recipe: {label_smoothing: 0}
seeds: {start: 0, count: 2}
recipe:
  schedule: {name: constant}
  optimizer: {momentum: 0, lr: 1/10, name: sgd, weight_decay: 0e0}
  batch_size: 0x20
  epochs: 02
  pool_lr_factor: 1
model: {name: wrn, width: 4}
data: [{name: digits, size_px: 8, validation: 0, augment: [], limit: null}]
schema: 1
"""
    assert _ids(load_text(spelled_out)) == _ids(load_text(SUITE))


@pytest.mark.parametrize(
    "override",
    [
        "title=other",
        "source={paper: other}",
        "baseline=smooth",
        "execution={device: cpu, jobs: 7, threads: 3, captured: true}",
        "analysis={metric: error, rule: paper, alpha: 0.01, margin: 1}",
    ],
)
def test_what_changes_no_result_changes_no_id(load_text, override: str) -> None:
    assert _ids(load_text(overrides=[override])) == _ids(load_text())


@pytest.mark.parametrize(
    "override",
    [
        "execution.precision=bf16",
        "seeds=[2, 3]",
        "data.limit=100",
        "data.fold=1",
        "data.validation=0.2",
        "data.augment=flip",
        "data.size_px=9",
        "model.width=5",
        "model.se=true",
        "recipe.epochs=3",
        "recipe.batch_size=33",
        "recipe.label_smoothing=0.1",
        "recipe.pool_lr_factor=2",
        "recipe.optimizer.lr=0.2",
        "recipe.schedule={name: ramp, warmup_epochs: 1}",
    ],
)
def test_what_changes_a_result_changes_every_id(load_text, override: str) -> None:
    assert not set(_ids(load_text(overrides=[override]))) & set(_ids(load_text()))


def test_the_order_of_augmentations_is_kept_and_part_of_the_identity(load_text) -> None:
    one = load_text(overrides=["data.augment=[flip, {name: crop, padding: 2}]"])
    other = load_text(overrides=["data.augment=[{name: crop, padding: 2}, flip]"])
    assert [link.name for link in one.cells[0].data.augment] == ["flip", "crop"]
    assert one.cells[0].id != other.cells[0].id


def test_a_site_that_is_not_named_keeps_its_default(load_text) -> None:
    text = SUITE.replace("digits", "mnist").replace("wrn", "lenet")
    text = text.replace("head:", "pool2:")
    pools = load_text(text, only=["smooth"]).cells[0].model.pools
    assert {site: operator.name for site, operator in pools.items()} == {
        "pool1": "max",
        "pool2": "lae",
    }


def test_one_operator_goes_to_every_site_there_is(load_text) -> None:
    text = SUITE.replace("model: wrn", "model: {name: wrn, se: true}")
    study = load_text(text.replace("average: {pools: average}", "m: {pools: max}"), only=["m"])
    assert {site: operator.name for site, operator in study.cells[0].model.pools.items()} == {
        "se": "max",
        "head": "max",
    }


def test_cells_go_by_data_set_then_variant_then_seed_and_each_data_set_is_read_once(
    load_text,
) -> None:
    asked: list[str] = []

    def fingerprint(source: Named) -> str:
        asked.append(source.name)
        return source.name

    study = load_text(overrides=["data=[digits, cifar10]"], fingerprint=fingerprint)
    assert asked == ["digits", "cifar10"]
    assert [(cell.data.checksum, cell.variant, cell.seed) for cell in study.cells] == [
        (dataset, variant, seed)
        for dataset in ("digits", "cifar10")
        for variant in ("average", "smooth")
        for seed in (0, 1)
    ]


def test_no_data_are_looked_at_when_a_suite_has_faults(load_text) -> None:
    def fingerprint(source: Named) -> str:
        raise AssertionError(source)

    with pytest.raises(BadInput):
        load_text(overrides=["recipe.epochs=0"], fingerprint=fingerprint)


@pytest.mark.parametrize(
    ("only", "kept"),
    [
        (["smoo*"], [("smooth", 0), ("smooth", 1)]),
        (["average@1"], [("average", 1)]),
        (["*@1", "average"], [("average", 0), ("average", 1), ("smooth", 1)]),
        (["lp[p=4]"], [("lp[p=4]", 0), ("lp[p=4]", 1)]),
    ],
)
def test_only_keeps_the_variants_and_cells_it_names(load_text, only, kept) -> None:
    text = SUITE.replace("seeds: 2", "seeds: 2\nbaseline: average") + "  lp[p=4]: {pools: max}\n"
    if only[0].startswith("*"):
        only, text = only, text.replace("  lp[p=4]: {pools: max}\n", "")
    study = load_text(text, only=only)
    assert [(cell.variant, cell.seed) for cell in study.cells] == kept
    assert study.variants == tuple(dict.fromkeys(variant for variant, _ in kept))
    assert study.seeds == tuple(sorted({seed for _, seed in kept}))
    # The rest is still of the suite: a test of some variants is corrected as a test of all.
    assert study.baseline == "average"
    assert study.whole == replace(load_text(text), arguments=study.arguments)
    assert read_study(json.dumps(study.to_json())) == study


def test_a_glob_that_selects_nothing_is_told_with_the_variants_there_are(load_text) -> None:
    with pytest.raises(NothingMatched) as caught:
        load_text(only=["smooth", "lea*"])
    assert caught.value.message == "--only 'lea*' matches no variant"
    assert caught.value.hint == "variants: average, smooth"


def test_published_values_of_another_data_set_of_the_catalogue_are_left_out(load_text) -> None:
    published = "analysis.published={cifar10: {average: [1, 2]}, digits: {smooth: [3, 4]}}"
    assert load_text(overrides=[published]).analysis.published == {"digits": {"smooth": (3.0, 4.0)}}


@pytest.mark.parametrize("text", ["[[average, smooth]]", "\n    - [average, smooth]"])
def test_planned_pairs_are_read_and_every_wrong_one_is_told(load_text, text: str) -> None:
    study = load_text(f"{SUITE}analysis:\n  planned: {text}\n")
    assert study.analysis.planned == (("average", "smooth"),)
    assert read_study(json.dumps(study.to_json())) == study
    wrong = "[[average, smoth], [smooth, smooth], [average, smooth], [smooth, average]]"
    with pytest.raises(BadInput) as caught:
        load_text(f"{SUITE}analysis: {{planned: {wrong}}}\n")
    for words in ("unknown variant 'smoth'", "cannot be compared with itself", "planned twice"):
        assert words in caught.value.message
    with pytest.raises(BadInput, match="expected a list of pairs"):
        load_text(f"{SUITE}analysis: {{planned: [average, smooth]}}\n")


def test_a_gate_may_allow_lost_runs(load_text) -> None:
    gates = "gates: [{fail_if: accuracy < 1%, allow: [diverged, collapsed]}]\n"
    (gate,) = load_text(SUITE + gates).gates
    assert gate.allow == ("diverged", "collapsed")
    with pytest.raises(BadInput, match="diverged, collapsed"):
        load_text(f"{SUITE}gates: [{{fail_if: accuracy < 1%, allow: [lost]}}]\n")


def test_a_suite_without_a_title_is_called_after_its_file(load_text) -> None:
    assert load_text().title == "s"


def test_a_hundred_thousand_cells_are_spelled_out_within_five_seconds(load_text) -> None:
    started = time.process_time()
    study = load_text(overrides=["seeds=50000"])
    assert len(study.cells) == 100_000
    assert time.process_time() - started < 5.0


def test_loading_a_suite_imports_no_torch() -> None:
    program = "import sys, poolbench.suite.load; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_option_may_have_any_name_and_a_default_of_nothing(load_text) -> None:
    from poolbench.core.catalogue import Entry
    from poolbench.core.options import Option

    names = ("copy", "json", "model_dump", "class", "model_config", "_private", "a b")
    entry = Entry(
        target="tests.suite.small:odd",
        summary="",
        options={name: Option(kind=float, default=None, minimum=0) for name in names},
    )
    CATALOGUES.schedules.add("odd", entry)
    try:
        study = load_text(overrides=["recipe.schedule={name: odd, copy: 1, a b: 2}"])
    finally:
        del CATALOGUES.schedules._entries["odd"]
    assert study.cells[0].recipe.schedule.options == dict.fromkeys(names) | {"copy": 1, "a b": 2}


@pytest.mark.parametrize("gates", ["accuracy < 90%", "[accuracy < 90%]"])
def test_gates_that_are_a_bare_condition_are_answered_with_how_to_write_one(
    load_text, gates: str
) -> None:
    with pytest.raises(BadInput, match=re.escape("gates: [{fail_if: 'accuracy < baseline")):
        load_text(SUITE + f"gates: {gates}\n")


def test_gates_change_no_id_and_come_back_from_the_store(load_text) -> None:
    text = SUITE + "gates:\n  - {fail_if: accuracy < baseline - 0.5pp, only: smooth}\n"
    study = load_text(text)
    assert _ids(study) == _ids(load_text())
    assert study.id == load_text().id
    assert (study.gates[0].text, study.gates[0].only) == ("accuracy < baseline - 0.5pp", "smooth")
    document = json.loads(json.dumps(study.to_json()))
    assert read_study(json.dumps(document)) == study
    del document["gates"]  # as an older version wrote it
    assert read_study(json.dumps(document)) == replace(study, gates=())


def test_probes_change_no_id_and_come_back_from_the_store(load_text) -> None:
    text = SUITE + "probes:\n  fgsm: {epsilons: [0, 1/255]}\n  pgd:\n"
    study = load_text(text)
    assert _ids(study) == _ids(load_text())
    assert study.id == load_text().id
    assert study.probes == (
        Named(name="fgsm", options={"epsilons": (0.0, 1 / 255)}),
        Named(name="pgd", options={"epsilons": (0.0, 4 / 255), "steps": 40}),
    )
    document = json.loads(json.dumps(study.to_json()))
    assert read_study(json.dumps(document)) == study
    del document["probes"]  # as an older version wrote it
    assert read_study(json.dumps(document)) == replace(study, probes=())


def test_resolution_spreads_to_its_modes(load_text) -> None:
    study = load_text(SUITE + "probes: {resolution: {modes: [crop, zoom], sizes: [6, 8]}}\n")
    assert [probe.name for probe in study.probes] == ["crop", "zoom"]
    assert all(probe.options == {"sizes": (6, 8)} for probe in study.probes)
    every = load_text(SUITE + "probes: {resolution: {}}\n")
    assert [probe.name for probe in every.probes] == ["zoom", "crop"]


def test_a_gate_on_an_area_needs_its_probe_in_the_suite(load_text) -> None:
    text = SUITE + "gates: [{fail_if: zoom.area < 50%}]\n"
    with pytest.raises(BadInput, match=r"unknown metric 'zoom\.area'"):
        load_text(text)
    assert load_text(text + "probes: {zoom: {sizes: [8, 12]}}\n").gates[0].metric == "zoom.area"


def test_cells_that_are_read_share_what_seeds_share(load_text) -> None:
    """Each part writes its identity once: of 50,000 cells in 0.3 s instead of 8."""
    study = load_text()
    read = read_study(json.dumps(study.to_json()))
    first, second, *_, last = read.cells
    assert [cell.id for cell in read.cells] == [cell.id for cell in study.cells]
    for part in ("data", "model", "recipe"):
        assert getattr(first, part) is getattr(second, part)
    assert first.model is not last.model
