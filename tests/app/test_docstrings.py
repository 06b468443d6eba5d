"""Docstrings are read from the source and shown whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from poolbench.app.docstrings import docstring
from poolbench.app.listing import CATALOGUES
from poolbench.core.catalogue import Entry
from poolbench.report.listings.docstring import docstring_table

ENTRIES = [(entry, name) for family in CATALOGUES.values() for name, entry in family.items()]


@pytest.mark.parametrize(("entry", "name"), ENTRIES, ids=lambda part: str(part)[:24])
def test_no_word_of_a_docstring_is_lost(entry: Entry, name: str) -> None:
    table = docstring_table(name, docstring(entry.target))
    shown = "" if table is None else " ".join(cell.text for row in table.rows for cell in row)
    whole = " ".join(docstring(entry.target).replace(":\n", " \n").split())
    assert [word for word in whole.split() if word.rstrip(":") not in shown] == []


def test_sections_have_headings_and_entries_a_row_each() -> None:
    table = docstring_table("pgd", docstring("poolbench.probes.adversarial.probe:pgd"))
    assert table is not None
    rows = [tuple(cell.text for cell in row) for row in table.rows]
    assert rows[0][1].startswith("Measure robust accuracy against projected gradient descent")
    assert ("Args", "subject: Network and test images.") in rows
    headings = [heading for heading, _ in rows if heading]
    assert headings == ["Args", "Returns", "Raises"]


def test_reading_one_imports_no_torch() -> None:
    code = (
        "import sys; from poolbench.app.docstrings import docstring\n"
        "text = docstring('poolbench.models.wide_resnet:WideResNet')\n"
        "print(bool(text), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
