"""A store altered behind poolbench's back is told as damaged, or reads as it did before."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from tests.endurance.campaign import Campaign
from tests.endurance.programs import Call, Ended, Programs
from tests.endurance.stores import PROBE, Undisturbed, assert_answered

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("damage", goal=1000, share=14)
REPORT = ("report", "--format", "json")
READING = (("store", "verify"), ("list", "runs"), REPORT, ("plan", "s.yaml"), ("store", "gc"))
OUTSIDE = b"not of the store"
# Who runs as root may open what others may not.
MODES = (0o000, 0o200, 0o444, 0o777)


def alter(store: Path, outside: Path, draw: random.Random) -> str:
    """Alter one file or folder of a store; return what was done."""
    path = draw.choice(sorted(path for path in store.rglob("*") if path.parent.name != "locks"))
    kind = draw.choice(
        ("flip", "flip", "truncate", "garbage", "swap") if path.is_file() and draw.random() < 0.6
        else ("delete", "folder", "link", "dead link", "loop", "fifo", "file", "mode")
    )  # fmt: skip
    data = bytearray(path.read_bytes()) if path.is_file() else bytearray()
    if kind == "mode":
        path.chmod(draw.choice(MODES))
    elif kind == "swap":
        other = draw.choice([each for each in sorted(store.rglob(path.name)) if each.is_file()])
        path.write_bytes(other.read_bytes())
        other.write_bytes(bytes(data))
    elif kind == "flip" and data:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(data)
    elif kind == "truncate":
        path.write_bytes(data[: draw.randrange(len(data) + 1)])
    elif kind == "garbage":
        path.write_bytes(draw.choice((b"\0" * 99, b"\xff" * 99, b"{}", b"null", b"[" * 99_999)))
    else:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        _put(kind, path, outside, draw)
    return f"{kind}: {path.relative_to(store)}"


def _put(kind: str, path: Path, outside: Path, draw: random.Random) -> None:
    if kind == "folder":
        (path / "deep").mkdir(parents=True)
        (path / "deep" / "file").write_bytes(b"x")
    elif kind == "link":
        path.symlink_to(draw.choice((outside, outside / "kept.json")))
    elif kind == "dead link":
        path.symlink_to("nowhere")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "file":
        path.write_bytes(draw.choice((b"", b"file")))


def assert_told(done: str, was: Ended, ended: dict[tuple[str, ...], Ended]) -> None:
    """Check that no number differs without a word."""
    report, verified = ended[REPORT], ended[READING[0]]
    # What is gone altogether is as if it had never been measured or remembered.
    is_gone = done.startswith("delete: ")
    is_told = is_gone or verified.code != 0 or report.code not in (0, 4) or report.err != was.err
    if not is_told:
        assert json.loads(report.out) == json.loads(was.out), "numbers differ silently"


def test_damage(programs: Programs, undisturbed: Undisturbed) -> None:
    (was,) = programs.run(Call(REPORT, str(undisturbed.store(PROBE).parent)))

    def case(draw: random.Random) -> None:
        with undisturbed.case(REPORT) as folder:
            outside = folder / "outside"
            outside.mkdir()
            (outside / "kept.json").write_bytes(OUTSIDE)
            done = alter(folder / "runs", outside, draw)
            try:
                calls = [Call(words, str(folder), timeout_s=20) for words in READING]
                answers = [*programs.run(*calls[:-1]), *programs.run(calls[-1])]
                ended = dict(zip(READING, answers, strict=True))
                for answer in answers:
                    assert_answered(answer, (0, 2, 3, 4, 5, 6))
                assert_told(done, was, ended)
                assert [path.read_bytes() for path in outside.iterdir()] == [OUTSIDE]
            except AssertionError as error:
                error.add_note(done)
                raise

    CAMPAIGN.hold(case)
