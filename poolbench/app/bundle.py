"""A study's report as files: the page, the tables in every format, the figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from poolbench.app.page import page_of
from poolbench.app.report import Reading, charts, early_tables, render, tables
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


def write_bundle(
    studies: Sequence[Study], store_path: Path, reading: Reading, folder: Path
) -> list[Path]:
    """Write the page of each study, its tables in every format and its figures.

    Args:
        studies: What to report on; of several, each gets a folder of its own.
        store_path: The store's folder; it may be read-only.
        reading: How to read the results.
        folder: Made where it is missing, in one that is there; files of the same names are
            replaced.

    Returns:
        The files: ``index.html``, ``tables.md`` and so on, ``figures/*``.

    Raises:
        NothingMatched: Not one of a study's cells is finished.
        BadInput: The folder is a file.
        EnvironmentFault: A file cannot be written.
    """
    _make(folder)
    if len(studies) == 1:
        return _write_study(studies[0], store_path, reading, folder)
    files = []
    for study in studies:
        _make(folder / study.id)
        files += _write_study(study, store_path, reading, folder / study.id)
    return files


def _write_study(study: Study, store_path: Path, reading: Reading, folder: Path) -> list[Path]:
    from poolbench.report.picture import KINDS, write_all

    files = [write_page(study, store_path, reading, folder / "index.html")]
    made = tables(study, store_path, reading) + early_tables(study, store_path, reading)
    for format, suffix in _SUFFIXES.items():
        files.append(folder / f"tables.{suffix}")
        _write(files[-1], render(made, format))
    drawn = charts(study, store_path, reading)
    return files + write_all(drawn, folder / "figures", kinds=KINDS)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise BadInput(f"{folder} is a file", "name a folder, or FILE.html, with -o") from error
    except OSError as error:
        raise EnvironmentFault(f"cannot make {folder}: {error.strerror}") from error


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, lambda stream: stream.write(text.encode()))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {file}: {error.strerror}") from error
