"""A study's report as files: the page, the tables in every format, the figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from poolbench.app.page import page_of
from poolbench.app.report import FORMATS, charts, render, tables
from poolbench.app.results import Results
from poolbench.core.atomic import write_whole
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.printable import SHOWN


def write_page(results: Results, file: Path, root: Path | None = None) -> Path:
    """Write a study as one HTML file, atomically.

    Args:
        results: The results.
        file: The file.
        root: Folder of data sets, for the test images that the page shows.

    Raises:
        NothingMatched: None of its cells is finished.
        EnvironmentFault: The file cannot be written.
    """
    from poolbench.report.formats.html import render_page

    _write(file, render_page(page_of(results, root)))
    return file


def write_bundle(results: Sequence[Results], folder: Path, root: Path | None = None) -> list[Path]:
    """Write the page of each study, its tables in every format and its figures.

    Args:
        results: Results of one study, or of several; each of several gets its own folder.
        folder: The folder; created if missing, but its parent has to exist. Files with the same
            names are replaced.
        root: As for :func:`write_page`.

    Returns:
        The files: ``index.html``, ``tables.md`` and so on, ``figures/*``.

    Raises:
        NothingMatched: None of a study's cells is finished.
        BadInput: The folder is a file.
        EnvironmentFault: A file cannot be written.
    """
    _make(folder)
    if len(results) == 1:
        return _write_study(results[0], folder, root)
    files = []
    for each in results:
        _make(folder / each.study.id)
        files += _write_study(each, folder / each.study.id, root)
    return files


def _write_study(results: Results, folder: Path, root: Path | None) -> list[Path]:
    from poolbench.report.charts.picture import KINDS, write_all

    files = [write_page(results, folder / "index.html", root)]
    made = tables(results)
    for format, entry in FORMATS.items():
        if entry.suffix not in ("", files[0].suffix):  # for a browser there is the page
            files.append(folder / f"tables{entry.suffix}")
            _write(files[-1], render(made, format))
    return files + write_all(charts(results), folder / "figures", kinds=KINDS)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError as error:
        raise BadInput(f"{folder} is a file", "name a folder, or FILE.html, with -o") from error
    except OSError as error:
        raise EnvironmentFault(f"cannot create {folder}: {error.strerror}") from error


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, lambda stream: stream.write(text.encode(errors=SHOWN)))
    except OSError as error:
        raise EnvironmentFault(f"cannot write {file}: {error.strerror}") from error
