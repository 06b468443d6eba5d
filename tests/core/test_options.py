"""What an option takes, from whatever library it comes, and in which words it refuses the rest."""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from poolbench.core.errors import BadInput
from poolbench.core.options import BadValue, Option, check_options


class _Learn(str, Enum):  # noqa: UP042  its str() is not its text, as a StrEnum's is
    LAYER = "layer"


NUMBER = Option(kind=float, above=0.0)
SHARE = Option(kind=float, minimum=0.0, maximum=1.0)
WHOLE = Option(kind=int, minimum=1)
FLAG = Option(kind=bool)
WORD = Option(kind=str, choices=("none", "layer", "channel"))
TEXT = Option(kind=str)
FORMED = Option(kind=str, pattern=r"\S*", form="a word")
LIST = Option(kind=int, many=True, minimum=0)
RISING = Option(kind=float, many=True, rising=True, minimum=0.0)
SIZES = Option(kind=int, many=True, rising=True, minimum=1, default=None)
SIDE = Option(kind=int, default=None, minimum=1)
KEEP = Option(kind=int, default=None, minimum=1, words=("full",))
ODD = Option(kind=int, minimum=1, odd=True)


@pytest.mark.parametrize(
    ("option", "given", "taken"),
    [
        (NUMBER, 4, 4.0),
        (NUMBER, np.float32(0.5), 0.5),
        (NUMBER, np.int64(4), 4.0),
        (NUMBER, torch.tensor(0.25), 0.25),
        (NUMBER, Fraction(1, 4), 0.25),
        (SHARE, 0, 0.0),
        (SHARE, 1.0, 1.0),
        (WHOLE, 1, 1),
        (WHOLE, np.uint8(3), 3),
        (FLAG, np.bool_(True), True),
        (WORD, _Learn.LAYER, "layer"),
        (WORD, np.str_("none"), "none"),
        (TEXT, Path("a") / "b", str(Path("a") / "b")),
        (FORMED, "a-b", "a-b"),
        (LIST, [0, 3, 3], (0, 3, 3)),
        (LIST, (), ()),
        (LIST, range(3), (0, 1, 2)),
        (LIST, np.arange(2), (0, 1)),
        (RISING, [0, np.float64(0.5)], (0.0, 0.5)),
        (RISING, torch.tensor([0.25, 0.5]), (0.25, 0.5)),
        (SIZES, None, None),
        (SIDE, None, None),
        (KEEP, 256, 256),
        (KEEP, "full", "full"),
        (KEEP, None, None),
        (ODD, 3, 3),
    ],
)
def test_a_value_is_taken_in_pythons_own_type(option: Option, given: Any, taken: Any) -> None:
    found = option.check(given)
    assert found == taken
    assert type(found) is type(taken)
    if isinstance(taken, tuple):
        assert [type(item) for item in found] == [type(item) for item in taken]


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        (NUMBER, 0, "expected number > 0, got 0"),
        (NUMBER, -0.5, "expected number > 0, got -0.5"),
        (NUMBER, float("nan"), "expected number > 0, got nan"),
        (NUMBER, np.inf, "expected number > 0, got inf"),
        (NUMBER, True, "expected number > 0, got true"),
        (NUMBER, np.bool_(True), "expected number > 0, got true"),
        (NUMBER, "4", "expected number > 0, got '4'"),
        (NUMBER, None, "expected number > 0, got nothing"),
        (NUMBER, [4.0], "expected number > 0, got a list"),
        (NUMBER, {"t": 4.0}, "expected number > 0, got a mapping"),
        (NUMBER, 1 + 2j, "expected number > 0, got (1+2j)"),
        (NUMBER, 10**400, f"expected number > 0, got {str(10**400)[:49]}…"),
        (SHARE, 1.5, "expected number >= 0 and <= 1, got 1.5"),
        (SHARE, -1e-9, "expected number >= 0 and <= 1, got -1e-09"),
        (WHOLE, 0, "expected whole number >= 1, got 0"),
        (WHOLE, 2.0, "expected whole number >= 1, got 2.0"),
        (WHOLE, True, "expected whole number >= 1, got true"),
        (WHOLE, "18", "expected whole number >= 1, got '18'"),
        (FLAG, 1, "expected true | false, got 1"),
        (FLAG, "yes", "expected true | false, got 'yes'"),
        (WORD, "layers", "expected none | layer | channel, got 'layers'"),
        (WORD, True, "expected none | layer | channel, got true"),
        (TEXT, 3, "expected text, got 3"),
        (FORMED, "a b", "expected a word, got 'a b'"),
        (FORMED, "a\n", "expected a word, got 'a\\n'"),
        (LIST, 3, "expected list of whole numbers >= 0, got 3"),
        (LIST, "3", "expected list of whole numbers >= 0, got '3'"),
        (LIST, [3, -1], "expected list of whole numbers >= 0, got -1"),
        (LIST, [[3]], "expected list of whole numbers >= 0, got a list"),
        (LIST, {1, 2}, "expected list of whole numbers >= 0, got {1, 2}"),
        (LIST, None, "expected list of whole numbers >= 0, got nothing"),
        (RISING, [], "expected rising list of numbers >= 0, got an empty list"),
        (RISING, [0.5, 0.25], "expected rising list of numbers >= 0, got 0.25 after 0.5"),
        (RISING, [0, 0], "expected rising list of numbers >= 0, got 0.0 after 0.0"),
        (SIZES, [None], "expected rising list of whole numbers >= 1, got nothing"),
        (SIDE, 0, "expected whole number >= 1, got 0"),
        (KEEP, 0, "expected whole number >= 1 or 'full', got 0"),
        (KEEP, "most", "expected whole number >= 1 or 'full', got 'most'"),
        (ODD, 4, "expected odd whole number >= 1, got 4"),
    ],
)
def test_a_value_is_refused_with_what_was_expected(
    option: Option, given: Any, message: str
) -> None:
    with pytest.raises(BadValue) as caught:
        option.check(given)
    assert caught.value.message == message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("option", "given", "index"),
    [
        (NUMBER, 0, None),
        (LIST, 3, None),
        (LIST, [0, 1, -1, -2], 2),
        (RISING, [0, 1, 1, 0], 2),
        (RISING, [], None),
    ],
)
def test_the_item_at_fault_is_named(option: Option, given: Any, index: int | None) -> None:
    with pytest.raises(BadValue) as caught:
        option.check(given)
    assert caught.value.index == index


