"""What the documents say is tried."""

from __future__ import annotations

import doctest
import importlib
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import poolbench as package
from tests.conftest import Done

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "poolbench").rglob("*.py"))
    if ">>>" in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_docstrings_give_what_they_say(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_python_of_the_readme_runs(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
def test_the_suites_of_the_readme_are_sound(
    text: str, poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    path = tmp_path / "readme.yaml"
    path.write_text(text)
    done = poolbench("plan", path)
    assert done.code == 0, done.err


def test_every_command_and_option_of_the_readme_exists(poolbench: Callable[..., Done]) -> None:
    gallery = (ROOT / ".github" / "GALLERY.md").read_text()
    lines = re.findall(r"^(?:\$ )?poolbench (\w+)(.*)$", README + gallery, re.MULTILINE)
    assert len(lines) > 30
    for command, rest in lines:
        is_group = command in {"bench", "store", "theory"}
        shown = poolbench(command, *(rest.split()[:1] if is_group else ()), "--help")
        assert shown.code == 0, (command, rest)
        words = shown.out.replace("│", " ").split()
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest.split("#")[0]):
            assert any(option in word for word in words), f"{command} {option}"


def test_the_suites_and_profiles_the_readme_trains_are_there(
    poolbench: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for part in ("train", "test"):
        for label in ("cat", "dog"):
            picture = tmp_path / "my-pictures" / part / label / "1.png"
            picture.parent.mkdir(parents=True)
            Image.new("RGB", (32, 32)).save(picture)
    monkeypatch.setenv("POOLBENCH_DATA", str(tmp_path))
    monkeypatch.chdir(ROOT)
    commands = re.findall(r"^poolbench (?:plan|train) (.*)$", README, re.MULTILINE)
    shown = [shlex.split(command, comments=True) for command in commands]
    planned = [words for words in shown if "suite.yaml" not in words]
    assert len(planned) >= 4
    for words in planned:
        done = poolbench("plan", *words, "--store", "/nonexistent")
        assert done.code == 0, (words, done.err)


def test_the_changelog_is_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[?([\d.]+)", changelog, re.MULTILINE)
    assert versions[0] == package.__version__


def test_nothing_but_the_agreed_top_level() -> None:
    allowed = {
        "poolbench", "suites", "tests", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE",
    }  # fmt: skip
    tracked = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert tracked - allowed <= {"runs", "build", "dist", "data"}


def test_every_picture_of_the_readme_is_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        with Image.open(ROOT / picture) as image:
            assert image.width > 500, picture
