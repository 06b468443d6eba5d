"""What the theory commands share: numbers in options, and showing what was calculated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from poolbench.app.report import FORMATS
from poolbench.cli.output import draw, emit
from poolbench.core.errors import BadInput

if TYPE_CHECKING:
    from poolbench.core.theory import TheorySettings

_MOST_NUMBERS = 1000
_MANY_PROGRAMMES = 1000


def show(
    settings: TheorySettings,
    figures: Path | None,
    format: str,
    output: Path | None,
    deviations: Sequence[str] = (),
) -> None:
    """Calculate what is asked, print the tables and draw the charts.

    Args:
        settings: What to calculate.
        figures: Folder for charts; ``None`` for none.
        format: Format of the tables.
        output: File to write them to; ``None`` for standard output.
        deviations: What the suite does not have from its source.
    """
    from poolbench.app.theory import calculate

    errors = settings.optimal_error
    if errors is not None and not errors.orders:
        programmes = sum(2**d - 2 for d in errors.d if 0 < d <= 12)
        if programmes > _MANY_PROGRAMMES:
            typer.echo(f"{programmes:,} linear programmes, a few milliseconds each", err=True)
    shows_charts = bool(FORMATS[format].with_charts)
    with_charts = figures is not None or shows_charts
    findings = calculate(settings, with_charts=with_charts, deviations=deviations)
    if figures is not None:
        draw(findings.charts, figures)
    emit(findings.tables, format, output, charts=findings.charts)


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """Read ``4``, ``2-12`` or ``2,4,9``."""
    found: list[int] = []
    for part in text.split(","):
        matched = re.fullmatch(r"\s*(-?\d{1,9})(?:-(\d{1,9}))?\s*", part)
        first, last = (matched[1], matched[2] or matched[1]) if matched else ("1", "0")
        if not 0 <= int(last) - int(first) < _MOST_NUMBERS:
            raise BadInput(
                f"{option} is '{text}'", f"give whole numbers, such as {option} 4, 2-12 or 0,3"
            )
        found += range(int(first), int(last) + 1)
    return tuple(found)


def numbers(option: str, text: str) -> tuple[float, ...]:
    """Read ``0.1,1,10``."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"{option} is '{text}'", f"give numbers: {option} 0.1,1,10") from None


def fractions(text: str) -> tuple[Fraction, ...]:
    """Read ``0,1/2,0.9``."""
    try:
        return tuple(Fraction(part.strip()) for part in text.split(","))
    except (ValueError, ZeroDivisionError):
        raise BadInput(f"--shares is '{text}'", "give shares: --shares 0,1/2,0.9") from None
