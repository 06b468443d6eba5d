"""The options a catalogue entry takes: declared once, without importing what the entry names.

A suite, ``poolbench.operator``, ``poolbench.model``, plug-ins and ``--attack`` all check values
with :meth:`Option.check`, so that an invalid value is rejected everywhere with the same message.
An entry's target receives checked values; it only checks what depends on more than one option, or
on the shape of the images.
"""

from __future__ import annotations

import math
import re
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
    """An invalid value of an option.

    Args:
        message: What was expected, and what was given.
        hint: May be empty.
        index: Index of the invalid item of a list; ``None`` if it is the value itself.
    """

    def __init__(self, message: str, hint: str = "", *, index: int | None = None) -> None:
        super().__init__(message, hint)
        self.index = index


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One named option of a catalogue entry.

    Args:
        kind: ``float``, ``int``, ``bool`` or ``str``; an int is accepted where a float is.
        default: Value if the option is left out; ``REQUIRED`` if it must be given. If it is
            ``None``, ``None`` may also be given.
        words: Strings that are accepted besides numbers.
        choices: The accepted strings; empty for any.
        pattern: Regular expression of the accepted text; empty for any.
        form: What the pattern accepts, in words.
        above: Exclusive lower bound.
        minimum: Inclusive lower bound.
        maximum: Inclusive upper bound.
        odd: Whether even numbers are rejected.
        many: Whether the value is a list of values of ``kind``; it is stored as a tuple.
        rising: Whether the list must hold at least one value and be strictly ascending.
        help: What it does, with its unit.
    """

    kind: type[float] | type[int] | type[bool] | type[str]
    default: object = REQUIRED
    words: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""
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

    def fault(self) -> str:
        """Return what is wrong with the declaration, as text; empty if it is valid."""
        if self.kind not in (float, int, bool, str):
            return f"its kind is {self.kind!r}; expected float, int, bool or str"
        if self.words and self.kind not in (float, int):
            return f"only numbers have words besides, not {self.kind.__name__}"
        if self.choices and self.kind is not str:
            return f"only text has choices, not {self.kind.__name__}"
        if self.pattern and not (self.form and self.kind is str):
            return "its pattern needs text, and a form that says what is accepted"
        low, high = self.above if self.minimum is None else self.minimum, self.maximum
        if low is not None and high is not None and low > high:
            return f"no value is in its range: {self.describe_range()}"
        if self.is_required or self.default is None:
            return ""
        try:
            self.check(self.default)
        except BadValue as error:
            return f"its default is out of range: {error.message}"
        return ""

    def describe_range(self) -> str:
        """Return the accepted values as text, for listings and errors."""
        if self.choices:
            return " | ".join(self.choices)
        text = self.form or "text"
        name = {float: "number", int: "whole number", bool: "true | false", str: text}[self.kind]
        bounds = [
            f"{sign} {bound}" if isinstance(bound, int) else f"{sign} {bound:g}"
            for sign, bound in ((">", self.above), (">=", self.minimum), ("<=", self.maximum))
            if bound is not None
        ]
        name = f"odd {name}" if self.odd else name
        if self.many:
            name = f"{'rising ' if self.rising else ''}list of {name}s"
        range_text = " ".join([name, " and ".join(bounds)]).strip()
        return " or ".join([range_text, *map(repr, self.words)])

    def check(self, value: object) -> Any:
        """Return a checked value as the entry's target takes it: of ``kind``, or a tuple of it.

        Args:
            value: What was given. Numbers of numpy, torch and ``fractions`` are numbers, a path is
                text, a range or a one-dimensional array is a list. A bool is not a number, and a
                float is not a whole number, not even 2.0.

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
            # A number too large for a float is not finite, and is rejected as such.
            value = float(value) if abs(value) < 1 << 1023 else math.inf
        if isinstance(value, str) and value in self.words:
            return value
        if type(value) is not self.kind:
            raise self._refusal(given, index=index)
        if isinstance(value, str) and self.choices and value not in self.choices:
            close = closest(value, self.choices)
            raise self._refusal(given, f"did you mean '{close}'?" if close else "", index=index)
        if isinstance(value, str) and self.pattern and not re.fullmatch(self.pattern, value):
            raise self._refusal(given, index=index)
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
    """Return every option of a catalogue entry, with defaults for those left out.

    Args:
        name: The entry's name, for messages.
        declared: The options it takes.
        given: What a user of the Python API passed.

    Returns:
        Values as the entry's target takes them, in the order of declaration.

    Raises:
        BadInput: An option is unknown, missing or out of range.
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
