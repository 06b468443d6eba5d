"""Cells that several tables share: whole numbers, decimals, fractions and missing values."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from poolbench.report.number_format import NOTHING
from poolbench.report.table import TableCell

V = TypeVar("V", int, float, str)

_LONGEST_DENOMINATOR = 10**6


def whole(number: int) -> TableCell:
    """Return a cell with a number, shown with thousands separators."""
    return TableCell(values=(number,), text=f"{number:,}")


def decimal(number: float, digits: int = 6) -> TableCell:
    """Return a cell with a number, shown to some significant digits."""
    return TableCell(values=(number,), text=signed(number, digits))


def fraction(value: Fraction) -> TableCell:
    """Return a cell with a fraction as float and text, shown as a decimal if it is long."""
    is_short = value.denominator < _LONGEST_DENOMINATOR
    text = str(value).replace("-", "−") if is_short else signed(float(value), 6)
    return TableCell(values=(float(value), str(value)), text=text)


def signed(number: float, digits: int) -> str:
    """Return a number to some significant digits, with the typographic minus."""
    return f"{number:.{digits}g}".replace("-", "−")


def optional(value: V | None, form: Callable[[V], str]) -> TableCell:
    """Return a cell with a value, shown by a function; ``None`` as a dash."""
    return TableCell(values=(value,), text=NOTHING if value is None else form(value))
