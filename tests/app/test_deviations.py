"""What the built-in suites disclose, and where it is printed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from poolbench.app import suites
from poolbench.app.suite_index import shipped_suites
from poolbench.core.shipped import Shipped
from tests.conftest import Done

Program = Callable[..., Done]

# Nothing of these is ours: their numbers follow from the source's definitions, or have no source.
SILENT = {
    "maxpool/appendix-d", "smoke", "cluttered-digits", "practice/resnet18-folder",
    "practice/tune-folder", "practice/grey", "practice/small-images", "practice/split-folder",
    "practice/pretrain-folder", "practice/finetune-folder", "practice/several-networks",
    "practice/table-of-pictures",
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> dict[str, Shipped]:
    return {suite.name: suite for suite in shipped_suites()}


def test_every_suite_with_a_source_says_what_is_not_from_it(shipped: dict[str, Shipped]) -> None:
    assert {name for name, suite in shipped.items() if not suite.deviations} == SILENT


def test_a_suite_of_another_network_does_not_disclose_the_paper_s(
    shipped: dict[str, Shipped],
) -> None:
    small = " ".join(shipped["lae/fig7-precision-cifar10"].deviations)
    assert "Self-attention" not in small
    assert small.startswith("Not the paper's network or data")
    large = " ".join(shipped["lae/fig7-precision-imagewoof128"].deviations)
    for word in ("Self-attention", "hold-out", "Label smoothing", "spares norms"):
        assert word in large
    assert "centre-cropped" not in large  # crops see the whole picture, as the paper's do


def test_no_comment_hides_what_a_suite_should_disclose() -> None:
    for name in suites.names():
        for line in suites.find(name).read_text().splitlines():
            _, sign, comment = line.partition("# ")
            words = ("ours", "does not give", "not known", "Not in the paper", "does not list")
            assert not sign or not any(word in comment for word in words), f"{name}: {line}"


def test_list_suites_shows_one_in_full(poolbench: Program) -> None:
    done = poolbench("list", "suites", "maxpool/resnet-page", "--format", "json")
    (table,) = json.loads(done.out)["tables"]
    facts = [tuple(row.values()) for row in table["rows"]]
    told = [text for fact, text in facts if fact == "not as in the source"]
    assert len(told) == 6
    assert any("whitening" in text for text in told)
    assert ("run", "poolbench train maxpool/resnet-page") in facts
    wrong = poolbench("list", "suites", "maxpool/resnet-pag")
    assert wrong.code == 2
    assert "did you mean 'maxpool/resnet-page'" in wrong.err


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("theory", "run", "maxpool/fig2-plan"), "1,111,887,033"),
        (("gradients", "--suite", "lae/fig1-gradients"), "upper row"),
        (("contraction", "contraction/table2-toy", "--profile", "smoke"), "exact negatives"),
    ],
)
def test_the_first_table_of_an_experiment_prints_its_deviations(
    command: tuple[str, ...], sentence: str, poolbench: Program
) -> None:
    tables = json.loads(poolbench(*command, "--format", "json").out)["tables"]
    assert any(sentence in text for text in tables[0]["detail"]["deviations"])
    notes = "\n".join(tables[0]["notes"])
    assert "not as in the source: " in notes
    assert sentence in notes
    assert all("deviations" not in table["detail"] for table in tables[1:])
