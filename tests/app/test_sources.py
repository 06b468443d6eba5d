"""Every table and figure of the sources has its suite, with the numbers that are printed there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from poolbench.app import suites
from poolbench.app.suite_index import Shipped, shipped_suites
from poolbench.core.cell import Cell
from poolbench.suite.document import read_document
from poolbench.suite.faults import Faults

PRINTED: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("sources.yaml").read_text())
PLACES = [(work, place) for work, places in PRINTED["places"].items() for place in places]
RESULTS = {
    suite: {name: tuple(row[2 * at : 2 * at + 2]) for name, row in table["rows"].items()}
    for table in PRINTED["results"]
    for at, suite in enumerate(table["suites"])
}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Shipped]:
    return {suite.name: suite for suite in shipped_suites()}


@pytest.fixture(scope="module")
def named() -> dict[str, set[tuple[str, str]]]:
    """Return the tables, figures and appendices that each suite names as its source."""
    return {name: set(_named(name)) for name in suites.names()}


def _named(name: str) -> list[tuple[str, str]]:
    document = read_document(suites.find(name), None, (), Faults())
    source = document.entries.get("source")
    found = {key: str(node.value) for key, node in source.entries.items()} if source else {}
    work = found.get("paper") or found.get("post", "")
    places = [f"{key} {found[key]}" for key in ("table", "figure", "appendix") if key in found]
    places += [f"figure {number}" for number in re.findall(r"\d+", found.get("figures", ""))]
    if "hyperparameters" in found:
        places.append(found["hyperparameters"])
    return [(work, place) for place in places]


def _recipe(cell: Cell) -> dict[str, Any]:
    return {**cell.recipe.optimizer.options, **cell.recipe.schedule.options}


@pytest.mark.parametrize(("work", "place"), PLACES, ids=lambda text: str(text)[:30])
def test_every_table_and_figure_has_its_suites_or_a_reason(
    work: str, place: str, named: dict[str, set[tuple[str, str]]]
) -> None:
    here = {name for name, places in named.items() if (work, place) in places}
    stated = PRINTED["places"][work][place]
    if isinstance(stated, str):
        assert not here
        return
    assert here
    for pattern in stated:
        assert any(fnmatchcase(name, pattern) for name in here), pattern
    assert [n for n in here if not any(fnmatchcase(n, pattern) for pattern in stated)] == []


def test_no_suite_names_a_place_that_its_source_lacks(
    named: dict[str, set[tuple[str, str]]],
) -> None:
    assert set().union(*named.values()) <= set(PLACES)


@pytest.mark.parametrize("name", suites.names())
def test_every_suite_has_a_smoke_profile(name: str) -> None:
    faults = Faults()
    read_document(suites.find(name), "smoke", (), faults)
    assert not faults, faults.error()


@pytest.mark.parametrize("name", RESULTS)
def test_published_results_are_the_printed_ones(name: str, shipped: dict[str, Shipped]) -> None:
    study = shipped[name].study
    assert study is not None
    assert list(study.variants) == list(RESULTS[name])
    assert study.analysis.published[study.datasets[0]] == RESULTS[name]


@pytest.mark.parametrize("printed", PRINTED["recipes"])
def test_hyper_parameters_are_those_of_the_table_that_a_suite_names(
    printed: str, shipped: dict[str, Shipped], named: dict[str, set[tuple[str, str]]]
) -> None:
    table = PRINTED["recipes"][printed]
    work = "Lowe, Trappenberg, Oore 2021"
    used = [name for name in named if (work, printed) in named[name]]
    checked = set()
    for name in used:
        study = shipped[name].study
        assert study is not None
        source = study.cells[0].data.source
        column = f"{source.name}{source.options.get('size_px', '')}"
        # Figures 6 and 7 train every operator with the recipe of average pooling.
        is_shared = not {(work, "figure 6"), (work, "figure 7")}.isdisjoint(named[name])
        for cell in study.cells:
            row = "average" if is_shared else re.sub(r"-t\d+", "", cell.variant)
            expected = dict(zip(table["columns"], table["rows"][row][column], strict=True))
            assert _recipe(cell).items() >= expected.items(), (name, cell.variant)
            checked.add((row, column))
    assert checked == {(row, column) for row in table["rows"] for column in table["rows"][row]}


def test_the_toy_pairs_are_published_as_printed(shipped: dict[str, Shipped]) -> None:
    settings = shipped["contraction/table2-toy"].contraction
    assert settings is not None
    published = {
        pair.source.options["kappa"]: [
            pair.published[key] for key in ("inputs", "features", "average", "max")
        ]
        for pair in settings.data
    }
    assert published == PRINTED["toy-pair"]
