"""The options a catalogue entry takes: declared once, without importing what the entry names.

A suite, ``poolbench.operator``, ``poolbench.model``, plug-ins and ``--attack`` all have a value
checked by :meth:`Option.check`, so it is refused everywhere or nowhere, in the same words. What an
entry's target is given has passed; the target itself checks only what its options do not show one
by one: two that belong together, or one and the shape of the images.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from poolbench.core.errors import BadInput, closest, did_you_mean
from poolbench.core.values import describe_value, plain_value


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = _Required()


class BadValue(BadInput):
    """A value that an option does not take.

    Args:
        message: What was expected, and what was given.
        hint: May be empty.
        index: Of the item of a list that is at fault; ``None`` when it is the value itself.
    """

    def __init__(self, message: str, hint: str = "", *, index: int | None = None) -> None:
        super().__init__(message, hint)
        self.index = index


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One named option of a catalogue entry.

    Args:
        kind: ``float``, ``int``, ``bool`` or ``str``; an int is accepted where a float is.
        default: Value when the option is left out; ``REQUIRED`` when it may not be. Where it is
            ``None``, so may be what is given.
        choices: The accepted strings; empty for any.
        above: Exclusive lower bound.
        minimum: Inclusive lower bound.
        maximum: Inclusive upper bound.
        odd: Even numbers are refused.
        many: A list of values of ``kind`` is wanted; it is stored as a tuple.
        rising: The list holds at least one value, and each is larger than the one before.
        help: What it does, with its unit.
    """

    kind: type[float] | type[int] | type[bool] | type[str]
    default: object = REQUIRED
    choices: tuple[str, ...] = ()
    above: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    odd: bool = False
    many: bool = False
    rising: bool = False
    help: str = ""

    @property
    def is_required(self) -> bool:
        """Whether leaving the option out is an error."""
        return self.default is REQUIRED

    def describe_range(self) -> str:
        """Return the accepted values in words, as listings and errors print them."""
        if self.choices:
            return " | ".join(self.choices)
        name = {float: "number", int: "whole number", bool: "true | false", str: "text"}[self.kind]
        bounds = [
            f"{sign} {bound:g}"
            for sign, bound in ((">", self.above), (">=", self.minimum), ("<=", self.maximum))
            if bound is not None
        ]
        name = f"odd {name}" if self.odd else name
        if self.many:
            name = f"{'rising ' if self.rising else ''}list of {name}s"
        return " ".join([name, " and ".join(bounds)]).strip()

    def check(self, value: object) -> Any:
        """Return a value as the entry's target takes it: of ``kind``, or a tuple of it.

        Args:
            value: What was given. Numbers of numpy, torch and ``fractions`` are numbers, a path is
                text, a range or a one-dimensional array is a list. A bool is no number, and a
                float no whole number even where nothing follows the point.

        Raises:
            BadValue: It is of another kind, not finite, or out of range.
        """
        value = plain_value(value)
        if value is None and self.default is None:
            return None
        if not self.many:
            return self._check_one(value, None)
        if not isinstance(value, list):
            raise self._refusal(describe_value(value))
        checked: tuple[Any, ...] = tuple(
            self._check_one(item, index) for index, item in enumerate(value)
        )
        if self.rising and not checked:
            raise self._refusal(describe_value(value))
        for index, (before, after) in enumerate(pairwise(checked), start=1):
            if self.rising and after <= before:
                raise self._refusal(f"{after} after {before}", index=index)
        return checked

    def _check_one(self, value: object, index: int | None) -> object:
        given = describe_value(value)
        if self.kind is float and type(value) is int:
            # What is too large for a float is no finite number, and is refused as such.
            value = float(value) if abs(value) < 1 << 1023 else math.inf
        if type(value) is not self.kind:
            raise self._refusal(given, index=index)
        if isinstance(value, str) and self.choices and value not in self.choices:
            close = closest(value, self.choices)
            raise self._refusal(given, f"did you mean '{close}'?" if close else "", index=index)
        if isinstance(value, int | float) and not self._is_in_range(value):
            raise self._refusal(given, index=index)
        return value

    def _is_in_range(self, value: float) -> bool:
        return (
            math.isfinite(value)
            and (self.above is None or value > self.above)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and not (self.odd and value % 2 == 0)
        )

    def _refusal(self, given: str, hint: str = "", *, index: int | None = None) -> BadValue:
        return BadValue(f"expected {self.describe_range()}, got {given}", hint, index=index)


def check_options(
    name: str, declared: Mapping[str, Option], given: Mapping[str, object]
) -> dict[str, Any]:
    """Return every option of a catalogue entry, those left out at their defaults.

    Args:
        name: The entry's, for messages.
        declared: What it takes.
        given: What a user of the Python API passed.

    Returns:
        Values as the entry's target takes them, in the order they are declared.

    Raises:
        BadInput: An option that is unknown, missing or out of range.
    """
    for key in given:
        if key not in declared:
            hint = did_you_mean(key, declared) or f"{name} takes no options"
            raise BadInput(f"{name} has no option '{key}'", hint)
    checked = {}
    for key, option in declared.items():
        if option.is_required and key not in given:
            raise BadInput(f"{name}.{key} is missing", f"expected {option.describe_range()}")
        try:
            checked[key] = option.check(given.get(key, option.default))
        except BadValue as error:
            raise BadInput(f"{name}.{key}: {error.message}", error.hint) from None
    return checked
