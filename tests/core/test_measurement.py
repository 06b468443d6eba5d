"""Which images were classified rightly is kept as bits, and read back as it was."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolbench.core.measurement import pack_bits, unpack_bits


@given(st.lists(st.booleans(), max_size=40))
def test_bits_come_back_as_they_were(right: list[bool]) -> None:
    assert unpack_bits(pack_bits(iter(right)), len(right)) == right


def test_the_first_image_is_the_highest_bit_of_the_first_byte() -> None:
    # Stored files are read by these positions: 1000 0001 1|000 0000.
    right = [True, *[False] * 6, True, True]
    assert base64.b64decode(pack_bits(right)) == bytes([0b1000_0001, 0b1000_0000])


def test_bits_that_were_never_packed_are_not_made_up() -> None:
    with pytest.raises(ValueError, match="17 booleans"):
        unpack_bits(pack_bits([True] * 16), 17)
