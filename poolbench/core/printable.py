r"""Names of files as text: they are bytes, and those of an old archive may not be UTF-8.

Python keeps such bytes as halves of surrogate pairs, which no encoding can write. They are shown
escaped, as ``\xe9``: by :func:`shown_in_json` in JSON, and wherever other text is written by
``SHOWN``, a handler of encoding errors that puts a question mark for what an encoding lacks
otherwise.
"""

from __future__ import annotations

import codecs
import os
import re

SHOWN = "poolbench.shown"
_SHOWN_IN_JSON = "poolbench.shown_in_json"

_BYTES = range(0xDC80, 0xDD00)
_BYTE = re.compile("[\udc80-\udcff]")
_STORED_BYTE = re.compile("\0([0-9a-f]{2})")


def printable(name: str) -> str:
    r"""Return a file's name as text that can be written anywhere.

    >>> printable("gu\udceape")
    'gu\\xeape'
    """
    return os.fsencode(name).decode(errors="backslashreplace")


def shown_in_json(text: str) -> str:
    r"""Return JSON that can be written anywhere, whatever names are in its texts.

    >>> shown_in_json('"gu\udceape"')
    '"gu\\\\xeape"'
    """
    return text.encode(errors=_SHOWN_IN_JSON).decode()


def stored_path(path: str) -> str:
    r"""Return a path as text that JSON holds and :func:`restored_path` makes the same path of.

    No path has a NUL, so one marks a byte that is not UTF-8.

    >>> stored_path("gu\udceape")
    'gu\x00eape'
    """
    return _BYTE.sub(lambda found: f"\0{ord(found[0]) & 0xFF:02x}", path)


def restored_path(text: str) -> str:
    """Return the path that :func:`stored_path` wrote as text."""
    return _STORED_BYTE.sub(lambda found: chr(0xDC00 | int(found[1], 16)), text)


def _escaped(error: UnicodeError, backslash: str) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    chars = map(ord, error.object[error.start : error.end])
    text = (f"{backslash}x{char & 0xFF:02x}" if char in _BYTES else "?" for char in chars)
    return "".join(text), error.end


codecs.register_error(SHOWN, lambda error: _escaped(error, "\\"))
codecs.register_error(_SHOWN_IN_JSON, lambda error: _escaped(error, "\\\\"))
