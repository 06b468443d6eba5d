"""Whenever a command is killed, the same command ends in the same bytes."""

from __future__ import annotations

import random

import pytest

from tests.endurance.campaign import Campaign
from tests.endurance.programs import HUNG, Call, Fault, Programs
from tests.endurance.stores import PROBE, TRAIN, TRAIN_APART, Undisturbed, told

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("kills", goal=500, share=18)


def a_kill(draw: random.Random, undisturbed: Undisturbed) -> tuple[tuple[str, ...], Call]:
    """Return what is killed, and how, in a folder that is not known yet."""
    # Workers of their own take longer to start than all the others to end.
    (words,) = draw.choices((TRAIN, PROBE, TRAIN_APART), (12, 6, 1))
    if draw.random() < 0.3:
        return words, Call(
            words, "", kill_after_s=draw.uniform(0, 6 if words == TRAIN_APART else 1)
        )
    fault = Fault(draw.randint(1, undisturbed.calls[words]), torn=draw.random() < 0.3)
    of_workers = words == TRAIN_APART and draw.random() < 0.7
    return words, Call(words, "", fault, is_fault_of_workers=of_workers)


def test_kills(programs: Programs, undisturbed: Undisturbed) -> None:
    def case(draw: random.Random) -> None:
        words, call = a_kill(draw, undisturbed)
        with undisturbed.case(words) as folder:
            for _ in range(draw.choice((1, 1, 1, 2, 3))):
                (ended,) = programs.run(
                    Call(words, str(folder), call.fault, call.is_fault_of_workers,
                         call.kill_after_s)
                )  # fmt: skip
                assert ended.code in (0, -9) or call.is_fault_of_workers, told(ended)
                assert ended.code != HUNG
                _, call = a_kill(draw, undisturbed)
            undisturbed.assert_ends_the_same(words, folder)

    CAMPAIGN.hold(case)
