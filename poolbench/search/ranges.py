"""Ranges that recipes are drawn from, a small closed language.

::

    RANGE = TERM xFACTOR         from start / FACTOR to start * FACTOR, log-uniform
          | TERM LOW..HIGH       uniform
          | TERM LOW..HIGH log   log-uniform
    TERM  = NAME | 1-NAME | (1-NAME)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from poolbench.core.search import short_name
from poolbench.search.api import BadSearch
from poolbench.search.quantities import EXACT, TERM, Quantity, read_quantity, rounded
from poolbench.search.recipes import short_names
from poolbench.search.spans import Span

_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(
    rf"\s*(?P<term>{TERM})\s+(?:x\s*(?P<factor>{_NUMBER})"
    rf"|(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER})(?P<log>\s+log)?)\s*"
)
_EXAMPLES = "write it as 'lr x10', 'flat 0.5..0.85' or '1-momentum 0.01..1 log'"


@dataclass(frozen=True, kw_only=True)
class Range:
    """One item of the option ``ranges``.

    Args:
        quantity: What is drawn.
        factor: Of ``xFACTOR``; ``None`` for a range with ends of its own.
        low: Its lower end.
        high: Its upper end.
        is_log: Whether its logarithm is uniform.
    """

    quantity: Quantity
    factor: Decimal | None
    low: Decimal
    high: Decimal
    is_log: bool

    def span(self, start: float) -> Span:
        """Return the interval around a start.

        ``1-NAME xFACTOR`` ends at 1, where the option is 0, however large the factor is.
        """
        low, high = self.low, self.high
        if self.factor is not None:
            least, most = self.quantity.limits
            centre = self.quantity.of(start)
            low = max(rounded(EXACT.divide(centre, self.factor)), least)
            high = min(rounded(EXACT.multiply(centre, self.factor)), most)
        return Span(quantity=self.quantity, low=low, high=high, is_log=self.is_log)


def read_ranges(texts: Sequence[str]) -> tuple[Range, ...]:
    """Read the option ``ranges``.

    Raises:
        BadSearch: One is not a range, is upside down or includes impossible values, or two are of
            the same option.
    """
    if not texts:
        raise BadSearch("a search needs at least one range", _EXAMPLES, option="ranges")
    ranges: list[Range] = []
    for index, text in enumerate(texts):
        found = _read(text, index)
        if found.quantity.name in (each.quantity.name for each in ranges):
            message = f"two ranges are of '{found.quantity.name}'"
            raise BadSearch(message, "leave one of them out", option="ranges", index=index)
        ranges.append(found)
    return tuple(ranges)


def _read(text: str, index: int) -> Range:
    match = _RANGE.fullmatch(text)
    quantity = read_quantity(match["term"]) if match is not None else None
    if match is None or quantity is None:
        raise BadSearch(f"'{text}' is not a range", _EXAMPLES, option="ranges", index=index)
    if match["factor"] is not None:
        factor = Decimal(match["factor"])
        if not 1 < factor <= Decimal("1e15"):
            message = f"'{text}': the factor must be above 1"
            raise BadSearch(message, "for example 'lr x10'", option="ranges", index=index)
        nothing = Decimal(0)
        return Range(quantity=quantity, factor=factor, low=nothing, high=nothing, is_log=True)
    low, high, is_log = Decimal(match["low"]), Decimal(match["high"]), match["log"] is not None
    if low >= high:
        message = f"'{text}' is upside down" if low > high else f"'{text}' has one value"
        hint = f"write it as '{quantity} {match['high']}..{match['low']}'" if low > high else ""
        raise BadSearch(message, hint, option="ranges", index=index)
    impossible = quantity.is_complement and (quantity.why_not(low) or quantity.why_not(high))
    if impossible:
        message, hint = f"'{text}': {impossible}", f"{quantity} is from 1e-6 to 1"
        raise BadSearch(message, hint, option="ranges", index=index)
    if is_log and not low:
        hint = "a logarithmic range starts above 0"
        raise BadSearch(f"'{text}' starts at 0", hint, option="ranges", index=index)
    return Range(quantity=quantity, factor=None, low=low, high=high, is_log=is_log)


def spans_at(ranges: Sequence[Range], start: Mapping[str, float]) -> dict[str, Span]:
    """Return the interval of each option around a start, by key of the recipe.

    Raises:
        BadSearch: The start is outside its range, or is 0 where a factor is applied to it.
    """
    keys = short_names(start)
    spans = {}
    for index, each in enumerate(ranges):
        name, key = each.quantity.name, keys[each.quantity.name]
        value, quantity = start[key], each.quantity.of(start[key])
        if each.factor is not None and each.quantity.why_not(quantity):
            low, high = each.quantity.limits
            needed = f"; a factor needs {each.quantity} from {low:g} to {high:g}"
            raise BadSearch(
                f"{name} is {value:g} at the start"
                f"{needed if quantity > 0 else ', which no factor can be applied to'}",
                f"start: {{{name}: ...}}, or give '{each.quantity}' a range with two ends",
                option="ranges",
                index=index,
                name=name,
            )
        span = each.span(value)
        if not span.low <= quantity <= span.high:
            raise BadSearch(
                f"{name} is {value:g} at the start, outside its range",
                f"{each.quantity} is from {span.low:g} to {span.high:g}",
                option="ranges",
                index=index,
                name=name,
            )
        spans[key] = span
    return spans


def bounds_of(
    ranges: Sequence[Range], start: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Return the least and the greatest value of each option, by name."""
    bounds = {}
    for key, span in spans_at(ranges, start).items():
        low, high = sorted(span.quantity.value_at(end) for end in (span.low, span.high))
        bounds[short_name(key)] = (low, high)
    return bounds


def names_of(ranges: Sequence[Range]) -> dict[str, tuple[str, int]]:
    """Return the options drawn, each with the range that says so."""
    return {each.quantity.name: ("ranges", index) for index, each in enumerate(ranges)}
