"""The options of optimisers and schedules: a moved default or bound moves every suite's numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from poolbench.core.options import REQUIRED, BadValue
from poolbench.training import CAPTURABLE, OPTIMIZERS, SCHEDULES

# Default, values that are taken, values that are not. The defaults of sgd and adamw are torch's,
# those of ranger are its authors', the bounds those of the papers' definitions.
OPTIONS: dict[str, dict[str, tuple[object, list[Any], list[Any]]]] = {
    "sgd": {
        "lr": (REQUIRED, [1e-12, 0.5, 7], [0, -1, math.nan, "x"]),
        "momentum": (0.0, [0, 0.5, 1], [-0.1, 1.5]),
        "weight_decay": (0.0, [0, 3], [-1e-9]),
        "nesterov": (False, [True, False], [0.5, "yes"]),
    },
    "adamw": {
        "lr": (REQUIRED, [1e-12, 0.5, 7], [0, -1]),
        "beta1": (0.9, [0, 0.5, 0.999999], [-0.1, 0.9999999, 1]),
        "beta2": (0.999, [0, 0.5, 0.999999], [-0.1, 0.9999999, 1]),
        "eps": (1e-8, [1e-12, 0.5], [0, -1]),
        "weight_decay": (0.01, [0, 3], [-1e-9]),
    },
    "ranger": {
        "lr": (REQUIRED, [1e-12, 0.5, 7], [0, -1]),
        "beta1": (0.95, [0, 0.5, 0.999999], [-0.1, 0.9999999, 1]),
        "beta2": (0.99, [0, 0.5, 0.999999], [-0.1, 0.9999999, 1]),
        "eps": (1e-6, [1e-12, 0.5], [0, -1]),
        "weight_decay": (0.0, [0, 3], [-1e-9]),
        "lookahead_steps": (6, [1, 50], [0, 1.5]),
        "lookahead_alpha": (0.5, [1e-9, 1], [0, 1.01]),
    },
    "constant": {},
    "step": {
        "milestones": (REQUIRED, [[1], [1, 1, 50], []], [[0], 3, [1.5]]),
        "factor": (0.1, [1e-9, 1], [0, 1.01]),
    },
    "ramp": {"warmup_epochs": (REQUIRED, [0, 0.5], [-0.1])},
    "piecewise": {
        "epochs_at": (REQUIRED, [[0], [0, 0.5, 3]], [[], [1, 1], [2, 1], [-0.1], 3]),
        "factors": (REQUIRED, [[0, 0.5, 9]], [[-0.1], 3]),
    },
    "flat-cosine": {"flat": (0.72, [0, 1], [-0.1, 1.01])},
}
ENTRIES = {name: catalogue[name] for catalogue in (OPTIMIZERS, SCHEDULES) for name in catalogue}


def test_every_entry_is_listed_here_and_its_target_is_there() -> None:
    assert ENTRIES.keys() == OPTIONS.keys()
    for name, entry in ENTRIES.items():
        assert entry.options.keys() == OPTIONS[name].keys()
        assert entry.summary
        assert callable((OPTIMIZERS if name in OPTIMIZERS else SCHEDULES).resolve(name))
    assert {name for name, entry in ENTRIES.items() if entry.reference} == {"adamw", "ranger"}
    # Rectified Adam and Lookahead count their steps in Python, where no graph sees them.
    assert set(OPTIMIZERS) - CAPTURABLE == {"ranger"}


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name, options in OPTIONS.items() for option in options]
)
def test_an_option_has_its_default_and_takes_what_its_method_allows(name: str, option: str) -> None:
    default, taken, refused = OPTIONS[name][option]
    found = ENTRIES[name].options[option]
    assert found.default == default
    for value in taken:
        kept = found.check(value)
        assert list(kept) == value if isinstance(value, list) else kept == value
    for value in refused:
        with pytest.raises(BadValue):
            found.check(value)
