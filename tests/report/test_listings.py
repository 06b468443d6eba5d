"""Listings of entries, runs, sites and suites that are made up here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from poolbench.core.catalogue import (
    Catalogue,
    DataEntry,
    Entry,
    FormatEntry,
    ModelEntry,
    OperatorEntry,
    ProbeEntry,
    SearchEntry,
    Site,
)
from poolbench.core.contraction import ContractionSettings, PairSource
from poolbench.core.finding import Finding
from poolbench.core.named import Named
from poolbench.core.options import Option
from poolbench.core.plugin_source import PluginSource
from poolbench.core.record import Result
from poolbench.core.search import SearchSpec
from poolbench.core.shipped import Shipped
from poolbench.core.sites import NetworkSites
from poolbench.core.study import Analysis
from poolbench.report.listings.catalogue import entry_table, family_table, options_table
from poolbench.report.listings.docstring import docstring_table
from poolbench.report.listings.machine import machine_table
from poolbench.report.listings.runs import ListedRun, runs_table
from poolbench.report.listings.sites import sites_table
from poolbench.report.listings.suites import GpuHours, suite_table, suites_table
from poolbench.report.table import Table
from tests.cells import a_cell, a_study

SHARE = Option(kind=float, default=0.5, help="share of the max")
PLAIN: dict[str, Any] = {"target": "somewhere:Thing", "summary": "a thing"}
SITES = (
    Site(name="downsample", scope="windowed", default="max"),
    Site(name="se", scope="global", default="average", needs="se"),
)


def texts(table: Table) -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in table.rows]


def facts(family: str, entry: Entry, name: str = "thing") -> list[tuple[str, ...]]:
    first, *others = texts(entry_table(family, name, entry))
    assert first == ("summary", "a thing")
    return others


def test_options_are_listed_with_their_values_defaults_and_meaning() -> None:
    options = {
        "eps": Option(kind=float, default=8 / 255, minimum=0.0, help="reach"),
        "share": SHARE,
        "odd": Option(kind=float, default=0.12345678901),
        "small": Option(kind=float, default=1 / 999),
        "smaller": Option(kind=float, default=1 / 1001),
        "orders": Option(kind=int, many=True, default=(0, 3)),
        "bounded": Option(kind=bool, default=False),
        "mode": Option(kind=str, default="Nearest-exact"),
        "path": Option(kind=str),
    }
    table = options_table("thing", options)
    assert table.title == "options of thing"
    assert texts(table) == [
        ("eps", "number >= 0", "8/255", "reach"),
        ("share", "number", "0.5", "share of the max"),
        ("odd", "number", "0.12345678901", ""),
        ("small", "number", "1/999", ""),
        ("smaller", "number", str(1 / 1001), ""),
        ("orders", "list of whole numbers", "[0, 3]", ""),
        ("bounded", "true | false", "false", ""),
        ("mode", "text", "Nearest-exact", ""),
        ("path", "text", "required", ""),
    ]
    assert [dict(record)["option"] for record in table.records] == list(options)
    assert all(column.is_text for column in table.columns)


def test_an_operator_is_listed_with_its_formula_and_how_a_suite_names_it() -> None:
    operator = OperatorEntry(
        **PLAIN, formula="f(z)", scopes=("windowed",), learns="alpha", revision=3,
        options={"share": SHARE, "orders": Option(kind=int, many=True)}, reference="X 2020",
    )  # fmt: skip
    assert facts("operators", operator) == [
        ("formula", "f(z)"),
        ("scopes", "windowed"),
        ("learns", "alpha"),
        ("reference", "X 2020"),
        ("revision", "3"),
        ("in a suite", "pools: {head: {name: thing, share: 0.5, orders: ...}}"),
    ]
    source = PluginSource(name="mine.py", version="1234")
    plain = OperatorEntry(**PLAIN, formula="g(z)", plugin=source)
    assert facts("operators", plain) == [
        ("formula", "g(z)"),
        ("scopes", "global, windowed"),
        ("plug-in", str(source)),
        ("revision", "1"),
        ("in a suite", "pools: {head: thing}"),
    ]
    both = Catalogue("operator", {"thing": operator, "other": plain})
    assert texts(family_table("operators", both)) == [
        ("thing", "f(z)", "a thing"),
        ("other", "g(z)", "a thing"),
    ]


def test_a_network_is_listed_with_its_sites_and_the_images_it_takes() -> None:
    network = ModelEntry(**PLAIN, sites=SITES, parameters="1 M")
    sites = "downsample (windowed, default max); se (global, default average, with se: true)"
    assert facts("models", network)[:3] == [
        ("sites", sites), ("parameters", "1 M"), ("input", "any size"),
    ]  # fmt: skip
    fixed = replace(network, input_shape=(1, 28, 28))
    assert ("input", "1x28x28 only") in facts("models", fixed)
    listed = family_table("models", Catalogue("model", {"thing": network}))
    assert texts(listed) == [("thing", "downsample, se", "a thing")]


def test_data_are_listed_with_their_images_as_far_as_the_entry_knows_them() -> None:
    known = DataEntry(
        **PLAIN, shape=(1, 28, 28), num_classes=10, counts=(60_000, 10_000), checksum="c0ffee",
        license="free",
    )  # fmt: skip
    images = "60,000 + 10,000 of 1x28x28, 10 classes"
    assert facts("data", known)[:-2] == [
        ("images", images), ("checksum", "c0ffee"), ("origin", "free"),
    ]  # fmt: skip
    assert facts("data", DataEntry(**PLAIN))[0] == ("images", "depends on the options")
    listed = family_table("data", Catalogue("data set", {"thing": known}))
    assert texts(listed) == [("thing", images, "a thing")]
    of_files = DataEntry(**PLAIN, find="somewhere:find", shape=(3, 32, 32))
    assert facts("data", of_files)[:-2] == [("images", "depends on the files")]
    # Where an option is given, the data set is a mapping anyway.
    assert facts("data", known)[-1] == ("in a suite", "data: {name: thing}")
    with_option = replace(known, options={"share": SHARE})
    assert facts("data", with_option)[-1][1] == "data: {name: thing, share: 0.5}"


@pytest.mark.parametrize(
    ("family", "entry", "known", "line"),
    [
        ("augmentations", Entry(**PLAIN), [], "data: {name: cifar10, augment: [thing]}"),
        ("optimizers", Entry(**PLAIN), [], "recipe: {optimizer: thing}"),
        ("searches", SearchEntry(**PLAIN), [], "search: thing"),
        ("schedules", Entry(**PLAIN), [], "recipe: {schedule: thing}"),
        ("engines", Entry(**PLAIN), [], "poolbench train SUITE --engine thing"),
        ("formats", FormatEntry(**PLAIN), [], "poolbench report SUITE --format thing"),
        (
            "formats",
            FormatEntry(**PLAIN, suffix=".tsv"),
            [("suffix", ".tsv")],
            "poolbench report SUITE --format thing",
        ),
        (
            "probes",
            ProbeEntry(**PLAIN, axis="size_px", options={"share": SHARE}),
            [("over", "size_px")],
            "probes: {thing: {share: 0.5}}",
        ),
    ],
)
def test_every_family_says_where_a_suite_or_command_names_it(
    family: str, entry: Entry, known: list[tuple[str, str]], line: str
) -> None:
    assert facts(family, entry) == [*known, ("revision", "1"), ("in a suite", line)]


def test_an_option_left_out_by_default_is_not_in_the_example() -> None:
    options = {"limit": Option(kind=int, default=None), "share": SHARE}
    (*_, (_, line)) = facts("schedules", Entry(**PLAIN, options=options))
    assert line == "recipe: {schedule: {name: thing, share: 0.5}}"
    both = Catalogue("schedule", {"thing": Entry(**PLAIN, options=options)})
    listed = family_table("schedules", both)
    assert [column.title for column in listed.columns] == ["name", "options", "summary"]
    assert texts(listed) == [("thing", "limit, share", "a thing")]


def test_sites_are_listed_with_the_maps_and_windows_they_pool() -> None:
    window = {"channels": 8, "grid": (16, 12), "kernel_size": 3, "stride": 2}
    found = NetworkSites(
        network="net", switched_on=("se",), image_shape=(3, 32, 24), num_classes=10,
        parameters=1_234_567, sites=SITES,
        calls={
            "downsample": (window, window, {**window, "channels": 16, "padding": 1}),
            "se": ({"channels": 4, "grid": (2, 1)},),
        },
    )  # fmt: skip
    table = sites_table(found)
    assert table.title == "sites of net on 3x32x24 images, se: true"
    assert texts(table) == [
        ("downsample", "windowed", "max", "8x16x12 (2), 16x16x12",
         "3, stride 2, padding 0; 3, stride 2, padding 1"),
        ("se", "global", "average", "4x2x1", "whole map"),
    ]  # fmt: skip
    assert table.notes == ("1,234,567 parameters with 10 classes",)


def test_runs_are_listed_with_their_accuracy_or_what_is_wrong_with_them() -> None:
    cell = a_cell("max", 3)
    result = Result(status="ok", correct=7, total=8, test_loss=0.5, parameters=1, epochs=1)
    lost = replace(result, status="diverged", correct=0, test_loss=None)
    table = runs_table(
        "runs",
        [
            ListedRun(id="a", cell=cell, result=result),
            ListedRun(id="b", cell=cell, result=lost),
            ListedRun(id="c", damage="result.json is torn"),
            ListedRun(id="d", cell=cell, damage="result.json is gone"),
        ],
    )
    assert [column.is_text for column in table.columns] == [True, True, True, False]
    names = ("id", "variant", "dataset", "seed", "status", "accuracy")
    assert [tuple(record[name] for name in names) for record in table.records] == [
        ("a", "max", "digits", 3, "ok", 0.875),
        ("b", "max", "digits", 3, "diverged", None),
        ("c", None, None, None, "damaged", None),
        ("d", None, None, None, "damaged", None),
    ]
    assert [row[3].text for row in table.rows] == ["87.50 %", "–", "–", "–"]
    assert [row[1].text for row in table.rows] == [
        str(cell), str(cell), "result.json is torn", "result.json is gone",
    ]  # fmt: skip


def test_a_machine_is_listed_finding_by_finding() -> None:
    found = Finding(what="gpu", level="note", detail="none", advice="buy one")
    assert texts(machine_table([found])) == [("gpu", "note", "none", "buy one")]


def suite(variants: int, seeds: int, *, baseline: bool, **analysis: Any) -> Shipped:
    study = a_study(tuple(f"v{k}" for k in range(variants)), seeds)
    study = replace(study, baseline="v0" if baseline else "", analysis=Analysis(**analysis))
    return Shipped(
        name="s", kind="train", title="A suite", source="X", study=study, contraction=None
    )


@pytest.mark.parametrize(
    ("variants", "seeds", "baseline", "analysis", "shows"),
    [
        (1, 9, False, {}, "one variant, nothing to compare"),
        # 2 / C(8, 4) = 0.029 and 2 / C(6, 3) = 0.1.
        (2, 4, True, {}, "differences (that needs 4 seeds)"),
        (2, 3, True, {}, "no difference (that needs 4 seeds)"),
        # Two pairs with the baseline double the smallest p, three pairs triple it.
        (3, 5, True, {}, "differences (that needs 5 seeds)"),
        (3, 5, False, {"alpha": 0.03}, "differences (that needs 5 seeds)"),
        (3, 5, False, {"alpha": 0.02}, "no difference (that needs 6 seeds)"),
        (3, 5, True, {"alpha": 0.02}, "differences (that needs 5 seeds)"),
        # By seeds 2 / 2^n: 1/32 for six, and five pairs need n = 8.
        (2, 6, True, {"paired": True}, "differences (that needs 6 seeds)"),
        (6, 7, True, {"paired": True}, "no difference (that needs 8 seeds)"),
    ],
)
def test_a_suite_shows_differences_if_its_seeds_can_reach_the_level_of_the_family(
    variants: int, seeds: int, baseline: bool, analysis: dict[str, Any], shows: str
) -> None:
    (record,) = suites_table([suite(variants, seeds, baseline=baseline, **analysis)], [()]).records
    assert record["shows"] == shows
    assert (record["cells"], record["seeds"]) == (variants * seeds, seeds)


def test_the_numbers_of_a_suite_are_set_as_numbers_and_all_else_as_text() -> None:
    columns = suites_table([], []).columns
    assert [column.title for column in columns if not column.is_text] == ["networks", "seeds"]


def test_a_suite_without_one_of_its_data_sets_shows_nothing() -> None:
    (record,) = suites_table([suite(2, 4, baseline=True)], [("digits", "mnist")]).records
    assert record["shows"] == "nothing (digits, mnist missing)"
    theory = replace(suite(2, 4, baseline=True), study=None)
    (record,) = suites_table([theory], [()]).records
    assert record["shows"] == "everything (nothing is trained)"
    assert (record["cells"], record["seeds"], record["data"]) == (None, None, "")


def test_hours_stand_before_what_a_suite_can_show() -> None:
    suites = [suite(2, 4, baseline=True)] * 6
    hours = GpuHours(tflops=2.5, of_suites=(None, 0.05, 0.1, 9.94, 10.0, 1234.5))
    table = suites_table(suites, [()] * 6, hours)
    assert [column.title for column in table.columns][5:7] == ["seeds", "GPU hours"]
    assert [row[6].text for row in table.rows] == ["–", "< 0.1", "0.1", "9.9", "10", "1,234"]
    assert [record["gpu_hours"] for record in table.records] == list(hours.of_suites)
    plain = suites_table(suites, [()] * 6)
    assert "gpu_hours" not in plain.fields
    assert (len(table.notes), len(plain.notes)) == (2, 1)


def test_a_suite_is_listed_with_what_it_has_and_the_command_that_runs_it() -> None:
    trained = replace(suite(2, 4, baseline=True), deviations=("shorter", "smaller"))
    assert suite_table(trained).title == "s"
    assert texts(suite_table(trained)) == [
        ("title", "A suite"), ("for", "train"), ("source", "X"), ("data", "digits"),
        ("networks", "8"), ("seeds", "4"),
        ("not as in the source", "shorter"), ("not as in the source", "smaller"),
        ("run", "poolbench train s"),
    ]  # fmt: skip
    assert trained.study is not None
    searched = replace(trained.study, search=SearchSpec(name="random", options={}))
    assert texts(suite_table(replace(trained, study=searched)))[-1] == ("run", "poolbench tune s")
    theory = replace(trained, kind="theory", source="", study=None, deviations=())
    assert texts(suite_table(theory)) == [
        ("title", "A suite"), ("for", "theory"), ("run", "poolbench theory run s"),
    ]  # fmt: skip


def test_a_contraction_is_measured_on_the_data_there_are() -> None:
    pairs = tuple(
        PairSource(label=name, source=Named(name=name, options={})) for name in ("digits", "mnist")
    )
    settings = ContractionSettings(networks={}, data=pairs, pools={}, pairs=1, seeds=(0,))
    measured = replace(suite(2, 4, baseline=True), study=None, contraction=settings)
    for missing, shows in (
        (("mnist",), "all but mnist (missing)"),
        (("digits", "mnist"), "nothing (digits, mnist missing)"),
    ):
        (record,) = suites_table([measured], [missing]).records
        assert (record["shows"], record["data"]) == (shows, "digits, mnist")


def test_a_docstring_is_listed_by_sections_with_its_formulas_as_they_are() -> None:
    text = """Do a thing.

    Of two
    lines::

        x <- x - 1
          y <- 2

    One paragraph
        of which a line is indented.

    Args:
        one: The first,
            over two lines.
        two: The second.

    Returns:
        A thing.
    """
    table = docstring_table("thing", text)
    assert all(column.is_text for column in table.columns)
    assert texts(table) == [
        ("", "Do a thing."),
        ("", "Of two lines::"),
        ("", "x <- x - 1"),
        ("", "y <- 2"),
        ("", "One paragraph of which a line is indented."),
        ("Args", "one: The first, over two lines."),
        ("", "two: The second."),
        ("Returns", "A thing."),
    ]
