"""Commands that read: plan, report, compare, list, doctor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from poolbench.app.experiment import load_experiment
from poolbench.app.study import load_study
from poolbench.app.suites import find
from poolbench.data.imagenette_files import CLASSES
from poolbench.operators import kernels
from tests.app.stores import a_store
from tests.conftest import Done
from tests.data.layouts.written import list_folder
from tests.pretrained import write_pretrained

Program = Callable[..., Done]


@pytest.fixture
def trained(poolbench: Program, tiny: Path) -> Path:
    assert poolbench("train", tiny, "--engine", "inline", "-q").code == 0
    return tiny


def tables(poolbench: Program, *arguments: object) -> list[list[dict[str, Any]]]:
    """Return the rows of each table that a command prints."""
    done = poolbench(*arguments, "--format", "json")
    assert done.code == 0, done.err
    return [table["rows"] for table in json.loads(done.out)["tables"]]


def test_help_names_every_command(poolbench: Program) -> None:
    done = poolbench("--help")
    assert done.code == 0
    for command in ("train", "plan", "report", "compare", "list", "bench", "doctor", "store"):
        assert command in done.out


def test_the_version_is_printed(poolbench: Program) -> None:
    assert poolbench("--version").out == "poolbench 0.3.0\n"


def test_a_wrong_command_is_exit_2(poolbench: Program) -> None:
    assert poolbench("trian").code == 2


def test_plan_shows_cells_and_what_they_can_show_and_makes_no_store(
    poolbench: Program, tiny: Path
) -> None:
    ((average, lae),) = tables(poolbench, "plan", tiny)
    assert average["operators"] == "head: average"
    assert lae["operators"] == "head: lae(temperature=1.0, learn=layer)"
    for row in (average, lae):
        assert (row["cells"], row["done"], row["duration_s"], row["size_bytes"]) == (
            2,
            0,
            None,
            None,
        )
    assert "needs 4 seeds each" in poolbench("plan", tiny).out
    assert not tiny.with_name("runs").exists()


def test_plan_knows_what_is_done_and_what_it_took(poolbench: Program, trained: Path) -> None:
    (rows,) = tables(poolbench, "plan", trained, "--set", "seeds=6")
    assert [row["done"] for row in rows] == [2, 2]
    assert [row["cells"] for row in rows] == [6, 6]
    assert all(row["duration_s"] > 0 and row["size_bytes"] > 100_000 for row in rows)


def test_plan_can_measure(poolbench: Program, tiny: Path) -> None:
    ((row, _),) = tables(poolbench, "plan", tiny, "--measure")
    assert 0.05 < row["duration_s"] < 60
    assert row["size_bytes"] > 300_000


@pytest.mark.parametrize("format", ["rich", "markdown", "latex", "html", "csv", "json"])
def test_every_format_goes_to_a_file_as_to_standard_output(
    format: str, poolbench: Program, trained: Path
) -> None:
    shown = poolbench("report", trained, "--format", format)
    assert shown.code == 0
    assert "average" in shown.out
    target = trained.with_name("table.txt")
    done = poolbench("report", trained, "--format", format, "-o", target)
    assert (done.code, done.out) == (0, "")
    assert target.read_text() == shown.out


def test_a_file_that_cannot_be_written_is_exit_6(poolbench: Program, trained: Path) -> None:
    for target in ("nowhere/table.txt", "nowhere/folder", "nowhere/page.html"):
        assert poolbench("report", trained, "-o", target).code == 6, target
    assert poolbench("plan", trained, "-o", trained.parent).code == 2


def test_compare_sets_a_candidate_beside_the_baseline(poolbench: Program, trained: Path) -> None:
    two = poolbench("compare", "average", "lae", "--suite", trained)
    assert two.code == 0
    (row,), (on_images,), _ = tables(poolbench, "compare", "average", "lae", "--suite", trained)
    assert (on_images["candidate"], on_images["shift"]) == ("lae", row["shift"])
    assert (row["candidate"], row["baseline"]) == ("lae", "average")
    assert row["verdict"] == "too few seeds"
    assert poolbench("compare", "lae", "--suite", trained).out == two.out
    assert poolbench("compare", "lae").out == two.out
    assert poolbench("compare", "lea").code == 2
    assert poolbench("compare", "lae", "lae").code == 2


def test_nothing_to_report_is_exit_5(poolbench: Program, trained: Path) -> None:
    done = poolbench("report", trained, "--set", "recipe.epochs=4")
    assert done.code == 5
    assert "poolbench train" in done.err


def test_only_that_matches_nothing_is_exit_5(poolbench: Program, tiny: Path) -> None:
    assert poolbench("plan", tiny, "--only", "max*").code == 5


def test_a_missing_store_is_exit_6(poolbench: Program, tiny: Path) -> None:
    assert poolbench("report", tiny).code == 6


def test_list_shows_each_family_and_one_entry_in_full(poolbench: Program) -> None:
    for family, name in {
        "operators": "lae", "models": "wrn", "data": "cluttered-digits", "optimizers": "sgd",
        "schedules": "ramp", "augmentations": "crop", "formats": "latex", "engines": "local",
    }.items():  # fmt: skip
        (listed,) = tables(poolbench, "list", family)
        assert name in [row["name"] for row in listed]
        entry, *_ = tables(poolbench, "list", family, name)
        assert name in dict(map(dict.values, entry))["in a suite"]
    entry, options, *_ = tables(poolbench, "list", "operators", "lae")
    assert dict(map(dict.values, entry))["in a suite"] == (
        "pools: {head: {name: lae, temperature: 1.0, learn: none}}"
    )
    assert [(row["option"], row["values"]) for row in options] == [
        ("temperature", "number > 0"), ("learn", "none | layer | channel"),
    ]  # fmt: skip
    (suites,) = tables(poolbench, "list", "suites")
    assert "smoke" in [row["name"] for row in suites]


def test_a_networks_page_shows_its_sites_with_their_maps(poolbench: Program) -> None:
    def sites(network: str) -> dict[str, tuple[str, str]]:
        for rows in tables(poolbench, "list", "models", network):
            if "site" in rows[0]:
                return {row["site"]: (row["maps (CxHxW, count)"], row["window"]) for row in rows}
        raise AssertionError(network)

    # Worked out by hand: stages of 96, 192, 384 channels on 32, 16, 8 pixels, two blocks each.
    assert sites("wrn") == {
        "se": ("96x32x32 (2), 192x16x16 (2), 384x8x8 (2)", "whole map"),
        "head": ("384x8x8", "whole map"),
    }
    assert "6,223,284 parameters" in poolbench("list", "models", "wrn").out
    # Convolutions of 5 take 4 pixels, and a pool of 3 at stride 2 with padding halves the rest.
    window = "3, stride 2, padding 1"
    assert sites("lenet-mnist") == {"pool1": ("32x24x24", window), "pool2": ("64x8x8", window)}


def test_list_of_an_unknown_family_or_name_suggests_one(poolbench: Program) -> None:
    for arguments in (["operator"], ["operators", "lea"]):
        done = poolbench("list", *arguments)
        assert done.code == 2
        assert "did you mean" in done.err


def test_list_runs_shows_finished_runs(poolbench: Program, trained: Path) -> None:
    (rows,) = tables(poolbench, "list", "runs")
    assert sorted((row["variant"], row["dataset"], row["seed"]) for row in rows) == [
        (variant, "digits", seed) for variant in ("average", "lae") for seed in (0, 1)
    ]
    assert {row["status"] for row in rows} == {"ok"}


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    """Return a data root: a picture a class, laid out as official archives and one's own folder."""
    for name, classes in {**CLASSES, "pictures": ("one", "other")}.items():
        for split in ("train", "val"):
            for wnid in classes:
                folder = tmp_path / "archives" / name / split / wnid
                folder.mkdir(parents=True)
                Image.new("RGB", (320, 320), (90, 60, 30)).save(folder / "0.JPEG")
    list_folder(tmp_path / "archives" / "pictures")
    for label, colour in enumerate(("red", "blue")):
        folder = tmp_path / "archives" / "unsplit-pictures" / colour
        folder.mkdir(parents=True)
        for number in range(20):  # enough that both sides of a split have some
            Image.new("RGB", (40, 40), (90 * label, number, 30)).save(folder / f"{number}.JPEG")
    write_pretrained(tmp_path / "archives")
    return tmp_path / "archives"


