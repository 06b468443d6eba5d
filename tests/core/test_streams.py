"""Named random streams: whoever changes one changes every stored result."""

from __future__ import annotations

import itertools

import pytest

from poolbench.core.streams import derive


@pytest.mark.parametrize(
    ("names", "digest"),
    [
        # printf '0/order/1' | b2sum -l 64
        ((0, "order", 1), 0x5234FF2E7DFBB7DE),
        ((3, "noise", 0), 0x7039F59A7E27911C),
        ((0, "pad-noise", 40, 2), 0x497A153E03E6AC90),
    ],
)
def test_a_stream_is_the_hash_of_its_name_without_the_sign(
    names: tuple[int, *tuple[str | int, ...]], digest: int
) -> None:
    assert derive(*names) == digest // 2


def test_no_two_names_share_a_stream() -> None:
    purposes = ((), ("noise",), ("order",), ("order", 1), ("order", 1, 1), ("order", 11))
    seeds = {derive(seed, *names) for seed, names in itertools.product(range(30), purposes)}
    assert len(seeds) == 30 * len(purposes)
    assert all(0 <= seed < 2**63 for seed in seeds)
