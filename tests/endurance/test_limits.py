"""What a machine runs short of is named; with more of it, a command ends in the same bytes."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.endurance.campaign import Campaign
from tests.endurance.programs import Call, Ended, Programs
from tests.endurance.stores import PROBE, TRAIN, Undisturbed, assert_answered

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("limits", goal=200, share=6)
MEBIBYTE = 2**20


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """Mount a small disk on a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def can_mount(folder: Path) -> bool:
    """Whether this process may mount a disk."""
    try:
        with small_disk(folder, "size=1m"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def a_limit(draw: random.Random, base: int) -> dict[str, int]:
    """Return a limit of a process that has mapped ``base`` bytes."""
    return draw.choice(
        (
            {"RLIMIT_AS": base + draw.randrange(200 * MEBIBYTE)},
            {"RLIMIT_NOFILE": draw.randrange(6, 30)},  # with fewer Python cannot import,
            {"RLIMIT_FSIZE": draw.choice((draw.randrange(3000), draw.randrange(400_000)))},
        )
    )


def test_limits(programs: Programs, undisturbed: Undisturbed, tmp_path: Path) -> None:
    has_disks = can_mount(tmp_path)

    def case(draw: random.Random) -> None:
        words = draw.choice((TRAIN, TRAIN, PROBE))
        with undisturbed.case(words) as folder:
            if has_disks and words == TRAIN and draw.random() < 0.4:
                (folder / "runs").mkdir()
                size = draw.choice(("nr_inodes={}", "size={}k")).format(draw.randrange(1, 120))
                with small_disk(folder / "runs", size):
                    (ended,) = programs.run(Call(words, str(folder)))
                    told = f"a disk of {size}"
                    more = ["mount", "-o", "remount,size=64m,nr_inodes=9999", str(folder / "runs")]
                    subprocess.run(more, check=True)
                    finish(words, folder, ended, told)
            else:
                limits = a_limit(draw, programs.size)
                (ended,) = programs.run(Call(words, str(folder), limits=limits))
                finish(words, folder, ended, str(limits))

    def finish(words: tuple[str, ...], folder: Path, ended: Ended, told: str) -> None:
        try:
            # Rust, as in safetensors, ends a process that has no memory: as a kill does.
            is_aborted = ended.code == -signal.SIGABRT and "memory allocation of" in ended.err
            if not is_aborted:
                assert_answered(ended, (0, 3, 6))
            undisturbed.assert_ends_the_same(words, folder)
        except AssertionError as error:
            error.add_note(f"{words[0]} with {told} ended with {ended.code}\n{ended.err}")
            raise

    CAMPAIGN.hold(case)
