"""The shape of the repository, read from its imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import poolbench

PACKAGE = Path(poolbench.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Who may import whom. A package that is not named here has no place in the house.
LAYERS: dict[str, set[str]] = {
    "core": set(),
    "search": {"core"},
    "suite": {"core", "search"},
    "store": {"core"},
    "stats": {"core"},
    "theory": {"core"},
    "report": {"core", "stats", "theory"},
    "engines": {"core"},
    "operators": {"core", "theory"},
    "models": {"core"},
    "data": {"core"},
    "weights": {"core", "models"},
    "training": {"core"},
    "probes": {"core", "training", "operators", "theory"},
    "assembly": {"core", "models", "operators", "data", "weights"},
    "runtime": {
        "core", "search", "store", "engines", "assembly",
        "operators", "models", "data", "weights", "training", "probes",
    },
    "app": {
        "core", "suite", "search", "store", "stats", "report", "engines", "runtime", "assembly",
        "operators", "models", "data", "weights", "training", "theory", "probes",
    },
    "bench": {
        "core", "app", "report", "store", "engines", "runtime", "assembly",
        "operators", "models", "data", "training", "probes", "stats",
    },
    "cli": {"core", "app", "bench", "runtime"},
}  # fmt: skip
# Packages that laptops use too: what they import when they are imported loads no torch either.
LIGHT = ("core", "suite", "search", "store", "stats", "report", "engines", "app", "cli")

# Slow to import: at module level only where they are the package's job.
HEAVY = {
    "torch": {
        "operators",
        "models",
        "data",
        "weights",
        "training",
        "probes",
        "assembly",
        "runtime",
        "bench",
    },
    "torchvision": set(),
    "sklearn": set(),
    "scipy": {"stats", "bench"},  # the peer of our exact tests
    "rich": {"report"},
    "pydantic": {"suite"},
    "matplotlib": {"report"},
    "jinja2": {"report"},
    "foolbox": {"probes"},
    "pyarrow": set(),
    "optuna": set(),
    "tensorboard": set(),
}

# What a table or a chart is made of; nobody but report calls these.
PRESENTATION = {
    "Column", "Table", "TableCell", "text_cell",
    "Axis", "Chart", "Cloud", "Curve", "Curves", "Grid", "Matrices", "Panel", "Sample", "Samples",
    "Scatter", "Surface",
}  # fmt: skip


def package_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else ""


def imports(tree: ast.Module, *, everywhere: bool) -> Iterator[str]:
    """Yield the modules a file imports: all of them, or only when the file itself is imported."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        deferred = not everywhere and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not (for_types or deferred):
            todo += ast.iter_child_nodes(node)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_import_goes_down_the_layer_table(path: Path) -> None:
    here = package_of(path)
    if not here:
        return
    assert here in LAYERS, f"package '{here}' has no place in the layer table"
    for module in imports(parse(path), everywhere=True):
        parts = module.split(".")
        if parts[0] == "poolbench" and len(parts) > 1 and parts[1] != here:
            assert parts[1] in LAYERS[here], f"{here} may not import {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_where_they_are_the_job(path: Path) -> None:
    here = package_of(path)
    for module in imports(parse(path), everywhere=False):
        library = module.split(".")[0]
        if library in HEAVY:
            assert here in HEAVY[library], f"{path.name} imports {library} at module level"


def test_the_readme_draws_the_layers_from_top_to_bottom() -> None:
    text = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    section = text.partition("## How it is built")[2]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in lines]
    height = {package: -index for index, row in enumerate(rows) for package in row}
    assert set(height) == set(LAYERS)
    upwards = {(p, q) for p, below in LAYERS.items() for q in below if height[q] >= height[p]}
    assert not upwards


def test_the_light_packages_load_no_torch() -> None:
    light = [path for path in FILES if package_of(path) in LIGHT]
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in light
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "    if 'torch' in sys.modules:\n        sys.exit(f'{name} loads torch')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_table_and_chart_is_built_in_report() -> None:
    found: dict[str, set[str]] = {}
    for path in FILES:
        name = path.relative_to(PACKAGE).as_posix()
        calls = (node.func for node in ast.walk(parse(path)) if isinstance(node, ast.Call))
        built = {ast.unparse(call).rpartition(".")[2] for call in calls} & PRESENTATION
        if built and package_of(path) != "report":
            found[name] = built
    assert not found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_can_be_read_in_a_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 320
    assert path.stem not in {"utils", "common", "helpers", "misc"}


def test_the_store_alone_knows_the_names_of_its_files() -> None:
    named = re.compile(
        r"""["'](STORE\.json|\w+\.jsonl|(result|cell|failure|environment)\.json|checkpoint-.*"""
        r"""|(model|\*)\.safetensors|predictions\.npz)["']|/ "(runs|locks|quarantine|sessions)\""""
    )
    # A benchmark may multiply the files of a run to see how a store of thousands behaves, and
    # Hugging Face has a name that is the same.
    elsewhere = [path for path in FILES if package_of(path) not in ("store", "bench", "weights")]
    found = {path: named.findall(path.read_text()) for path in elsewhere}
    assert not any(found.values()), {path: names for path, names in found.items() if names}


def test_nothing_unpickles_but_tensors() -> None:
    banned = re.compile(
        r"import pickle\b|pickle\.load|(?<!safetensors\.)torch\.load|allow_pickle=True|weights_only"
    )
    reader = PACKAGE / "weights" / "reading.py"
    for path in FILES:
        assert path == reader or not banned.search(path.read_text()), path
    calls = re.findall(
        r"(?<!safetensors\.)torch\.load\([^)]*\)|pickle\.load\w*", reader.read_text()
    )
    assert calls == ['torch.load(file, map_location="cpu", weights_only=True)']


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "operators", "lae"],
        ["plan", "smoke"],
        ["theory", "--help"],
        ["theory", "max-network"],
        ["gradients", "--matrix", "BAD"],
        ["plan", "BAD"],
    ],
    ids=" ".join,
)
def test_a_light_command_loads_no_torch(arguments: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("schema: 1\nvariants: {a: {pools: lsee}}\n")
    words = [str(bad) if word == "BAD" else word for word in arguments]
    code = (
        "import sys\n"
        f"sys.argv = ['poolbench', *{words!r}]\n"
        "from poolbench.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "heavy = {'torch', 'torchvision', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "print('LOADED', sorted(heavy), code, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    expected = 2 if "BAD" in arguments else 0
    allowed = "['scipy']" if arguments[0] == "plan" else "[]"
    report = done.stderr.splitlines()[-1]
    assert report in (f"LOADED [] {expected}", f"LOADED {allowed} {expected}"), done.stderr
