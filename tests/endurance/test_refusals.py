"""A disk that refuses a call ends a command with a reason; repeated, it ends in the same bytes."""

from __future__ import annotations

import errno
import random

import pytest

from tests.endurance.campaign import Campaign
from tests.endurance.programs import Call, Fault, Programs
from tests.endurance.stores import PROBE, TRAIN, Undisturbed, assert_answered, lasting

pytestmark = [pytest.mark.endurance, pytest.mark.timeout(0)]

CAMPAIGN = Campaign("refusals", goal=500, share=16)
ERRORS = (errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EDQUOT, errno.EROFS, errno.EACCES)


def test_refusals(programs: Programs, undisturbed: Undisturbed) -> None:
    def case(draw: random.Random) -> None:
        words = draw.choice((TRAIN, TRAIN, PROBE))
        fault = Fault(
            draw.randint(1, undisturbed.calls[words]),
            draw.choice(ERRORS),
            lasting=draw.random() < 0.5,
            torn=draw.random() < 0.3,
        )
        with undisturbed.case(words) as folder:
            (ended,) = programs.run(Call(words, str(folder), fault))
            try:
                assert_answered(ended, (0, 3, 6))
                if ended.code == 0:  # it could do without what was refused
                    assert lasting(folder / "runs") == lasting(undisturbed.store(words))
                undisturbed.assert_ends_the_same(words, folder)
            except AssertionError as error:
                error.add_note(f"{fault}, {words[0]}; it ended with {ended.code}\n{ended.err}")
                raise

    CAMPAIGN.hold(case)
