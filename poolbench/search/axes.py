"""The axes of a coordinate search, a small closed language, never evaluated as code.

::

    AXIS = TERM | TERM * TERM | TERM / TERM
    TERM = NAME | 1-NAME | (1-NAME)

``lr`` takes a step itself. ``lr*weight_decay`` takes it in ``weight_decay`` and moves ``lr``
inversely, ``lr/(1-momentum)`` takes it in ``1-momentum`` and moves ``lr`` alike, so that the whole
stays as it is: the moves (1), (2) and (3) of Lowe, Trappenberg, Oore 2021, section 4.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from poolbench.search.api import BadSearch
from poolbench.search.quantities import TERM, Quantity, read_quantity

_AXIS = re.compile(rf"\s*(?P<first>{TERM})\s*(?:(?P<sign>[*/])\s*(?P<last>{TERM})\s*)?")
_EXAMPLES = "write it as lr, lr*weight_decay or lr/(1-momentum)"


@dataclass(frozen=True, kw_only=True)
class SearchAxis:
    """One axis.

    Args:
        text: As written, without blanks.
        own: What takes the step; no other axis has it.
        base: Index of the axis of one term whose quantity moves along; ``None`` for none.
        sign: 1 for ``base * own``, -1 for ``base / own``; 1 without a base.
    """

    text: str
    own: Quantity
    base: int | None = None
    sign: int = 1

    def stage(self, direction: int) -> str:
        """Return a step as text: ``step lr +1``."""
        step = f"step {self.own} {direction:+d}"
        return step if self.base is None else f"{step}, {self.text} kept"


def read_axes(texts: Sequence[str]) -> tuple[SearchAxis, ...]:
    """Read the option ``axes``.

    Raises:
        BadSearch: One is not an axis, two take the step in the same option, or what moves along
            is not an axis itself.
    """
    if not texts:
        raise BadSearch("a search needs at least one axis", _EXAMPLES, option="axes")
    parts = [_split(text, index) for index, text in enumerate(texts)]
    # The lattice is one of whole numbers only if each base has an axis of its own.
    alone = {own: index for index, (base, _, own) in enumerate(parts) if base is None}
    axes: list[SearchAxis] = []
    for index, (text, (base, sign, own)) in enumerate(zip(texts, parts, strict=True)):
        if own.name in (axis.own.name for axis in axes):
            message = f"two axes take a step in '{own.name}'"
            raise BadSearch(message, "leave one of them out", option="axes", index=index)
        if base is not None and base not in alone:
            message = f"'{base}' moves along with '{own}' but is not an axis"
            hint = f"add {base} to the axes"
            raise BadSearch(message, hint, option="axes", index=index)
        compact = re.sub(r"\s", "", text)
        axes.append(
            SearchAxis(text=compact, own=own, base=None if base is None else alone[base], sign=sign)
        )
    return tuple(axes)


def _split(text: str, index: int) -> tuple[Quantity | None, int, Quantity]:
    """Return base, sign and own quantity of an axis."""
    match = _AXIS.fullmatch(text)
    # `lr/1-momentum` reads as two things, so it is neither.
    if match is None or (match["last"] or "").startswith("1"):
        raise BadSearch(f"'{text}' is not an axis", _EXAMPLES, option="axes", index=index)
    first, last = read_quantity(match["first"]), read_quantity(match["last"] or "")
    assert first is not None  # noqa: S101 - the pattern has matched it
    if last is None:
        return None, 1, first
    return first, 1 if match["sign"] == "*" else -1, last
