"""Whatever a command line says, it is answered with a documented exit code."""

from __future__ import annotations

import io
import os
import random
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import typer.main

from poolbench.cli.main import app, explained
from tests.endurance.campaign import Campaign
from tests.endurance.stores import PROBE, Undisturbed
from tests.endurance.test_suites import an_override

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("options", goal=3000, share=6)
MOST_S = 10.0  # a page with its charts
COMMANDS = (
    ("plan", "s.yaml"), ("report",), ("report", "runs"), ("compare", "runs"), ("list", "runs"),
    ("list", "operators", "lae"), ("list",), ("store", "verify"), ("export", "-o", "out"),
)  # fmt: skip
VALUES = (
    "", "0", "1", "-1", "1/2", "3/2", "nan", "inf", "1e999", "9" * 400, "lae*", "lae@0", "[", "*",
    "cpu", "cuda:99", "json", "md", "csv", "set", "holm", "x", "é", "a\nb", "runs", "s.yaml", ".",
    "/dev/null", "nowhere/deeper", "accuracy < baseline - 1pp", "accuracy <", "inline", "\udcff",
)  # fmt: skip


def a_line(program: Any, draw: random.Random) -> list[str]:
    """Return the words of a command line, mostly with options that the command has."""
    words = list(draw.choice(COMMANDS))
    command = program.commands[words[0]]
    if words[0] == "store":
        command = command.commands[words[1]]
    options = [each for param in command.params for each in param.opts if each.startswith("-")]
    options += ["--nothing", "-q", "--help"]
    for _ in range(draw.choice((1, 1, 2, 3))):
        if words[0] == "plan" and draw.random() < 0.5:
            words += ["--set", an_override(draw).replace("\x00", "")]
        else:
            words += [draw.choice(options), draw.choice(VALUES)]
    if draw.random() < 0.1:
        draw.shuffle(words)
    return words


def test_options(undisturbed: Undisturbed, monkeypatch: pytest.MonkeyPatch) -> None:
    program = typer.main.get_command(app)

    def answer(words: list[str]) -> int:
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                return program(words, standalone_mode=False) or 0
        except Exception as error:
            if (told := explained(error)) is not None:
                return told.exit_code if told.message else 1
            # What the parser of the line refuses has a code of its own, and is told by it.
            if not hasattr(error, "exit_code") or not hasattr(error, "show"):
                raise
            return error.exit_code

    def case(draw: random.Random) -> None:
        with undisturbed.case(PROBE) as folder:
            monkeypatch.chdir(folder)
            words = a_line(program, draw)
            start = time.process_time()
            try:
                assert answer(words) in (0, 2, 3, 4, 5, 6)
                assert time.process_time() - start < MOST_S
            except Exception as error:
                error.add_note(f"poolbench {words}")
                raise
            finally:
                monkeypatch.chdir(os.fspath(Path("/")))

    CAMPAIGN.hold(case)
