"""LaTeX takes the tables as they are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from poolbench.app.compare import compare
from poolbench.app.gates import read_gates
from poolbench.app.listing import describe, list_family
from poolbench.app.plan import plan
from poolbench.app.report import tables
from poolbench.app.results import Reading, read_results
from poolbench.report.formats import latex as as_latex
from poolbench.report.table import Column, Table, TableCell, text_cell
from tests.app.stores import a_store
from tests.report.examples import NAMED, PLAIN

DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs,graphicx}
\begin{document}
\input{tables.tex}
\end{document}
"""
WIDE = Table(
    title="wide",
    columns=(
        Column(title="variant", fields=("variant",), is_text=True),
        *(Column(title=f"epsilon {i}/255", fields=(f"m{i}",)) for i in range(21)),
    ),
    rows=((text_cell("max"), *(TableCell(values=(i,), text=f"{i}.12 ± 0.34") for i in range(21))),),
    notes=("x" * 400, "∞ ≤ ≥ × · – — ≈ ▲ ▼ † ‡ − ± \"quoted\" a--b '<' [x] \\item"),
)


def every_table(folder: Path) -> list[Table]:
    published = {"digits": {"max_pool": (91.0, 0.1)}}
    counts = {
        "average": [180, 181, 182, 184],
        "max_pool": [150, 151, None, "-"],
        "é&%": [1, 2, 3, 4],
    }
    study = a_store(folder / "runs", counts, published=published, margin=0.5)
    a_store(folder / "later", counts)
    gates = read_gates(["accuracy < baseline - 0.5pp", "accuracy < 50%", "parameters > 1"])

    def compared(*names: str | None, study: object = None) -> tuple[Table, ...]:
        return compare(
            *names,  # type: ignore[arg-type]
            study=study,  # type: ignore[arg-type]
            store_path=folder / "runs",
            reading=Reading(),
            gates=gates,
        ).tables

    return [
        *tables(read_results(study, folder / "runs")),
        *compared(None, None, study=study),
        *compared(str(folder / "runs"), str(folder / "later")),
        *plan(study, folder / "runs"),
        *(table for name in ("operators", "models", "data") for table in list_family(name, folder)),
        *list_family("runs", folder / "runs"),
        *describe("operators", "lae"),
    ]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex here")
def test_pdflatex_compiles_every_kind_of_table_without_a_warning(tmp_path: Path) -> None:
    shown = [PLAIN, NAMED, WIDE, *every_table(tmp_path)]
    (tmp_path / "tables.tex").write_text(as_latex.render(shown), encoding="utf-8")
    (tmp_path / "document.tex").write_text(DOCUMENT)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "document.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    log = (tmp_path / "document.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "Missing character" not in log
    # Nothing reaches into the margin but the one word that cannot be broken.
    overfull = [line for line in log.splitlines() if line.startswith("Overfull")]
    assert len(overfull) <= 1, overfull
