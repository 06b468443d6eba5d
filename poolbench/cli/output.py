"""Writing results to standard output or to a file."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.printable import SHOWN

if TYPE_CHECKING:
    from poolbench.app.report import Chart, Table

_COMMAND = re.compile(r"^(?=[^\S\n]*::)|(?<=#)(?=#\[)", re.MULTILINE)


@contextmanager
def leaving_when_unread(stream: TextIO) -> Iterator[None]:
    """Exit silently with 141 if the reader of a stream has left, as ``head`` does.

    Args:
        stream: Standard output or standard error; nothing else is written to meanwhile.

    Raises:
        EnvironmentFault: The stream cannot be written: it goes to a file on a full disk.
    """
    try:
        yield
    except OSError as error:
        # Drop what is still buffered, or flushing it at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(128 + signal.SIGPIPE)
        name = "standard output" if stream is sys.stdout else "standard error"
        raise EnvironmentFault(f"cannot write to {name}: {error.strerror}") from error


def tell(line: str) -> None:
    """Write a message to standard error."""
    _send(_without_commands(f"{line}\n"), sys.stderr)


def annotate(command: str) -> None:
    """Write a workflow command to standard error, where GitHub Actions reads it."""
    _send(f"{command}\n", sys.stderr)


def _without_commands(text: str) -> str:
    """Return text in which no title or name commands GitHub Actions, if that reads it.

    It takes ``::command::`` at the start of a line, and ``##[command]`` anywhere: a backslash is
    put before.
    """
    reads = os.environ.get("GITHUB_ACTIONS") == "true"
    return _COMMAND.sub(r"\\", text) if reads else text


def _send(text: str, stream: TextIO) -> None:
    with leaving_when_unread(stream):
        stream.write(text)
        stream.flush()


def check(format: str, output: Path | None) -> None:
    """Check that a format and file can be written, before the work rather than after.

    Raises:
        BadInput: The format or the file's suffix is unknown, or the file is a folder.
        EnvironmentFault: The file's folder does not exist.
    """
    from poolbench.app.report import FORMATS

    FORMATS[format]
    if output is not None and output.suffix and format == "rich" and not FORMATS.by_suffix(output):
        known = ", ".join(entry.suffix for entry in FORMATS.values() if entry.suffix)
        raise BadInput(
            f"no format has the suffix '{output.suffix}' of {output}",
            f"known: {known}; or name the format with --format",
        )
    if output is not None and output.is_dir():
        raise BadInput(f"{output} is a folder", "name a file with -o")
    if output is not None and not output.parent.is_dir():
        raise EnvironmentFault(f"there is no folder {output.parent}", "create it or name another")


def emit(
    tables: Sequence[Table],
    format: str,
    output: Path | None,
    *,
    charts: Sequence[Chart] = (),
) -> None:
    """Write tables in a format.

    Args:
        tables: What to show.
        format: A name in the format catalogue; a file's suffix takes precedence over ``rich``.
        output: The file; ``None`` for standard output, with colour on a terminal.
        charts: Shown below the tables if the format has pictures.

    Raises:
        BadInput: The format is unknown.
        EnvironmentFault: The file cannot be written.
    """
    from poolbench.app.report import FORMATS, print_to_terminal, render

    if output is None and format == "rich" and sys.stdout.isatty():
        with leaving_when_unread(sys.stdout):
            print_to_terminal(tables)
            sys.stdout.flush()
        return
    if output is not None:
        check(format, output)
        if format == "rich":
            format = FORMATS.by_suffix(output) or format
    write(render(tables, format, charts), output)


def write(text: str, output: Path | None) -> None:
    """Write text to standard output or a file.

    Args:
        text: What to write.
        output: The file; ``None`` for standard output.

    Raises:
        EnvironmentFault: The file cannot be written.
    """
    if output is None:
        _send(_without_commands(text), sys.stdout)
        return
    try:
        output.write_text(text, encoding="utf-8", errors=SHOWN)
    except OSError as error:
        raise EnvironmentFault(f"cannot write {output}: {error.strerror}") from error


def draw(charts: Sequence[Chart], folder: Path) -> None:
    """Write charts into a folder, and list the files on standard error.

    Raises:
        BadInput: Two charts have the same name, or the folder is a file.
        EnvironmentFault: A file cannot be written.
    """
    from poolbench.app.report import draw as draw_all

    for path in draw_all(charts, folder):
        tell(f"drew {path}")
