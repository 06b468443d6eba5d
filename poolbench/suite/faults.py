"""Faults: what is invalid in a suite, and where, and the one error that lists them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from poolbench.core.errors import BadInput

SHOWN_FAULTS = 50
EXCERPT_WIDTH = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """A piece of text that values come from; equal only to itself.

    Args:
        name: The file as the user wrote it, or the command-line option: ``--set seeds=3``.
        lines: Its lines, without line ends.
        is_file: Whether messages give line and column; an option is short enough without.
    """

    name: str
    lines: tuple[str, ...]
    is_file: bool = True


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A stretch of one line of a source.

    Args:
        source: The text it is in.
        line: From 1.
        column: From 1, in characters.
        length: Characters to underline, at least 1.
        keys: Where it is in a source without text, as Python spells it: ``['recipe']['epochs']``.
    """

    source: Source
    line: int
    column: int
    length: int = 1
    keys: str = ""

    def __str__(self) -> str:
        if not self.source.is_file:
            return f"{self.source.name}{self.keys}"
        return f"{self.source.name}:{self.line}:{self.column}"

    def excerpt(self) -> tuple[str, str]:
        """Return the line and the blanks that put a caret under the column.

        Long lines are cut to a window around the column; tabs are kept in the blanks, so that
        the caret stands under its character whatever width a terminal gives a tab.
        """
        lines = self.source.lines
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        start = 0 if len(line) <= EXCERPT_WIDTH else max(0, self.column - 1 - EXCERPT_WIDTH // 2)
        before = line[start : self.column - 1].ljust(self.column - 1 - start)
        blanks = "".join("\t" if character == "\t" else " " for character in before)
        return line[start : start + EXCERPT_WIDTH], blanks


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something invalid in a suite.

    Args:
        mark: Where it is.
        message: What is wrong.
        hint: What would have been accepted; may be empty.
    """

    mark: Mark
    message: str
    hint: str = ""

    def __str__(self) -> str:
        headline = f"{self.mark}: {self.message}"
        if not self.mark.source.is_file:
            return f"{headline}\n  {self.hint}" if self.hint else headline
        line, blanks = self.mark.excerpt()
        carets = "^" * max(1, min(self.mark.length, len(line) - len(blanks)))
        under = f"{'':4} | {blanks}{carets} {self.hint}".rstrip()
        return f"{headline}\n{self.mark.line:4} | {line}\n{under}"


class Faults:
    """The faults found so far, without duplicates."""

    def __init__(self) -> None:
        self._found: dict[Fault, None] = {}
        self._unreadable: set[Mark] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, mark: Mark, message: str, hint: str = "") -> None:
        """Add a fault and go on, so that all faults of a file are reported at once."""
        if mark not in self._unreadable:
            self._found[Fault(mark=mark, message=message, hint=hint)] = None

    def add_unreadable(self, mark: Mark, message: str, hint: str = "") -> None:
        """Add a fault for an unreadable value; later faults of the same value are not added."""
        self.add(mark, message, hint)
        self._unreadable.add(mark)

    def stop(self, mark: Mark, message: str, hint: str = "") -> NoReturn:
        """Add a fault after which nothing more can be read.

        Raises:
            BadInput: Always.
        """
        self.add(mark, message, hint)
        raise self.error()

    def error(self) -> BadInput:
        """Return all faults as one error, files first, each in the order of its lines."""
        ordered = sorted(
            self._found,
            key=lambda fault: (
                not fault.mark.source.is_file,
                fault.mark.source.name,
                fault.mark.line,
                fault.mark.column,
            ),
        )
        shown = [str(fault) for fault in ordered[:SHOWN_FAULTS]]
        if len(ordered) > SHOWN_FAULTS:
            shown.append(f"and {len(ordered) - SHOWN_FAULTS} more")
        errors = "the error" if len(ordered) == 1 else f"the {len(ordered)} errors"
        return BadInput("\n".join(shown), f"nothing was run; fix {errors} above and try again")