def test_a_choice_that_is_nearly_right_is_advised() -> None:
    with pytest.raises(BadValue) as caught:
        WORD.check("Chanel")
    assert caught.value.hint == "did you mean 'channel'?"
    with pytest.raises(BadValue) as caught:
        WORD.check("everything")
    assert not caught.value.hint


DECLARED = {"lr": NUMBER, "steps": Option(kind=int, default=6, minimum=1), "sizes": SIZES}


def test_options_left_out_take_their_defaults_in_the_order_declared() -> None:
    checked = check_options("sgd", DECLARED, {"sizes": [8], "lr": 1})
    assert list(checked.items()) == [("lr", 1.0), ("steps", 6), ("sizes", (8,))]


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"lr": 1, "step": 2}, "sgd has no option 'step'", "did you mean 'steps'?"),
        ({}, "sgd.lr is missing", "expected number > 0"),
        ({"lr": 1, "steps": 0}, "sgd.steps: expected whole number >= 1, got 0", ""),
    ],
)
def test_faults_name_entry_and_option(given: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_options("sgd", DECLARED, given)
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)
    assert bool(caught.value.hint) == bool(hint)


def test_what_takes_no_options_says_so() -> None:
    with pytest.raises(BadInput) as caught:
        check_options("max", {}, {"learn": "layer"})
    assert caught.value.hint == "max takes no options"