def test_the_shipped_suites_are_all_sound_with_every_profile(
    poolbench: Program, archives: Path
) -> None:
    (names,) = tables(poolbench, "list", "suites")
    assert len(names) >= 16
    for row in names:
        if row["for"] != "train":
            load_experiment(row["for"], row["name"])
            continue
        load_study(find(row["name"]), root=archives)
        profile = [] if row["name"] == "smoke" else ["--profile", "smoke"]
        done = poolbench("plan", row["name"], "--data-root", archives, *profile)
        assert done.code == 0, (row, done.err)


LONG = "9" * 300


@pytest.mark.parametrize(
    "words",
    [("plan", LONG), ("report", "-o", f"{LONG}.json"), ("list", "runs", "--store", LONG),
     ("train", "smoke", "--plugin", LONG), ("compare", "runs", "--suite", LONG)],
)  # fmt: skip
def test_a_name_too_long_for_a_file_is_bad_input(
    words: tuple[str, ...], poolbench: Program
) -> None:
    done = poolbench(*words)
    assert done.code in (2, 5, 6), done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("margin", ["inf", "1e999", "nan", "-1", "0"])
def test_a_margin_is_a_finite_number_of_points(
    margin: str, poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "runs", {"average": [180, 181], "max": [190, 191]})
    done = poolbench("report", "--margin", margin)
    assert done.code == 2
    assert "give percentage points above 0" in done.err


