"""What every test shares: a cache of its own, and the program to call."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# Before torch is imported anywhere: test processes side by side would otherwise fight for cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# As workers have it on a GPU, whose library reads it once.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

# A shell that starts the tests in the background has them ignore Ctrl-C, and with them the programs
# whose answer to it is tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A push is judged by the same examples as the push before it. For others, seek with
# `--hypothesis-profile=default`.
settings.register_profile("gate", derandomize=True)
settings.load_profile("gate")

# One suite of four cells, a second of training each.
TINY = """\
schema: 1
title: Tiny
data: {name: digits, limit: 200}
model: {name: wrn, depth: 8, width: 1}
recipe:
  epochs: 3
  batch_size: 50
  optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
seeds: 2
baseline: average
variants:
  average: {pools: average}
  lae: {pools: {name: lae, learn: layer}}
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--plugin", action="append", default=[], metavar="FILE",
        help="hold the operators of a plug-in to the contract: tests/operators/test_contract.py",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    from poolbench.core.errors import BadInput
    from poolbench.core.plugins import load_plugins

    if files := config.getoption("--plugin"):
        try:
            load_plugins(files)
        except BadInput as error:
            raise pytest.UsageError(f"{error.message}: {error.hint}") from None


@dataclass(frozen=True)
class Done:
    """What a call of the program gave."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("POOLBENCH_CACHE")
    # One for all processes of a test run, so that each kernel is compiled once.
    base = tmp_path_factory.getbasetemp()
    shared = base.parent / "cache" if "PYTEST_XDIST_WORKER" in os.environ else base / "cache"
    os.environ["POOLBENCH_CACHE"] = os.environ.setdefault("POOLBENCH_TEST_CACHE", str(shared))
    yield
    if before is None:
        del os.environ["POOLBENCH_CACHE"]
    else:
        os.environ["POOLBENCH_CACHE"] = before


@pytest.fixture(autouse=True)
def _forget_plugins() -> Iterator[None]:
    """Take back what a test loads, but not what the test run was given with ``--plugin``."""
    from poolbench.core.plugins import forget_plugins, loaded_files
    from poolbench.operators import OPERATORS

    kept, before = loaded_files(), set(OPERATORS)
    yield
    forget_plugins(but=kept)
    for name in set(OPERATORS) - before:
        del OPERATORS._entries[name]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Return a suite file in an empty folder."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture
def poolbench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., Done]]:
    """Return the program, called in this process and an empty folder."""
    from poolbench.cli.main import main
    from poolbench.engines.local import ALLOCATOR

    monkeypatch.chdir(tmp_path)
    # Else a benchmark would start the test run anew, in its own place.
    for name, value in ALLOCATOR.items():
        monkeypatch.setenv(name, value)
    handler = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["poolbench", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        code = end.value.code
        return Done(code if isinstance(code, int) else 0, captured.out, captured.err)

    yield call
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return the program, started as a process of its own; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "poolbench", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
