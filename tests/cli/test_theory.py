"""``poolbench theory``: what it prints, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Done

Program = Callable[..., Done]


@pytest.fixture
def rows(poolbench: Program) -> Callable[..., list[dict[str, Any]]]:
    def call(*arguments: object) -> list[dict[str, Any]]:
        done = poolbench("theory", *arguments, "--format", "json")
        assert done.code == 0, done.err
        found: list[dict[str, Any]] = json.loads(done.out)["tables"][0]["rows"]
        return found

    return call


def test_optimal_error_shows_appendix_d_beside_what_is_published(poolbench: Program) -> None:
    done = poolbench("theory", "optimal-error")
    assert done.code == 0
    line = next(line for line in done.out.splitlines() if " 0,2,3 " in line)
    assert line.split() == ["4", "0,2,3", "1/14", "0.0714286", "–", "10", "1/14", "0"]
    assert "published: 22 of the rows, largest difference 0" in done.out


def test_a_range_a_list_and_single_sets_choose_the_rows(rows: Callable[..., Any]) -> None:
    assert [r["d"] for r in rows("optimal-error", "--d", "2-3")] == [2] * 2 + [3] * 6
    chosen = rows("optimal-error", "--d", "4,9", "--orders", "0,3", "--orders", "1-3")
    assert [(r["d"], r["orders"]) for r in chosen] == [
        (4, "0,3"), (4, "1,2,3"), (9, "0,3"), (9, "1,2,3"),
    ]  # fmt: skip


def test_l2_error_volume_networks_and_regions_answer(rows: Callable[..., Any]) -> None:
    (square,) = rows("l2-error", "--d", 2, "--orders", "0,1")
    assert square["mean_square_fraction"] == "1/72"
    volumes = rows("volume", "--d", 3, "--samples", 500, "--shares", "0,0.5,1")
    assert [v["threshold_fraction"] for v in volumes] == ["0", "1/12", "1/6"]
    assert all(v["high"] >= v["bound"] and v["corner_share"] == 1 for v in volumes)
    assert [n["hidden_layers"] for n in rows("max-network", "--n", "1,2,9")] == [0, 1, 4]
    assert [r["subpools"] for r in rows("plan", "--d", 6)] == [9, 8, 6]
    bounds = rows("regions", "--widths", "3,2")
    assert [r["published"] for r in bounds] == [None, None, 819906560, None, None]
    assert bounds[-1]["bound"] == 4 + 3 * 4 + 3 * 3 + 1
    (smooth,) = rows("lse", "--t", 1, "--n", 4, "--samples", 5)
    assert smooth["lse_largest"] == pytest.approx(1.3862943611198906)


def test_theorems_limits_and_mean_similarities_answer(
    rows: Callable[..., Any], poolbench: Program, tmp_path: Path
) -> None:
    assert [row["agree_positive"] for row in rows("theorems", 1, "--d", "2,9")] == [1, 1]
    assert [row["least_error_fraction"] for row in rows("theorems", 3, "--d", 3)] == [
        "1/6", "1/12", "1/8",
    ]  # fmt: skip
    assert [row["exists"] for row in rows("theorems", 5, "--d", "4-5")] == ["yes", "no"]
    (shape,) = rows("theorems", 6, "--d", 3)
    assert (shape["estimators"], shape["increasing"], shape["counterexample"]) == (3, 2, "0,1,2")
    both = poolbench("theory", "theorems", 6, 1, "--d", 2, "--format", "json")
    assert [table["title"][:9] for table in json.loads(both.out)["tables"]] == [
        "Theorem 1",
        "Theorem 6",
    ]
    call = ("limits", "--n", 4, "--samples", 50, "--seeds", 2, "--figures", tmp_path / "f")
    assert [row["law_exponent"] for row in rows(*call)] == [1, -1]
    assert (tmp_path / "f" / "lae-to-max.png").read_bytes()[1:4] == b"PNG"
    sizes = rows("mean-similarity", "--d", "5,7", "--kernel-size", "3,5", "--pairs", 2)
    assert [(row["image_size"], row["kernel_size"]) for row in sizes] == [(5, 3), (7, 5)]


def test_a_suite_is_run_with_its_profile_and_drawn(poolbench: Program, tmp_path: Path) -> None:
    done = poolbench(
        "theory", "run", "maxpool/appendix-d", "--profile", "smoke", "--figures", tmp_path / "f",
        "-o", tmp_path / "table.txt",
    )  # fmt: skip
    assert (done.code, done.out) == (0, "")
    assert "drew " in done.err
    assert "published: 8 of the rows" in (tmp_path / "table.txt").read_text()
    assert (tmp_path / "f" / "least-error-d3.png").read_bytes()[1:4] == b"PNG"


def test_suites_are_sent_to_the_command_that_runs_them(poolbench: Program) -> None:
    trained = poolbench("train", "maxpool/fig2-plan")
    assert trained.code == 2
    assert "run: poolbench theory run" in trained.err
    run = poolbench("theory", "run", "smoke")
    assert run.code == 2
    assert "run: poolbench train" in run.err


def test_work_of_some_length_is_announced(poolbench: Program) -> None:
    done = poolbench("theory", "optimal-error", "--d", "10,1")
    assert "1,022 linear programmes" in done.err
    assert done.code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["optimal-error", "--d", "1"], "d is 1"),
        (["optimal-error", "--d", "13"], "d is 13, which has"),
        (["optimal-error", "--d", "four"], "--d is 'four'"),
        (["optimal-error", "--d", "2-"], "--d is '2-'"),
        (["optimal-error", "--d", "9-2"], "--d is '9-2'"),
        (["optimal-error", "--d", "2-5000"], "--d is '2-5000'"),
        (["optimal-error", "--d", "4", "--orders", ""], "--orders is ''"),
        (["optimal-error", "--d", "4", "--orders", "0"], "orders are [0]"),
        (["optimal-error", "--d", "4", "--orders", "0,4"], "is the max itself"),
        (["optimal-error", "--d", "4", "--orders", "0,7"], "has 4 elements"),
        (["l2-error", "--d", "0"], "d is 0"),
        (["volume", "--orders", "3"], "with an intercept"),
        (["volume", "--shares", "a half"], "--shares is 'a half'"),
        (["volume", "--shares", "1/0"], "--shares is '1/0'"),
        (["volume", "--samples", "0"], "samples is 0"),
        (["plan", "--d", "257"], "d is 257"),
        (["max-network", "--n", "0"], "n is 0"),
        (["regions", "--d", "1"], "d is 1"),
        (["regions", "--widths", "4,0"], "a layer of 0 neurons"),
        (["regions", "--widths", "wide"], "--widths is 'wide'"),
        (["lse", "--t", "0"], "t is 0"),
        (["lse", "--t", "cold"], "--t is 'cold'"),
        (["lse", "--n", "0"], "n is 0"),
        (["lse", "--samples", "0"], "samples is 0"),
        (["lse", "--offsets", "1e9"], "offset is 1e+09"),
        (["lse", "--n", "200000000"], "do not fit"),
        (["theorems", "2"], "no table of theorem 2"),
        (["theorems", "5", "--d", "7"], "theorem 5: d is 7"),
        (["theorems", "--d", "one"], "--d is 'one'"),
        (["limits", "--low", "1,2"], "the low temperatures are 1, 2"),
        (["limits", "--high", "hot"], "--high is 'hot'"),
        (["mean-similarity", "--kernel-size", "4"], "the kernel size is 4"),
        (["mean-similarity", "--pairs", "0"], "pairs is 0"),
        (["run", "no-such-suite"], "there is no suite"),
        (["plan", "--format", "word"], "word"),
    ],
)
def test_what_cannot_be_meant_is_exit_2_with_advice(
    arguments: list[str], message: str, poolbench: Program
) -> None:
    done = poolbench("theory", *arguments)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) >= 2
    assert done.out == ""