def test_doctor_finds_nothing_wrong_here(poolbench: Program) -> None:
    (found,) = tables(poolbench, "doctor")
    rows = {row["what"]: row for row in found}
    assert rows["torch"]["level"] == rows["torchvision"]["level"] == "ok"


def test_doctor_says_which_fused_code_runs_where_and_why_not(
    poolbench: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = SimpleNamespace(name="NVIDIA H100", total_memory=80 * 2**30, major=9, minor=0)
    monkeypatch.setattr("poolbench.app.machine.count_gpus", lambda: 1)
    monkeypatch.setattr("poolbench.app.machine.driver_version", lambda: "580.1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: gpu)
    reasons = {"cpu": [], "cuda:0": ["no GPU kernels: no compiler"]}
    monkeypatch.setattr(kernels, "faults", lambda device: reasons[str(device)])
    (found,) = tables(poolbench, "doctor")
    rows = {row["what"]: row for row in found}
    assert rows["gpu"]["found"] == "NVIDIA H100 (80 GiB, compute capability 9.0); driver 580.1"
    cpu, cuda = (rows[f"pooling kernels, {name}"] for name in ("cpu", "cuda:0"))
    assert (cpu["level"], cpu["advice"]) == ("ok", "")
    assert (cuda["level"], cuda["found"]) == ("note", "no GPU kernels: no compiler")
    assert "Triton" in cuda["advice"]


def test_doctor_calls_a_missing_data_root_a_fault(poolbench: Program) -> None:
    done = poolbench("doctor", "--data-root", "nowhere")
    assert done.code == 6
    assert "nowhere is not a folder" in done.out


def test_a_reader_that_leaves_early_is_no_error(trained: Path) -> None:
    command = f"{sys.executable} -m poolbench list operators | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=True, cwd=trained.parent
    )
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "141"}


