"""The conformance tests run on the operators of a plug-in."""

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


def test_the_example_of_the_readme_obeys_it(tmp_path: Path) -> None:
    (tmp_path / "midrange.py").write_text(EXAMPLE)
    output = held_to_the_contract(tmp_path / "midrange.py")
    assert re.search(r"\d+ passed", output), output
    assert "failed" not in output


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(1 - share) * min(z)", "share * min(z) + 0.1", "Tensor-likes are not close"),
        ('        definition=f"{__name__}:midrange",\n', "", "give its OperatorEntry definition="),
    ],
)
def test_a_violation_or_a_missing_definition_is_reported(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in EXAMPLE
    (tmp_path / "midrange.py").write_text(EXAMPLE.replace(old, new))
    output = held_to_the_contract(tmp_path / "midrange.py", "-k", "of_the_definition")
    assert message in output
    assert "1 failed" in output


def test_an_invalid_plug_in_is_reported(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("1 / 0\n")
    assert "bad.py:1 failed: ZeroDivisionError" in held_to_the_contract(tmp_path / "bad.py")
