"""``model:`` as a list: cells, labels, identities, and what a list cannot be."""

from __future__ import annotations

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.study import read_study
from tests.suite.small import SUITE

TWO = "model=[{name: wrn, depth: 10}, {name: wrn, depth: 16}]"
OF_DEFAULTS = f"{SUITE.partition('variants:')[0]}variants:\n  a: {{}}\n"


def test_each_network_trains_the_cells_that_it_trains_alone(load_text) -> None:
    both = load_text(overrides=[TWO])
    assert both.networks == ("wrn depth 10", "wrn depth 16")
    assert len(both.parts) == 2
    for part, depth in zip(both.parts, (10, 16), strict=True):
        alone = load_text(overrides=[f"model={{name: wrn, depth: {depth}}}"])
        assert [cell.id for cell in part.cells] == [cell.id for cell in alone.cells]
        assert {cell.model.network.options["depth"] for cell in part.cells} == {depth}
        assert part.title == f"{both.title} · wrn depth {depth}"
    assert len(both.cells) == sum(len(part.cells) for part in both.parts)


def test_a_list_of_one_is_the_network(load_text) -> None:
    one, alone = load_text(overrides=["model=[wrn]"]), load_text()
    assert one.cells == alone.cells
    assert one.parts == (one,)
    assert "network_label" not in one.cells[0].to_json()


def test_labels_are_names_where_names_differ(load_text) -> None:
    study = load_text(OF_DEFAULTS, overrides=["data=mnist", "model=[wrn, lenet]"])
    assert study.networks == ("wrn", "lenet")
    assert [str(cell) for cell in study.cells[::2]] == [
        "a · wrn · mnist · seed 0", "a · lenet · mnist · seed 0",
    ]  # fmt: skip


def test_only_and_options_reach_every_network(load_text) -> None:
    study = load_text(overrides=[TWO, "model.width=2"], only=["smooth@1"])
    assert [(cell.network_label, cell.variant, cell.seed) for cell in study.cells] == [
        ("wrn depth 10", "smooth", 1), ("wrn depth 16", "smooth", 1),
    ]  # fmt: skip
    assert {cell.model.network.options["width"] for cell in study.cells} == {2}
    assert [len(part.whole.cells) for part in study.parts] == [4, 4]


def test_a_stored_study_keeps_its_networks(load_text) -> None:
    import json

    study = load_text(overrides=[TWO], only=["smooth"])
    assert read_study(json.dumps(study.to_json())) == study


def test_several_networks_are_no_replicates_of_one(load_text) -> None:
    study = load_text(overrides=[TWO])
    with pytest.raises(ValueError, match="several networks: wrn depth 10, wrn depth 16"):
        study.cells_on("digits")
    assert [len(cells) for _, _, cells in study.conditions()] == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["model=[]"], "model: expected at least one network, got an empty list"),
        (["model=[wrn, {name: wrn, depth: 16}]"], "the network 'wrn' is given twice"),
        (["model=[wrn, wnr]"], "unknown model 'wnr'"),
        (
            ["data=mnist", "model=[wrn, lenet]", "variants={a: {pools: {head: lae}}}"],
            "lenet has no site 'head'",
        ),
        (
            [TWO, "variants={a: {model: wrn}}"],
            "variant 'a' names a network, where `model` lists several",
        ),
        (
            [TWO, "variants={a: {model: {name: wrn, depth: 12}}}"],
            "variant 'a' names a network, where `model` lists several",
        ),
        (
            ["data=mnist", "model=[wrn, lenet]", "variants={a: {model: {width: 2}}}"],
            "unknown key 'width'",
        ),
        (
            [TWO, "variants={average: {model: {depth: 16}}, b: {pools: average}}"],
            "variants 'average' and 'b' describe the same training",
        ),
        ([TWO, "analysis={published: {average: [5, 1]}}"], "published values of which network?"),
        ([TWO, "search=coordinate"], "a search finds recipes for one network"),
        ([TWO, "seeds=30000"], "120,000 cells; a suite has at most 100,000"),
    ],
)
def test_what_a_list_of_networks_cannot_be(load_text, overrides: list[str], told: str) -> None:
    with pytest.raises(BadInput) as raised:
        load_text(overrides=overrides)
    assert told in str(raised.value)


def test_no_list_is_needed_to_say_how_a_network_differs_from_its_file(load_text) -> None:
    text = SUITE.replace("model: wrn", TWO.replace("=", ": ", 1))
    study = load_text(text, overrides=["model.width=2"])
    assert [each.text for each in study.analysis.differences] == ["model.width 2 instead of 4"]
