"""The altered documents of the ordinary tests, many more of them."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys

import pytest

from tests.endurance.campaign import Campaign

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("altered_documents", goal=10_000, share=12)
TESTS = "tests/cli/test_altered_documents.py"
CHUNK = 1000  # of documents, with one start of the tests


def test_altered_documents() -> None:
    def case(draw: random.Random) -> None:
        given = {"POOLBENCH_TEST_DOCUMENTS": CHUNK, "POOLBENCH_TEST_SEED": draw.randrange(2**32)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS],
            env=os.environ | {name: str(value) for name, value in given.items()},
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"{given}\n{done.stdout[-3000:]}"
        assert re.search(rf"documents: tried {CHUNK}, held {CHUNK}", done.stdout), done.stdout

    CAMPAIGN.hold(case, weight=CHUNK)
