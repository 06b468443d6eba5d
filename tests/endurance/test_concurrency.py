"""Processes that train one store at once train each cell once, to the same bytes."""

from __future__ import annotations

import random

import pytest

from tests.app.runs import attempts
from tests.endurance.campaign import Campaign
from tests.endurance.programs import Call, Programs
from tests.endurance.stores import TRAIN, Undisturbed, assert_answered

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("concurrency", goal=20, share=2)
PROCESSES = 4


def test_concurrency(programs: Programs, undisturbed: Undisturbed) -> None:
    def case(_: random.Random) -> None:
        with undisturbed.case(TRAIN) as folder:
            for ended in programs.run(*[Call(TRAIN, str(folder))] * PROCESSES):
                assert_answered(ended, (0,))
            assert attempts(folder / "runs") == [1, 1, 1, 1]
            undisturbed.assert_ends_the_same(TRAIN, folder)

    CAMPAIGN.hold(case)
