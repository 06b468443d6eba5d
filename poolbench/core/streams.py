"""Named random streams: every draw is a function of (seed, purpose, position in training).

No generator's state is ever stored. A cell that is interrupted, or trained in parallel with others,
draws the same numbers as it would alone.
"""

from __future__ import annotations

import hashlib


def derive(seed: int, *names: str | int) -> int:
    """Return the seed of a named stream.

    Args:
        seed: The cell's seed.
        names: Purpose of the stream, most general first: ``derive(0, "order", epoch)``.

    Returns:
        An integer in [0, 2**63), as ``torch.Generator.manual_seed`` takes.
    """
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1
