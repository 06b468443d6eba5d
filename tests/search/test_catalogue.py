"""The catalogue of searches: every entry is one, and is listed with an example that is right."""

from __future__ import annotations

import pytest
import yaml

from poolbench.app.listing import describe
from poolbench.core.catalogue import SearchEntry
from poolbench.core.options import Option, check_options
from poolbench.search import SEARCHES
from poolbench.suite.schema import SearchForm

NEEDED = {"coordinate": {}, "shrinking-random": {}, "optuna": {"sampler": "tpe", "trials": 9}}
every_search = pytest.mark.parametrize("name", SEARCHES)


@every_search
def test_an_entry_resolves_to_a_search_of_its_options(name: str) -> None:
    entry = SEARCHES[name]
    assert entry.fault() == ""
    search = SEARCHES.resolve(name)(**check_options(name, entry.options, NEEDED[name]))
    for option, index in search.names.values():
        assert entry.options[option].many
        assert index < len(entry.options[option].default)


@every_search
def test_it_is_listed_with_a_line_for_a_suite(name: str) -> None:
    facts, options, *_ = describe("searches", name)
    (line,) = [row[1].text for row in facts.rows if row[0].text == "in a suite"]
    shown = yaml.safe_load(line)["search"]
    assert shown.pop("name") == name
    checked = check_options(name, SEARCHES[name].options, {**shown, **NEEDED[name]})
    assert checked == check_options(name, SEARCHES[name].options, NEEDED[name])
    assert len(options.rows) == len(SEARCHES[name].options)


@every_search
def test_what_every_search_takes_is_listed_and_nothing_internal_is(name: str) -> None:
    _, _, shared, in_full = describe("searches", name)
    # Every key of the section but its name.
    assert [row[0].text for row in shared.rows] == [
        key for key in SearchForm.model_fields if key != "name"
    ]
    shown = " ".join(cell.text for row in in_full.rows for cell in row)
    assert not [word for word in (":mod:", "Outcome.", "Score.") if word in shown]
    # The options have a table, and the rules are a page of prose.
    assert {row[0].text for row in in_full.rows} - {"Properties"} == {"", "References"}
    assert all(len(row[1].text) < 400 for row in in_full.rows)
    assert in_full.rows[0][1].text


@pytest.mark.parametrize("name", ["name", "start", "epochs", "holdout"])
def test_what_a_suite_reads_itself_is_no_option_s_name(name: str) -> None:
    entry = SearchEntry(target="m:S", summary="", options={name: Option(kind=int)})
    assert "reserved name" in entry.fault()
