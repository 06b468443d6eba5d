"""Names of files as text."""

from __future__ import annotations

import os


def printable(name: str) -> str:
    r"""Return a file's name as text that can be written anywhere.

    Names are bytes, and those in an old archive may not be UTF-8: such bytes are shown escaped.

    >>> printable("gu\udceape")
    'gu\\xeape'
    """
    return os.fsencode(name).decode(errors="backslashreplace")
