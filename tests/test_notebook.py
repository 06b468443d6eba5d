"""The notebook of the documentation runs, and is stored with what it showed."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

NOTEBOOK = Path(__file__).parent.parent / ".github" / "quickstart.ipynb"


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def read() -> Any:
    import nbformat

    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_the_notebook_runs(tmp_path: Path) -> None:
    from nbclient import NotebookClient

    notebook = read()
    kinds = [sorted(output.get("data", ())) for output in outputs(notebook)]
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, resources=resources).execute()  # raises what a cell does
    assert [sorted(output.get("data", ())) for output in outputs(notebook)] == kinds
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "midrange.py"}


def test_the_notebook_is_stored_with_its_outputs_and_no_paths_of_a_machine() -> None:
    notebook = read()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    found = outputs(notebook)
    assert not any(output.output_type == "error" for output in found)
    pictures = [o.data["image/png"] for o in found if "image/png" in o.get("data", {})]
    assert len(pictures) == 2
    for picture in pictures:
        with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
            assert image.width > 500
    text = re.sub(r'"image/png": "[^"]*"', "", NOTEBOOK.read_text())
    assert not re.search(r"/(tmp|root|home|work|Users|opt|usr)/", text)
    assert "Traceback" not in text
