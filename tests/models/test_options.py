"""Options of networks are checked before anything is built."""

from __future__ import annotations

import pytest

import poolbench as pb
from poolbench.core.errors import BadInput
from poolbench.models import MODELS

WHOLE = [
    (name, key)
    for name, entry in MODELS.items()
    for key, option in entry.options.items()
    if option.kind is int
]


@pytest.mark.parametrize(("name", "key"), WHOLE)
def test_a_size_that_no_memory_holds_is_refused_at_once(name: str, key: str) -> None:
    with pytest.raises(BadInput, match=rf"{name}\.{key}: expected .* got 1000000001"):
        pb.model(name, **{key: 1_000_000_001})


def test_the_deepest_network_that_was_published_is_allowed() -> None:
    option = MODELS["wrn"].options["depth"]
    assert option.maximum is not None
    assert option.maximum >= 1202
