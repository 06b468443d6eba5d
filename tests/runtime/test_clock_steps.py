"""The clock of a machine may step by years, either way, while it trains: no bit depends on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poolbench.app.study import load_study
from poolbench.app.train import Settings, train
from tests.app.runs import lasting_bytes

# Every answer is seven years from the last one, in turns ahead and back: no duration, time limit or
# sign of life that rests on this clock is anywhere near right. Other clocks are left alone.
STEPPING = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>
static long step(void) {
    static int count;
    return count++ % 2 ? 220752000L : -220752000L;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += step();
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *now) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now) *now = exact.tv_sec;
    return exact.tv_sec;
}
"""


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """Return a library that makes the clock of a process step."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("a clock that steps is built with cc, for Linux")
    source, library = tmp_path / "clock.c", tmp_path / "clock.so"
    source.write_text(STEPPING)
    subprocess.run([compiler, "-shared", "-fPIC", source, "-o", library, "-ldl"], check=True)
    return library


def test_a_clock_that_steps_by_years_changes_no_bit_and_stops_nothing(
    clock: Path, tiny: Path
) -> None:
    overrides = ("recipe.epochs=1", "seeds=1")
    study = load_study(tiny, overrides=overrides)
    train(study, Settings(store=tiny.parent / "calm", engine="inline"))
    environment = {**os.environ, "LD_PRELOAD": str(clock)}
    look = "import time; print(abs(time.time() - time.time()) > 10**8)"
    stepped = subprocess.run([sys.executable, "-c", look], env=environment, stdout=subprocess.PIPE)
    assert stepped.stdout == b"True\n"
    changes = [part for each in overrides for part in ("--set", each)]
    done = subprocess.run(
        [sys.executable, "-m", "poolbench", "train", tiny, "--store", "odd", "--jobs=2", *changes],
        cwd=tiny.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert lasting_bytes(tiny.parent / "odd") == lasting_bytes(tiny.parent / "calm")
    assert not list(tiny.parent.glob("odd/sessions/*"))
