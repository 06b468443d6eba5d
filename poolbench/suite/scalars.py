"""What a plain YAML scalar means: the core schema of YAML 1.2, and fractions.

PyYAML follows YAML 1.1, where ``1e-3`` is text, ``on`` and ``no`` are booleans, ``010`` is 8 and
``12:30`` is 750: each would silently train a different network from the one asked for.
"""

from __future__ import annotations

import re
from fractions import Fraction

from poolbench.core.values import Scalar

MAX_DIGITS = 18
"""Whole numbers of this length fit in 64 bits."""

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_WHOLE = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_FRACTION = re.compile(r"([-+]?[0-9]+)/([0-9]+)")


def resolve(text: str) -> Scalar:
    """Return the value of a scalar written without quotes.

    Args:
        text: As written: ``1e-3``, ``8/255``, ``on``.

    Returns:
        ``None``, a bool, an int, a float or, if nothing else fits, the text itself. A fraction
        is the float nearest to it, always a float: ``4/2`` is 2.0.

    Raises:
        ValueError: A whole number of more than 18 digits, or a fraction with denominator zero.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        _refuse_long(text)
        return int(text)
    if _PREFIXED.fullmatch(text):
        _refuse_long(text)
        return int(text[2:], {"o": 8, "x": 16}[text[1]])
    if _REAL.fullmatch(text):
        return float(text)
    if fraction := _FRACTION.fullmatch(text):
        numerator, denominator = fraction.groups()
        _refuse_long(numerator)
        _refuse_long(denominator)
        if int(denominator) == 0:
            raise ValueError(f"{text} has the denominator 0")
        return float(Fraction(int(numerator), int(denominator)))
    return text


def _refuse_long(text: str) -> None:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a whole number of {len(text)} characters; at most {MAX_DIGITS} fit")