def test_a_reader_of_the_progress_that_leaves_ends_in_141_and_leaves_a_sound_store(
    tiny: Path,
) -> None:
    # The first line is about the data; the progress follows once the store is there.
    reader = "head -n 1 > /dev/null; echo ${PIPESTATUS[0]}"
    command = f"{sys.executable} -m poolbench train tiny.yaml 2>&1 | {reader}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=True, cwd=tiny.parent
    )
    assert (done.stdout.strip(), done.stderr) == ("141", "")
    assert not list((tiny.parent / "runs" / "sessions").iterdir())


@pytest.mark.parametrize("format", ["rich", "json"])
def test_a_full_disk_behind_standard_output_is_exit_6(tmp_path: Path, format: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "poolbench", "list", "operators", "--format", format],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=tmp_path,
        )
    assert done.returncode == 6
    assert done.stderr == "error: cannot write to standard output: No space left on device\n"


def test_data_without_files_are_not_listed_by_their_files(poolbench: Program) -> None:
    (rows,) = tables(poolbench, "list", "data")
    images = {row["name"]: row["images"] for row in rows}
    assert images["gaussian"] == "depends on the options"
    assert {images[name] for name in ("folder", "imagenette", "imagewoof")} == {
        "depends on the files"
    }


@pytest.mark.parametrize("format", ["rich", "json"])
def test_what_is_piped_is_utf_8_in_any_locale(tmp_path: Path, format: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "poolbench", "list", "data", "--format", format],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "─" in done.stdout.decode() or json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("list data >&-", 0), ("plan nope.yaml 2>&-", 2), ("plan nope.yaml 2>/dev/full", 2)],
)
def test_a_closed_or_full_stream_of_messages_changes_no_exit_code(
    tmp_path: Path, arguments: str, code: int
) -> None:
    command = f"{sys.executable} -m poolbench {arguments}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.parametrize(
    "asked", [("report", "tiny.yaml"), ("robustness", "tiny.yaml", "--attack", "fgsm")]
)
def test_where_nothing_is_trained_the_whole_command_that_trains_it_is_told(
    poolbench: Program, trained: Path, asked: tuple[str, ...]
) -> None:
    changed = ("--set", "recipe.epochs=7", "--only", "lae*")
    done = poolbench(*asked, *changed)
    assert done.code == 5
    assert "poolbench train tiny.yaml --set recipe.epochs=7 --only 'lae*'\n" in done.err


def test_plug_ins_of_one_name_in_two_folders_are_both_loaded(
    poolbench: Program, tmp_path: Path
) -> None:
    given: list[object] = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        file = tmp_path / name / "mine.py"
        file.write_text(
            "from poolbench.core.catalogue import OperatorEntry\n"
            "from poolbench.operators import OPERATORS\n"
            f"OPERATORS.add({name!r}, OperatorEntry(target='x:y', summary='', scopes=()))\n"
        )
        given += ["--plugin", file]
    operators = poolbench("list", "operators", "--format", "csv", *given, *given).out
    assert all(f"\n{name}," in operators for name in ("first", "second"))
    missing = poolbench("list", "operators", "--plugin", "nowhere.py")
    assert (missing.code, missing.err.splitlines()[0]) == (
        2,
        "error: there is no plug-in 'nowhere.py'",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "tiny.yaml", "-o", ""),
        ("report", "tiny.yaml", "--figures", ""),
        ("train", "tiny.yaml", "-o", ""),
        ("train", "tiny.yaml", "--store", ""),
        ("plan", "tiny.yaml", "--data-root", ""),
        ("export", "tiny.yaml", "-o", ""),
        ("store", "freeze", "tiny.yaml", "-o", ""),
    ],
    ids=" ".join,
)
def test_a_variable_that_is_not_set_is_no_path(
    poolbench: Program, tiny: Path, arguments: tuple[str, ...]
) -> None:
    done = poolbench(*arguments)
    assert done.code == 2
    assert "the path is empty" in done.err
    assert list(tiny.parent.iterdir()) == [tiny]
