"""``plan --gap``: seeds for a gap, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Done

Program = Callable[..., Done]


def rows(poolbench: Program, *arguments: object) -> list[dict[str, Any]]:
    out = poolbench("plan", *arguments, "--format", "json").out
    found: list[dict[str, Any]] = json.loads(out)["tables"][-1]["rows"]
    return found


def test_seeds_for_a_gap_are_those_of_both_questions(poolbench: Program, tiny: Path) -> None:
    better, best = rows(poolbench, tiny, "--gap", "8pp", "--sd", "4pp")
    assert 5 <= better["seeds"] <= 12
    assert better["power"] >= 0.8
    assert better["power_low"] < better["power"] < better["power_high"]
    assert best["claim"].endswith("alone in bold")


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        (["--gap", "0", "--sd", "1pp"], 2, "--gap is '0'"),
        (["--gap", "100.5pp", "--sd", "1pp"], 2, "--gap is '100.5pp'"),
        (["--gap", "much", "--sd", "1pp"], 2, "--gap is 'much'"),
        (["--gap", "1pp", "--sd", "0"], 2, "--sd is '0'"),
        (["--gap", "1pp", "--sd", "-1pp"], 2, "--sd is '-1pp'"),
        (["--gap", "1pp", "--sd", "1pp", "--pilot"], 2, "--sd and --pilot both"),
        (["--gap", "1pp"], 2, "--gap needs the spread"),
        (["--sd", "1pp"], 2, "--sd without --gap"),
        (["--pilot"], 2, "--pilot without --gap"),
        (["--gap", "1pp", "--pilot"], 5, "no variant of"),
    ],
)
def test_what_is_refused(
    poolbench: Program, tiny: Path, given: list[str], code: int, told: str
) -> None:
    done = poolbench("plan", tiny, *given)
    assert done.code == code
    assert told in done.err


def test_each_network_of_a_list_has_a_table(poolbench: Program, tiny: Path) -> None:
    one = "{name: wrn, depth: 8, width: 1}"
    tiny.write_text(tiny.read_text().replace(f"model: {one}", f"model: [{one}, {{name: wrn}}]"))
    done = poolbench("plan", tiny, "--gap", "8pp", "--sd", "4pp", "--format", "json")
    assert done.code == 0, done.err
    titles = [table["title"] for table in json.loads(done.out)["tables"]]
    gaps = [title for title in titles if "seeds for a gap" in title]
    assert len(gaps) == 2
    assert len(set(gaps)) == 2
