"""What the documents say is tried."""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shlex
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from PIL import Image

import poolbench as package
from tests.conftest import TINY, Done
from tests.data.layouts.pictures import SHADES, encoded
from tests.data.layouts.written import samples, save, table, write

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
LONG = {
    "cluttered-digits", "contraction/fig3-cnn", "practice/resnet18-folder",
    "practice/several-networks",
}  # fmt: skip
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "poolbench").rglob("*.py"))
    if ">>>" in path.read_text()
]


def draw_pictures(root: Path) -> None:
    """Make the folder of pictures that the README asks a question of."""
    for part in ("train", "test"):
        for label, shade in (("cat", 60), ("dog", 180)):
            folder = root / "my-pictures" / part / label
            folder.mkdir(parents=True)
            for number in range(8):
                Image.new("RGB", (32, 32), (shade, 10 * number, 0)).save(folder / f"{number}.png")


def write_layouts(root: Path) -> None:
    """Make the pictures that the README describes in other layouts than folders."""
    for name in ("my-table", "my-shards", "my-dataset"):
        (root / name).mkdir()
    lines = ["path,species,split"]
    for number, label in product(range(4), SHADES):
        (root / "my-table" / f"{label}{number}.png").write_bytes(encoded(label, number))
        lines.append(f"{label}{number}.png,{label},{'test' if number == 3 else 'train'}")
    (root / "my-table" / "pictures.csv").write_text("\n".join(lines))
    for shard, numbers in {"train-000": 2, "train-001": 3, "test-000": 4}.items():
        write(root / "my-shards" / f"{shard}.tar", samples(range(numbers - 1, numbers)))
    (root / "my-shards" / "classes.txt").write_text("\n".join(SHADES))
    for split, numbers in {"train": range(3), "test": range(3, 4)}.items():
        save(root / "my-dataset" / split, table(numbers))
    (root / "my-dataset" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')


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


SUITES = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("text", SUITES)
def test_the_suites_of_the_readme_are_sound(
    text: str, poolbench: Callable[..., Done], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POOLBENCH_DATA", raising=False)  # the paths are relative
    path = tmp_path / "readme.yaml"
    write_layouts(tmp_path)
    # A section is shown without the rest of its suite.
    (tmp_path / "whole.yaml").write_text(next(each for each in SUITES if "variants:" in each))
    path.write_text(text if "variants:" in text else f"schema: 1\nextends: ./whole.yaml\n{text}")
    done = poolbench("plan", path)
    assert done.code == 0, done.err


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_command_of_the_readme_runs(
    poolbench: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if "POOLBENCH_DATA" not in os.environ:
        pytest.skip("POOLBENCH_DATA names no folder of data sets")
    data = tmp_path / "data"
    data.mkdir()
    for there in Path(os.environ["POOLBENCH_DATA"]).iterdir():
        (data / there.name).symlink_to(there)
    draw_pictures(data)
    monkeypatch.setenv("POOLBENCH_DATA", str(data))
    (tmp_path / "suites").symlink_to(ROOT / "suites")
    (tmp_path / "suite.yaml").write_text(TINY)
    plugin = next(
        code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "Midr" in code
    )
    (tmp_path / "midrange.py").write_text(plugin)
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line[:9] == "poolbench"]
    assert len(commands) > 20
    # What the text above the first block has trained.
    for command in ("poolbench train cluttered-digits", *commands):
        words = shlex.split(command, comments=True)[1:]
        # The same on less: whole studies take minutes to hours.
        if LONG & set(words) and "--profile" not in words:
            words += ["--profile", "smoke"]
        done = poolbench(*words)
        assert done.code == 0, (command, done.err)


def test_every_command_and_option_of_the_readme_exists(poolbench: Callable[..., Done]) -> None:
    gallery = (ROOT / ".github" / "GALLERY.md").read_text()
    lines = re.findall(
        r"^(?:\$ )?poolbench (\w+)(.*)$",
        README.replace("      - run: ", "") + gallery,
        re.MULTILINE,
    )
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
    draw_pictures(tmp_path)
    monkeypatch.setenv("POOLBENCH_DATA", str(tmp_path))
    monkeypatch.chdir(ROOT)
    commands = re.findall(r"^poolbench (?:plan|train) (.*)$", README, re.MULTILINE)
    shown = [shlex.split(command, comments=True) for command in commands]
    written = {"suite.yaml", "tuned.yaml"}  # by the reader, and by `tune`
    planned = [words for words in shown if not written.intersection(words)]
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
    assert tracked - allowed <= {"runs", "build", "dist", "data", "gpu-pack", "gpu-results"}


def test_every_picture_of_the_readme_is_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        with Image.open(ROOT / picture) as image:
            assert image.width > 500, picture
