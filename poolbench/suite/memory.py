"""An amount of memory as a suite writes it: ``6GiB``."""

from __future__ import annotations

import re
from fractions import Fraction

_MOST_GIB = 1024
_IN_MIB = {"M": 1, "G": 1024}

AMOUNT = f"whole MiB up to {_MOST_GIB}GiB, such as 500MiB, 0.5GiB or 6GiB"
"""What :func:`in_mib` reads, for messages."""


def in_mib(written: object) -> int | None:
    """Read an amount of memory; ``None`` stays.

    Raises:
        ValueError: It is not :data:`AMOUNT`.
    """
    if written is None:
        return None
    form = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([MG])iB", str(written), re.ASCII)
    amount = Fraction(form[1]) * _IN_MIB[form[2]] if form else Fraction(0)
    if amount.denominator != 1 or not 1 <= amount <= _MOST_GIB * _IN_MIB["G"]:
        raise ValueError(f"expected {AMOUNT}")
    return int(amount)
