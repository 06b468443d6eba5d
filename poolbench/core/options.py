"""The options a catalogue entry takes: declared once, without importing what the entry names.

The suite's checks, `poolbench list` and the conformance tests all read these declarations, so a
suite error needs no torch and a listing cannot disagree with what is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Scalar = bool | int | float | str | None


class _Required:
    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = _Required()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One named option of a catalogue entry.

    Args:
        kind: ``float``, ``int``, ``bool`` or ``str``; an int is accepted where a float is.
        default: Value when the option is left out; ``REQUIRED`` when it may not be.
        choices: The accepted strings; empty for any.
        above: Exclusive lower bound.
        minimum: Inclusive lower bound.
        maximum: Inclusive upper bound.
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
        if self.many:
            name = f"{'rising ' if self.rising else ''}list of {name}s"
        return " ".join([name, " and ".join(bounds)]).strip()
