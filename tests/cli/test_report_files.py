"""Reports as files: one page, or a folder of everything."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.probed import SUITE, trained_folder
from tests.conftest import Done
from tests.report.test_html import Reader


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_folder(tmp_path_factory.mktemp("study"))


@pytest.fixture(autouse=True)
def _beside_the_study(study: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(SUITE)
    (tmp_path / "runs").symlink_to(study / "runs")


def texts(path: Path) -> str:
    return " ".join(Reader(path.read_text()).texts)


def test_a_page_tells_the_whole_study(poolbench: Callable[..., Done], tmp_path: Path) -> None:
    assert poolbench("robustness", "tiny.yaml", "--jobs", 1).code == 0
    done = poolbench("report", "tiny.yaml", "--set", "recipe.epochs=1", "-o", "page.html")
    assert done.code == 0, done.err
    assert done.out == ""
    assert done.err == "wrote page.html\n"
    page = texts(tmp_path / "page.html")
    for part in (
        "2 ways of pooling in wrn, on digits: which has the best accuracy",
        "2 of 2 finished",
        "has the highest accuracy",
        "digits · fgsm · area under the curve",
        "digits · zoom",
        "head.temperature",
        "machines and versions",
        "poolbench train tiny.yaml --set recipe.epochs=1\npoolbench robustness tiny.yaml --set",
    ):
        assert part in page, part


@pytest.mark.parametrize("suffix", [".md", ".TEX", ".csv", ".json"])
def test_a_file_is_in_the_format_its_name_says_unless_another_is_asked_for(
    poolbench: Callable[..., Done], tmp_path: Path, suffix: str
) -> None:
    format = {".md": "markdown", ".TEX": "latex"}.get(suffix, suffix[1:])
    asked = poolbench("report", "tiny.yaml", "--format", format).out
    for command in ("report", "train"):
        assert poolbench(command, "tiny.yaml", "-o", f"a{suffix}").code == 0
        assert (tmp_path / f"a{suffix}").read_text() == asked
    assert poolbench("report", "tiny.yaml", "--format", "csv", "-o", f"a{suffix}").code == 0
    assert (tmp_path / f"a{suffix}").read_text() == poolbench(
        "report", "tiny.yaml", "--format", "csv"
    ).out
    plain = poolbench("report", "tiny.yaml", "-o", "a.txt")
    assert "─────" in (tmp_path / "a.txt").read_text(), plain.err


def test_what_was_not_measured_has_no_section(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    done = poolbench("report", "tiny.yaml", "--only", "average", "-o", "page.html")
    assert done.code == 0, done.err
    headings = Reader((tmp_path / "page.html").read_text()).texts
    assert "Results" in headings
    assert "Learned pooling parameters" not in headings


def test_a_folder_holds_page_tables_and_figures_readable_by_others(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    done = poolbench("report", "tiny.yaml", "-o", "all")
    assert done.code == 0, done.err
    files = [path for path in (tmp_path / "all").rglob("*") if path.is_file()]
    assert {path.name for path in files if path.parent.name == "all"} == {
        "index.html", "tables.md", "tables.tex", "tables.txt", "tables.csv", "tables.json"
    }  # fmt: skip
    figures = {path.suffix for path in files if path.parent.name == "figures"}
    assert figures == {".png", ".svg", ".pdf"}
    assert json.loads((tmp_path / "all" / "tables.json").read_text())["tables"]
    assert all(path.stat().st_mode & stat.S_IRGRP for path in files)
    again = poolbench("report", "tiny.yaml", "-o", "all")
    assert again.err == done.err


def test_several_studies_need_a_folder(poolbench: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "runs").unlink()
    for seeds in (1, 2):
        change = f"seeds={seeds}"
        done = poolbench("train", "tiny.yaml", "--set", change, "--engine", "inline")
        assert done.code == 0, done.err
    refused = poolbench("report", "-o", "page.html")
    assert refused.code == 2
    assert "the store holds 2 studies" in refused.err
    assert poolbench("report", "-o", "all").code == 0
    assert len(list((tmp_path / "all").glob("*/index.html"))) == 2


def test_a_folder_that_is_a_file_is_refused(poolbench: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    refused = poolbench("report", "tiny.yaml", "-o", "taken")
    assert refused.code == 2
    assert "taken is a file" in refused.err


def test_findings_of_other_commands_make_a_page_with_their_pictures(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    done = poolbench("gradients", "max", "lae", "--format", "html", "-o", "page.html")
    assert done.code == 0, done.err
    read = Reader((tmp_path / "page.html").read_text())
    assert read.tags.count("img") == 1
    assert "table" in read.tags
