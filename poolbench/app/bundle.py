"""A study's report as files: the page, the tables in every format, the figures."""

from __future__ import annotations

from pathlib import Path

from poolbench.app.page import page_of
from poolbench.app.report import Reading, charts, render, tables
from poolbench.core.atomic import write_whole
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.study import Study

_SUFFIXES = {"markdown": "md", "latex": "tex", "csv": "csv", "json": "json"}


def write_page(study: Study, store_path: Path, reading: Reading, file: Path) -> Path:
    """Write a study as one HTML file, whole or not at all.

    Raises:
        NothingMatched: Not one of its cells is finished.
        EnvironmentFault: The file cannot be written.
    """
    from poolbench.report.as_html import render_page

    _write(file, render_page(page_of(study, store_path, reading)))
    return file


def write_bundle(study: Study, store_path: Path, reading: Reading, folder: Path) -> list[Path]:
    """Write a study's page, its tables in every format and its figures.

    Args:
        study: What to report on.
        store_path: The store's folder; it may be read-only.
        reading: How to read the results.
        folder: Made where it is missing; files in it of the same names are replaced.

    Returns:
        The files: ``index.html``, ``tables.md`` and so on, ``figures/*``.

    Raises:
        NothingMatched: Not one of its cells is finished.
        BadInput: The folder is a file.
        EnvironmentFault: A file cannot be written.
    """
    from poolbench.report.picture import KINDS, write_all

    made = tables(study, store_path, reading)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise BadInput(f"{folder} is a file", "name a folder, or FILE.html, with -o") from error
    except OSError as error:
        raise EnvironmentFault(f"cannot make {folder}: {error.strerror}") from error
    files = [write_page(study, store_path, reading, folder / "index.html")]
    for format, suffix in _SUFFIXES.items():
        files.append(folder / f"tables.{suffix}")
        _write(files[-1], render(made, format))
    drawn = charts(study, store_path, reading)
    return files + write_all(drawn, folder / "figures", kinds=KINDS)


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, lambda stream: stream.write(text.encode()))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {file}: {error.strerror}") from error
