"""What a newer minor version notes besides is passed over, and said once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.store.store import Store
from tests.app.stores import a_store
from tests.conftest import Done
from tests.documents import sealed

Program = Callable[..., Done]


@pytest.fixture
def newer(poolbench: Program, tmp_path: Path) -> Path:
    """Return a folder with a store and a frozen baseline that say more than they used to."""
    study = a_store(tmp_path / "runs", {"average": [180, 181, 182], "max": [190, 191, 192]})
    assert poolbench("store", "freeze", "-o", "b.json").code == 0
    document = json.loads((tmp_path / "b.json").read_bytes())
    document["studies"][0]["conditions"][1]["energy_j"] = 1.5
    document["studies"][0]["conditions"][0]["energy_j"] = 1.5
    document["licence"] = "MIT"
    (tmp_path / "b.json").write_bytes(sealed(document))
    for cell in study.cells[:2]:
        path = Store(tmp_path / "runs").folder(cell.id) / "result.json"
        document = json.loads(path.read_bytes())
        document["result"]["energy_j"] = 1.5
        path.write_bytes(sealed(document))
    return tmp_path


OF_BASELINE = (
    "b.json is of a newer version, which notes more: licence, studies[].conditions[].energy_j"
)
OF_STORE = "runs is of a newer version, which notes more: result.json: result.energy_j"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("compare", "b.json", "--fail-if", "accuracy < baseline - 1pp"), (OF_BASELINE, OF_STORE)),
        (("compare", "b.json", "runs"), (OF_BASELINE, OF_STORE)),
        (("compare", "runs", "runs"), (OF_STORE,)),
        (("compare", "max"), (OF_STORE,)),
        (("report", "b.json", "runs"), (OF_BASELINE, OF_STORE)),
        (("report",), (OF_STORE,)),
    ],
    ids=" ".join,
)
def test_it_is_read_and_told_in_a_note(
    command: tuple[str, ...], told: tuple[str, ...], newer: Path, poolbench: Program
) -> None:
    done = poolbench(*command, "--format", "json")
    assert done.code == 0, done.err
    tables = json.loads(done.out)["tables"]
    notes = [note for note in tables[0]["notes"] if "newer version" in note]
    assert notes == list(told)
    assert done.err.count("newer version") == 0


def test_an_export_says_it_too(newer: Path, poolbench: Program) -> None:
    assert poolbench("export", "-o", "out").err == f"{OF_STORE}\n"


def test_a_newer_format_is_refused_with_what_to_do(newer: Path, poolbench: Program) -> None:
    document = json.loads((newer / "b.json").read_bytes())
    (newer / "b.json").write_bytes(sealed({**document, "format": 2}))
    done = poolbench("compare", "b.json")
    assert done.code == 2
    assert "b.json was written by a newer version: format 2" in done.err
    assert "upgrade poolbench" in done.err
