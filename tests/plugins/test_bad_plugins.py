"""An invalid plug-in ends with exit code 2 and says what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from poolbench.app.listing import CATALOGUES
from poolbench.core.errors import BadInput
from poolbench.core.plugins import load_plugins
from poolbench.operators import OPERATORS
from tests.conftest import Done

Program = Callable[..., Done]

HEAD = """\
from poolbench.core.catalogue import Entry, OperatorEntry
from poolbench.core.options import Option
from poolbench.operators import OPERATORS
from poolbench.operators.base import PlainOperator


class Mine(PlainOperator):
    def forward(self, x):
        return x.amax((2, 3))


"""
GOOD = 'OPERATORS.add("mine", OperatorEntry(target=f"{__name__}:Mine", summary="", FIELDS))\n'


def an_option(fields: str) -> str:
    return GOOD.replace("FIELDS", f'options={{"a": {fields}}}')


@pytest.mark.parametrize(
    ("body", "message", "advice"),
    [
        ("def broken(:\n", "bad.py:12 failed: SyntaxError: invalid syntax", "correct the file"),
        ("1 / 0\n", "bad.py:12 failed: ZeroDivisionError: division by zero", "correct the file"),
        ("import nowhere_at_all\n", "bad.py:12 failed: ModuleNotFoundError: No module", "correct"),
        (
            GOOD.replace('"mine"', '"lae"').replace("FIELDS", ""),
            "bad.py:12 failed: the operator 'lae' is already defined",
            "choose another name",
        ),
        (
            GOOD.replace(":Mine", ":Yours").replace("FIELDS", ""),
            "bad.py failed: the target of the operator 'mine' is 'Yours', which the file does not "
            "define",
            "define Yours in it, or correct the target",
        ),
        (
            GOOD.replace("FIELDS", 'definition=f"{__name__}:define"'),
            "the definition of the operator 'mine' is 'define', which the file does not define",
            "define define in it, or correct the definition",
        ),
        (
            GOOD.replace('f"{__name__}:Mine"', '"Mine"').replace("FIELDS", ""),
            "the operator 'mine': its target is 'Mine'; expected 'package.module:attribute'",
            "correct",
        ),
        (
            'OPERATORS.add("mine", OperatorEntry(summary=""))\n',
            "bad.py:12 failed: TypeError",
            "correct",
        ),
        (
            'OPERATORS.add("mine", Entry(target="a:b", summary=""))\n',
            "the operator 'mine': expected OperatorEntry, got Entry",
            "correct",
        ),
        (an_option("0.5"), "its option 'a' is 0.5; expected an Option", "correct"),
        (
            an_option("Option(kind=float, default=2.0, maximum=1.0)"),
            "its option 'a': its default is out of range: expected number <= 1, got 2.0",
            "correct",
        ),
        (
            an_option("Option(kind=int, default='two')"),
            "its option 'a': its default is out of range: expected whole number, got 'two'",
            "correct",
        ),
        (an_option("Option(kind=list)"), "its kind is <class 'list'>; expected float", "correct"),
        (
            an_option("Option(kind=float, minimum=2.0, maximum=1.0)"),
            "no value is in its range: number >= 2 and <= 1",
            "correct",
        ),
        (
            an_option("Option(kind=float, default=1.0)").replace('"a"', '"channels"'),
            "its option 'channels' has a reserved name",
            "correct",
        ),
    ],
)  # fmt: skip
def test_it_is_told(
    poolbench: Program, tmp_path: Path, body: str, message: str, advice: str
) -> None:
    (tmp_path / "bad.py").write_text(HEAD + body)
    done = poolbench("list", "operators", "--plugin", "bad.py")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: the plug-in bad.py")
    assert message in done.err
    assert f"\n  {advice}" in done.err
    assert "mine" not in OPERATORS


@pytest.mark.parametrize("command", ["train", "report", "doctor", "contraction"])
def test_a_file_that_is_missing_or_no_python_is_told_by_every_command(
    poolbench: Program, tmp_path: Path, command: str
) -> None:
    (tmp_path / "notes.txt").write_text("no code")
    suite = ("smoke",) if command == "train" else ()
    missing = poolbench(command, *suite, "--plugin", "nowhere.py")
    assert (missing.code, missing.err.splitlines()) == (
        2, ["error: there is no plug-in 'nowhere.py'", "  name a Python file with --plugin"]
    )  # fmt: skip
    text = poolbench(command, *suite, "--plugin", "notes.txt")
    assert (text.code, text.err.splitlines()[0]) == (
        2, "error: the plug-in 'notes.txt' is not a Python file"
    )  # fmt: skip


def test_code_elsewhere_that_is_missing_is_told_before_training(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.py").write_text(
        HEAD + GOOD.replace('f"{__name__}:Mine"', '"nowhere_at_all:Mine"').replace("FIELDS", "")
    )
    done = poolbench("train", tiny, "--set", "variants.lae.pools=mine", "--plugin", "bad.py")
    assert done.code == 2
    assert "the target of the operator 'mine', 'nowhere_at_all:Mine', cannot be loaded" in done.err
    assert "correct it in the plug-in bad.py" in done.err
    assert "Traceback" not in done.err


def test_what_it_had_added_before_it_failed_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(f"{HEAD}{GOOD.replace('FIELDS', '')}1 / 0\n")
    with pytest.raises(BadInput, match="ZeroDivisionError"):
        load_plugins([str(path)])
    assert "mine" not in OPERATORS
    path.write_text(HEAD + GOOD.replace("FIELDS", ""))
    load_plugins([str(path)])
    assert "mine" in OPERATORS


@pytest.mark.parametrize("family", CATALOGUES)
def test_our_own_entries_are_in_order(family: str) -> None:
    for name, entry in CATALOGUES[family].items():
        assert entry.fault() == "", name
        for part in entry.targets():
            assert callable(CATALOGUES[family].resolve(name, part))


@pytest.mark.parametrize("file", ["missing.py", "9" * 400])
def test_a_file_that_cannot_be_there_is_told(file: str) -> None:
    with pytest.raises(BadInput):
        load_plugins([file])
