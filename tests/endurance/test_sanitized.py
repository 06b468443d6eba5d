"""The C code, built with the sanitizers of the compiler, reads and writes only what is its own."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.endurance.campaign import Campaign
from tests.operators.test_kernels import needs_compiler

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0), needs_compiler]

CAMPAIGN = Campaign("sanitized", goal=2000, share=6)
CHUNK = 500  # of calls, with one start
# Optimised, it would take minutes to compile. The compiler itself is not to be watched.
COMPILER = """\
#!/bin/sh
unset LD_PRELOAD
exec cc "$@" -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all
"""


def test_sanitized(tmp_path: Path) -> None:
    compiler = tmp_path / "cc-sanitized"
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    asked = ["cc", "-print-file-name=libasan.so"]
    library = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("the compiler has no address sanitizer")
    environment = os.environ | {
        "CC": str(compiler),
        "POOLBENCH_CACHE": str(tmp_path / "cache"),
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": "detect_leaks=0",  # Python's own
        "OMP_NUM_THREADS": "2",
    }

    def case(draw: random.Random) -> None:
        seed = draw.randrange(2**32)
        done = subprocess.run(
            [sys.executable, "-m", "tests.endurance.kernel_cases", str(seed), str(CHUNK)],
            env=environment,
            capture_output=True,
            text=True,
        )
        last = done.stdout.split()[-1:]
        assert done.returncode == 0, f"seed {seed}, call {last}\n{done.stderr[-3000:]}"
        assert last == [str(CHUNK - 1)]

    CAMPAIGN.hold(case, weight=CHUNK)
