"""Every command knows a plug-in's format before it checks any name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Done

Program = Callable[..., Done]

PLUGIN = """\
from poolbench.core.catalogue import FormatEntry
from poolbench.report import FORMATS


def render(tables):
    return "".join("\\t".join(c.title for c in table.columns) + "\\n" for table in tables)


FORMATS.add("tsv", FormatEntry(target=f"{__name__}:render", summary="tabs", suffix=".tsv"))
"""


@pytest.fixture
def tsv(tmp_path: Path) -> Path:
    path = tmp_path / "tabs.py"
    path.write_text(PLUGIN)
    return path


@pytest.mark.parametrize(
    "command",
    [
        ("train", "tiny.yaml", "--only", "average@0", "--engine", "inline"),
        ("plan", "tiny.yaml"),
        ("list", "operators"),
        ("doctor",),
        ("theory", "optimal-error", "--d", "4"),
        ("precision", "--side", "4", "--temperature", "1"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_prints_in_a_plug_ins_format(
    poolbench: Program, tiny: Path, tsv: Path, command: tuple[str, ...]
) -> None:
    done = poolbench(*command, "--plugin", tsv.name, "--format", "tsv")
    assert done.code == 0, done.err
    assert "\t" in done.out
    assert "│" not in done.out
    assert tiny.exists()


def test_the_suffix_of_a_file_asks_for_it(poolbench: Program, tsv: Path, tmp_path: Path) -> None:
    done = poolbench("list", "operators", "-o", "t.TSV", "--plugin", tsv)
    assert done.code == 0, done.err
    assert (tmp_path / "t.TSV").read_text() == "name\tformula\tsummary\n"


def test_a_report_in_a_folder_has_it_beside_ours(
    poolbench: Program, tiny: Path, tsv: Path, tmp_path: Path
) -> None:
    poolbench("train", tiny, "--only", "average", "--engine", "inline")
    done = poolbench("report", tiny, "--only", "average", "-o", "out", "--plugin", tsv)
    assert done.code == 0, done.err
    assert {path.suffix for path in (tmp_path / "out").glob("tables.*")} == {
        ".md", ".tex", ".csv", ".json", ".tsv", ".txt",
    }  # fmt: skip


def test_help_and_known_names_have_it(
    poolbench: Program, tsv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "json, tsv;" in poolbench("train", "--plugin", tsv, "--help").out
    told = poolbench("doctor", "--plugin", tsv, "--format", "tvs")
    assert (told.code, told.err.splitlines()[0]) == (2, "error: unknown format 'tvs'")
    assert "did you mean 'tsv'?" in told.err
    assert "latex, markdown, rich, tsv" in told.err


def test_completion_has_it(tsv: Path) -> None:
    words = f"poolbench doctor --plugin {tsv} --format t"
    asked = {"_POOLBENCH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "5"}
    code = "import sys; sys.argv = ['poolbench']; from poolbench.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | asked,
    )
    assert done.stdout.split() == ["tsv"], done.stderr


def test_two_formats_of_one_suffix_are_refused(poolbench: Program, tsv: Path) -> None:
    tsv.write_text(PLUGIN.replace(".tsv", ".csv"))
    done = poolbench("list", "formats", "--plugin", tsv)
    assert done.code == 2
    assert "tabs.py:9 failed: the format 'tsv': its suffix '.csv' is that of 'csv'" in done.err
