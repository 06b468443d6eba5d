"""What a label may be: the name or number of one class."""

from __future__ import annotations

import json
import re

SUPPORTED = "each picture needs one class: a name or a whole number"

_DECIMAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?")
_SEVERAL = re.compile(r"[+-]?\d+(?:[\s,;|]+[+-]?\d+)+")


class BadLabel(ValueError):
    """A label that is not one class; the message says what it is."""


def class_of(value: object) -> str:
    """Return the name of the class that a label stands for.

    >>> class_of(7), class_of(" cat ")
    ('7', 'cat')

    Args:
        value: Text, or a value of JSON or a column.

    Raises:
        BadLabel: There is none, or there are several (multi-label), or it is a quantity
            (regression).
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        raise BadLabel("no label")
    if isinstance(value, str):
        return _class_of_text(value.strip())
    if isinstance(value, bool | int):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, float):
        raise BadLabel(f"the label {value:g} is a quantity (regression), not a class")
    if isinstance(value, list | tuple | dict | set):
        raise BadLabel(f"the label {str(value)[:40]} has several values (multi-label)")
    raise BadLabel(f"the label is a {type(value).__name__}")


def _class_of_text(text: str) -> str:
    if _DECIMAL.fullmatch(text):
        raise BadLabel(f"the label {text} is a quantity (regression), not a class")
    if _SEVERAL.fullmatch(text) or _is_list(text):
        raise BadLabel(f"the label '{text[:40]}' has several values (multi-label)")
    return text


def _is_list(text: str) -> bool:
    if not text.startswith("["):
        return False
    try:
        return isinstance(json.loads(text.replace("'", '"')), list)
    except ValueError:
        return False
