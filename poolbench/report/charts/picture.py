"""Charts as files; the same chart always gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from poolbench.core.atomic import write_whole
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.report.chart import Chart
from poolbench.report.charts.figure import figure_of
from poolbench.report.charts.style import DARK, LIGHT, Theme, drawn_in, shown

DOTS_PER_INCH = 220
# Metadata that matplotlib would write: its version and the time.
_SILENT: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
}
KINDS = tuple(_SILENT)
"""Suffixes of the supported files."""


def write(chart: Chart, path: Path) -> None:
    """Write a chart with its title and caption, atomically.

    Args:
        chart: The chart to draw.
        path: The file; its suffix is png, svg or pdf, and its folder exists.

    Raises:
        BadInput: The suffix is not supported.
        EnvironmentFault: The file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise BadInput(
            f"cannot draw {path}: '{path.suffix}' is not a kind of picture",
            f"end its name in .{', .'.join(KINDS[:-1])} or .{KINDS[-1]}",
        )
    content = _drawn(chart, kind, theme=LIGHT, has_caption=True)
    try:
        write_whole(path, lambda file: file.write(content))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {path}: {error.strerror}") from error


def write_all(
    charts: Iterable[Chart], folder: Path, *, kinds: Iterable[str] = ("png", "svg")
) -> list[Path]:
    """Write charts under their names.

    Args:
        charts: Charts with distinct names.
        folder: The folder; created if missing.
        kinds: Suffixes; each chart is written once for each.

    Returns:
        The files, in order.

    Raises:
        BadInput: Two charts have the same name, or the folder is a file.
        EnvironmentFault: A file cannot be written.
    """
    drawn = list(charts)
    names = [chart.name for chart in drawn]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"two charts have the same file name: {', '.join(twice)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise BadInput(f"{folder} is a file", "name a folder for the pictures") from error
    except OSError as error:
        raise EnvironmentFault(f"cannot create {folder}: {error.strerror}") from error
    paths = [folder / f"{chart.name}.{kind}" for chart in drawn for kind in kinds]
    for path, chart in zip(paths, (chart for chart in drawn for _ in kinds), strict=True):
        write(chart, path)
    return paths


def png(chart: Chart) -> bytes:
    """Return a chart as a PNG file, with its title and caption."""
    return _drawn(chart, "png", theme=LIGHT, has_caption=True)


def svg(chart: Chart, *, is_dark: bool = False) -> str:
    """Return a chart as an SVG element for a page: with its title, without its caption.

    It has its own background, and its ids do not clash with those of other pictures on the page.

    Args:
        chart: The chart to draw.
        is_dark: Whether it is light on dark.
    """
    theme = DARK if is_dark else LIGHT
    text = _drawn(chart, "svg", theme=theme, has_caption=False).decode()
    text = text[text.index("<svg") :]
    prefix = "c" + hashlib.sha256(text.encode()).hexdigest()[:8] + "-"
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}", text)


def _drawn(chart: Chart, kind: str, *, theme: Theme, has_caption: bool) -> bytes:
    buffer = io.BytesIO()
    metadata = {**_SILENT[kind], "Title": shown(chart.title)}
    with drawn_in(theme):
        figure = figure_of(chart, theme=theme, has_caption=has_caption)
        figure.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    return buffer.getvalue()
