"""The conformance tests, put to the operators of a plug-in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
(EXAMPLE,) = (
    code
    for code in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    if "OPERATORS.add(" in code
)


def held_to_the_contract(file: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0",
         "tests/operators/test_contract.py", "--plugin", str(file), *arguments],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_example_of_the_readme_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "midrange.py").write_text(EXAMPLE)
    told = held_to_the_contract(tmp_path / "midrange.py")
    assert re.search(r"\d+ passed", told), told
    assert "failed" not in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("(1 - share) * min(z)", "share * min(z) + 0.1", "Tensor-likes are not close"),
        ('        definition=f"{__name__}:midrange",\n', "", "give its OperatorEntry definition="),
    ],
)
def test_what_breaks_it_or_leaves_it_open_is_told(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in EXAMPLE
    (tmp_path / "midrange.py").write_text(EXAMPLE.replace(old, new))
    output = held_to_the_contract(tmp_path / "midrange.py", "-k", "of_the_definition")
    assert told in output
    assert "1 failed" in output


def test_a_plug_in_that_is_not_in_order_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("1 / 0\n")
    assert "bad.py:1 failed: ZeroDivisionError" in held_to_the_contract(tmp_path / "bad.py")
