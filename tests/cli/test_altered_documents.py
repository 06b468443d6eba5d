"""Every document that was altered is read, or refused with a message: nothing is a traceback.

Of the real documents of a store one is altered and sealed again, so that its checksum fits; then
one of the commands that read it runs. ``POOLBENCH_TEST_DOCUMENTS=10000`` tries so many.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command

from poolbench.cli.main import app
from poolbench.core.errors import PoolbenchError
from poolbench.store.attempts import Attempts
from poolbench.store.findings import save_finding
from poolbench.store.store import Store
from tests.app.stores import a_store, probed
from tests.conftest import Done
from tests.documents import altered, replace_file, sealed, truncated

Program = Callable[..., Done]
COUNT = int(os.environ.get("POOLBENCH_TEST_DOCUMENTS", "96"))

# What reads each kind of document; every command is one that a user would type.
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "baseline": (
        ("compare", "b.json", "--fail-if", "accuracy < baseline - 1pp"),
        ("report", "b.json", "runs"),
    ),
    "store": (
        ("report", "--format", "json"),
        ("compare", "--fail-if", "fgsm.area < baseline - 1pp"),
        ("list", "runs"),
        ("store", "verify"),
        ("store", "merge", "runs", "-o", "merged"),
        ("export", "-o", "out"),
        ("store", "verify", "--set-aside"),
        ("store", "gc"),
    ),
}
CHANGING = (("store", "verify", "--set-aside"), ("store", "gc"))
KINDS = (
    "baseline", "baseline", "result", "measurement", "study", "finding", "attempts", "failure",
    "history", "timings", "environment", "marker",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def pristine(poolbench: Program, tmp_path: Path) -> Path:
    """Return a folder with a store of every kind of document, and a frozen baseline."""
    counts = {"average": [180, 181], "max": [190, None]}
    study = a_store(tmp_path / "runs", counts, planned=(("average", "max"),))
    probed(tmp_path / "runs", study, {"average": [100, 110], "max": [120, None]})
    store = Store(tmp_path / "runs")
    save_finding(store, "f00", {"similarities": [[0.5], [0.25]], "duration_s": 1.0})
    unfinished = Attempts(store.places.unfinished("0" * 16))
    unfinished.begin("session", {"host": "here"})
    unfinished.record_failure("session", "out of memory", "use less")
    assert poolbench("store", "freeze", "-o", "b.json").code == 0
    (tmp_path / "pristine").mkdir()
    for name in ("runs", "b.json"):
        shutil.move(tmp_path / name, tmp_path / "pristine" / name)
    return tmp_path / "pristine"


def files_of(kind: str, folder: Path) -> list[Path]:
    runs = folder / "runs"
    patterns = {
        "baseline": "../b.json", "result": "runs/*/result.json", "study": "studies/*.json",
        "measurement": "runs/*/probes/*.json", "finding": "findings/*.json",
        "attempts": "*/*/attempts.jsonl", "failure": "unfinished/*/failure.json",
        "history": "runs/*/history.jsonl", "timings": "runs/*/timings.jsonl",
        "environment": "runs/*/environment.json", "marker": "STORE.json",
    }  # fmt: skip
    if kind == "baseline":
        return [folder / "b.json"]
    return sorted(runs.glob(patterns[kind]))


def restore(folder: Path, pristine: Path, kind: str, *, has_changed: bool) -> None:
    """Undo an alteration, and everything else if a command may have changed the store."""
    for name in ("merged", "out", *(("runs",) if has_changed else ())):
        shutil.rmtree(folder / name, ignore_errors=True)
    if has_changed:
        shutil.copytree(pristine, folder, dirs_exist_ok=True)
        return
    for path in (*files_of(kind, pristine), *files_of("result", pristine)):
        shutil.copy2(path, folder / path.relative_to(pristine))


def alter(kind: str, folder: Path, draw: random.Random) -> None:
    path = draw.choice(files_of(kind, folder))
    data = path.read_bytes()
    if draw.random() < 0.05:
        made = truncated(data, draw) if draw.random() < 0.5 else b"[" * 200_000
    elif path.suffix == ".jsonl":
        lines = data.splitlines()
        at = draw.randrange(len(lines))
        lines[at] = json.dumps(altered(json.loads(lines[at]), draw)).encode()
        made = b"\n".join([*lines, b""])
    else:
        document = json.loads(data)
        has_seal = document.pop("sha256", None) is not None
        document = altered(document, draw)
        made = sealed(document) if has_seal else json.dumps(document).encode()
    if kind in ("history", "timings", "environment"):
        replace_file(path.parent, path.name, made)
    else:
        path.write_bytes(made)


@pytest.mark.timeout(7200)
def test_no_altered_document_ends_in_a_traceback(
    pristine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = get_command(app)  # built once: it takes longer than what it runs
    draw = random.Random(int(os.environ.get("POOLBENCH_TEST_SEED", "17")))
    codes: Counter[int] = Counter()
    broken: list[str] = []
    restore(tmp_path, pristine, "", has_changed=True)
    for number in range(COUNT):
        kind = KINDS[number % len(KINDS)]
        command = draw.choice(COMMANDS["baseline" if kind == "baseline" else "store"])
        alter(kind, tmp_path, draw)
        try:
            program(list(command), standalone_mode=False)
        except PoolbenchError as error:
            codes[error.exit_code if error.message else 1] += 1
        except Exception:
            broken.append(f"{kind}: {' '.join(command)}\n{traceback.format_exc()[-1500:]}")
        else:
            codes[0] += 1
        capsys.readouterr()
        restore(tmp_path, pristine, kind, has_changed=command in CHANGING)
    with capsys.disabled():
        if "POOLBENCH_TEST_DOCUMENTS" in os.environ:
            held, told = COUNT - len(broken), dict(sorted(codes.items()))
            sys.stdout.write(
                f"documents: tried {COUNT}, held {held}, broken {len(broken)}; codes {told}\n"
            )
    assert not broken, "\n".join(broken)
    assert codes.keys() <= {0, 2, 3, 4, 5, 6}
