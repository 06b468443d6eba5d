"""Entries that a program adds to the catalogues by hand, and programs without a guard."""

from __future__ import annotations

import importlib
import linecache
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import poolbench as pb
from poolbench.core.catalogue import DataEntry, ModelEntry, OperatorEntry, Site
from poolbench.core.entry_document import entry_document, read_entry
from poolbench.core.errors import BadInput
from poolbench.core.options import Option
from poolbench.models import MODELS
from poolbench.operators import OPERATORS
from poolbench.runtime.components import CATALOGUES

CODE = """
from poolbench.operators.base import PoolingOperator


class Mine(PoolingOperator):
    def __init__(self, *, window, channels, grid, share=0.5):
        super().__init__(window=window)
        self.share = share

    def forward(self, x):
        return self.share * x.amax((2, 3))
"""
SUITE = """
import sys
import poolbench as pb
from poolbench.core.catalogue import OperatorEntry
from poolbench.operators import OPERATORS

OPERATORS.add("mine", OperatorEntry(target=sys.argv[1], summary="mine", scopes=("global",)))
suite = {
    "schema": 1,
    "data": {"name": "digits", "limit": 60},
    "model": {"name": "wrn", "depth": 8, "width": 1},
    "recipe": {"epochs": 1, "batch_size": 60, "optimizer": {"name": "sgd", "lr": 0.05}},
    "seeds": 2,
    "variants": {"mine": {"pools": {"head": "mine"}}},
}
print(pb.train(suite, store="runs", jobs=int(sys.argv[2])))
"""


def entry(target: str, **facts: Any) -> OperatorEntry:
    return OperatorEntry(target=target, summary="mine", scopes=("global",), **facts)


def suite(**changes: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "data": {"name": "digits", "limit": 60},
        "model": {"name": "wrn", "depth": 8, "width": 1},
        "recipe": {"epochs": 1, "batch_size": 60, "optimizer": {"name": "sgd", "lr": 0.05}},
        "seeds": 1,
        "variants": {"mine": {"pools": {"head": "mine"}}},
        **changes,
    }


def run(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script of a folder from another one."""
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / "script.py").write_text(text)
    command = [sys.executable, "sub/script.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return a module of a file, imported as notebooks do."""
    (tmp_path / "by_hand_module.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("by_hand_module")
    del sys.modules["by_hand_module"]


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what runs a cell of a notebook: code in ``__main__`` whose text Python keeps."""

    def execute(text: str) -> None:
        name = f"<cell {abs(hash(text))}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), main.__dict__)

    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    return execute


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_script_without_a_guard_trains_what_it_added(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "mine.py").write_text(CODE)
    done = run(tmp_path, SUITE, "mine:Mine", jobs)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("2 cells trained") == 1


def test_what_a_script_defines_is_trained_in_its_own_process_alone(tmp_path: Path) -> None:
    refused = run(tmp_path, CODE + SUITE, "__main__:Mine", "2")
    assert refused.returncode == 1
    assert "the operator 'mine' is defined in this program (__main__:Mine)" in refused.stderr
    assert "pb.load_plugins('mine.py')" in refused.stderr
    assert not (tmp_path / "runs").exists()
    done = run(tmp_path, CODE + SUITE, "__main__:Mine", "1")
    assert done.returncode == 0, done.stderr
    assert "2 cells trained" in done.stdout


def test_the_code_of_a_file_is_part_of_the_identity(module: ModuleType, tmp_path: Path) -> None:
    OPERATORS.add("mine", entry("by_hand_module:Mine"))
    before = pb.load_suite(suite()).cells
    assert str(OPERATORS["mine"].plugin).startswith("by_hand_module.py (sha256:")
    (tmp_path / "by_hand_module.py").write_text(f"{CODE}# another\n")
    with pytest.raises(BadInput, match="is not what it was when it was added"):
        pb.train(suite(), store=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
    # The code that is loaded is still that of before.
    OPERATORS.add("mine", entry("by_hand_module:Mine"))
    assert pb.load_suite(suite()).cells == before
    importlib.reload(module)
    OPERATORS.add("mine", entry("by_hand_module:Mine"))
    assert pb.load_suite(suite()).cells[0].id != before[0].id


def test_the_text_of_a_cell_is_part_of_the_identity(cell: Any, tmp_path: Path) -> None:
    ids = []
    for text in (CODE, CODE.replace("self.share *", "2 *"), CODE):
        cell(text)
        OPERATORS.add("mine", entry("__main__:Mine"))  # again, as when a cell is run again
        ids.append(pb.load_suite(suite()).cells[0].id)
    assert ids[0] == ids[2] != ids[1]
    cell(CODE.replace("0.5", "0.25"))
    with pytest.raises(BadInput, match="is not what it was when it was added"):
        pb.train(suite(), store=tmp_path / "runs", jobs=1)


def test_code_without_a_text_is_refused(cell: Any, tmp_path: Path) -> None:
    exec(CODE, sys.modules["__main__"].__dict__)
    OPERATORS.add("mine", entry("__main__:Mine"))
    with pytest.raises(BadInput, match="cannot be identified"):
        pb.train(suite(), store=tmp_path / "runs", jobs=1)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("engine", ["local", "slurm", "ray"])
def test_no_engine_takes_what_it_cannot_carry(engine: str, cell: Any, tmp_path: Path) -> None:
    cell(CODE)
    OPERATORS.add("mine", entry("__main__:Mine"))
    with pytest.raises(BadInput, match="no worker can import it"):
        pb.train(suite(), store=tmp_path / "runs", engine=engine, jobs=1)
    assert not (tmp_path / "runs").exists()


def test_only_the_same_code_may_be_added_again(module: ModuleType) -> None:
    OPERATORS.add("mine", entry("by_hand_module:Mine"))
    with pytest.raises(BadInput, match="already defined"):
        OPERATORS.add("mine", entry("by_hand_module:Other"))
    with pytest.raises(BadInput, match="already defined"):
        OPERATORS.add("lae", OPERATORS["lae"])


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_every_entry_reaches_another_process_as_it_is(catalogue: Any) -> None:
    import json

    for name, kept in catalogue.items():
        document = json.loads(json.dumps(entry_document(kept)))
        assert read_entry(type(kept), document) == kept, name


def test_families_with_parts_of_their_own_reach_another_process() -> None:
    share = Option(kind=float, default=None, minimum=0.0)
    site = Site(name="head", scope="global", default="average", needs="deep")
    for kept in (
        ModelEntry(target="a:B", summary="", sites=(site,), options={"share": share}),
        DataEntry(target="a:B", summary="", shape=(3, 8, 8), options={"path": Option(kind=str)}),
    ):
        assert read_entry(type(kept), entry_document(kept)) == kept
    assert "mine" not in MODELS
