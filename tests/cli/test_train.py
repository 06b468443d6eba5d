from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.app.runs import attempts, lasting_bytes
from tests.conftest import TINY, Done

Program = Callable[..., Done]

# Real failures of real operators: an exception, more memory than there is, a killed process.
PLUGIN = """\
import os
import torch
from torch import nn
from poolbench.core.catalogue import OperatorEntry
from poolbench.operators import OPERATORS
from poolbench.operators.base import PoolingOperator


class Faulty(PoolingOperator):
    def __init__(self, *, window, channels, grid):
        super().__init__(window=window)

    def pooling_parameters(self):
        return {}

    def describe(self):
        return ""

    def forward(self, x):
        return self.fail(x)


class Raising(Faulty):
    def fail(self, x):
        raise ValueError("the operator is broken")


class Hungry(Faulty):
    def fail(self, x):
        return torch.ones(2**50) + x.mean((2, 3))


class Deadly(Faulty):
    def fail(self, x):
        os._exit(9)


class Exploding(Faulty):
    def fail(self, x):
        return x.mean((2, 3)) / 0.0


for kind in (Raising, Hungry, Deadly, Exploding):
    OPERATORS.add(
        kind.__name__.lower(),
        OperatorEntry(target=f"{__name__}:{kind.__name__}", summary="fails", scopes=("global",)),
    )
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.py"
    path.write_text(PLUGIN)
    return path


def test_it_trains_prints_the_table_and_then_has_nothing_to_do(
    poolbench: Program, tiny: Path
) -> None:
    first = poolbench("train", tiny, "--engine", "inline")
    assert first.code == 0
    assert "4 cells trained, 0 already stored" in first.err
    assert attempts(tiny.parent / "runs") == [1, 1, 1, 1]
    again = poolbench("train", tiny, "--engine", "inline")
    assert again.code == 0
    assert "nothing to do: every cell is stored already" in again.err
    assert attempts(tiny.parent / "runs") == [1, 1, 1, 1]
    assert again.out == first.out
    assert poolbench("report", tiny).out == first.out
    assert poolbench("report").out == first.out


def test_the_engine_and_the_number_of_workers_change_no_bit(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    ways = {
        "inline": ["--engine", "inline"],
        "one": ["--jobs", 1],
        "two": ["--jobs", 2],
    }
    for name, options in ways.items():
        assert poolbench("train", tiny, "--store", name, "-q", *options).code == 0
    inline, one, two = (lasting_bytes(tmp_path / name) for name in ways)
    assert inline == one == two


def test_a_cell_does_not_depend_on_what_else_runs(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    poolbench("train", tiny, "--store", "all", "--engine", "inline")
    poolbench("train", tiny, "--store", "some", "--only", "lae@1", "--engine", "inline")
    some, whole = lasting_bytes(tmp_path / "some"), lasting_bytes(tmp_path / "all")
    assert len(some) == 5
    assert some.items() <= whole.items()


def test_titles_labels_and_execution_share_runs(poolbench: Program, tiny: Path) -> None:
    poolbench("train", tiny, "--engine", "inline")
    renamed = tiny.with_name("renamed.yaml")
    text = TINY.replace("title: Tiny", "title: Other").replace("lae:", "smooth:")
    renamed.write_text(f"{text}execution: {{jobs: 1}}\n")
    assert poolbench("train", renamed, "--engine", "inline").code == 0
    assert attempts(tiny.parent / "runs") == [1, 1, 1, 1]


def test_reduced_precision_is_another_result(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    only = ("--only", "lae@0", "--engine", "inline", "-q")
    assert poolbench("train", tiny, *only).code == 0
    reduced = poolbench("train", tiny, *only, "--set", "execution.precision=bf16")
    assert reduced.code == 0
    assert len(list((tmp_path / "runs" / "runs").iterdir())) == 2


def test_each_data_set_has_its_table(poolbench: Program, tiny: Path) -> None:
    both = "data: [{name: digits, limit: 60}, {name: cluttered-digits, limit: 60}]"
    tiny.write_text(TINY.replace("data: {name: digits, limit: 200}", both))
    done = poolbench(
        "train", tiny, "--set", "recipe.epochs=1", "--engine", "inline", "--format", "json"
    )
    assert done.code == 0, done.err
    tables = json.loads(done.out)["tables"][:2]  # those over both data sets follow
    assert [len(table["rows"]) for table in tables] == [2, 2]
    assert [table["detail"]["dataset"] for table in tables] == ["digits", "cluttered-digits"]


def test_a_folder_of_pictures_may_move(poolbench: Program, tiny: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        for label, shade in (("dark", 40), ("light", 200)):
            folder = tmp_path / "here" / split / label
            folder.mkdir(parents=True)
            for number in range(4):
                colour = (shade + number, shade, shade)
                Image.new("RGB", (16, 16), colour).save(folder / f"{number}.png")
    text = TINY.replace("{name: digits, limit: 200}", "{name: folder, path: PATH, size_px: 16}")
    tiny.write_text(text.replace("PATH", str(tmp_path / "here")))
    first = poolbench("train", tiny, "--only", "lae@0", "--engine", "inline")
    assert first.code == 0, first.err
    (tmp_path / "here").rename(tmp_path / "there")
    tiny.write_text(text.replace("PATH", str(tmp_path / "there")))
    moved = poolbench("train", tiny, "--only", "lae@0", "--engine", "inline")
    assert (moved.code, attempts(tmp_path / "runs")) == (0, [1])


def test_a_diverging_cell_is_a_result_counted_and_not_averaged(
    poolbench: Program, tiny: Path, plugin: Path
) -> None:
    tiny.write_text(f"{TINY}  boom: {{pools: exploding}}\n")
    done = poolbench("train", tiny, "--engine", "inline", "--plugin", plugin)
    assert done.code == 0
    assert "diverged  boom · digits · seed 0  the loss was not finite in epoch 1" in done.err
    table = poolbench("report", tiny, "--format", "csv", "--plugin", plugin)
    (row,) = [line for line in table.out.splitlines() if line.startswith("boom")]
    assert row.startswith("boom,0,2,0,0,,")


def test_a_failing_cell_is_exit_3_and_the_others_are_trained(
    poolbench: Program, tiny: Path, plugin: Path, tmp_path: Path
) -> None:
    tiny.write_text(f"{TINY}  broken: {{pools: raising}}\n  big: {{pools: hungry}}\n")
    done = poolbench("train", tiny, "--engine", "inline", "--plugin", plugin)
    assert done.code == 3
    assert "4 cells have no result" in done.err
    both = "broken · digits · seed 0, broken · digits · seed 1"
    assert f"{both}: ValueError: the operator is broken" in done.err
    assert "out of memory" in done.err
    assert "smaller recipe.batch_size" in done.err
    assert "average" in done.out
    log = next((tmp_path / "runs" / "unfinished").glob("*/failure.json")).read_text()
    assert "Traceback" in log or "out of memory" in log
    # Failures are tried again by the next command; finished cells are not.
    again = poolbench("train", tiny, "--engine", "inline", "--plugin", plugin)
    assert again.code == 3
    assert sorted(attempts(tmp_path / "runs")) == [1, 1, 1, 1, 2, 2, 2, 2]


def test_a_cell_that_kills_its_workers_is_given_up_after_three(
    poolbench: Program, tiny: Path, plugin: Path
) -> None:
    tiny.write_text(f"{TINY}  deadly: {{pools: deadly}}\n")
    done = poolbench(
        "train", tiny, "--jobs", 2, "--plugin", plugin, "--only", "deadly@0", "--only", "lae@0"
    )
    assert done.code == 3
    assert "deadly · digits · seed 0: 3 workers died while training it" in done.err
    # The fourth attempt finds that three came to nothing, and gives up.
    assert sorted(attempts(tiny.parent / "runs")) == [1, 4]
    assert len(list((tiny.parent / "runs").glob("runs/*/result.json"))) == 1


def test_a_store_that_cannot_be_written_is_exit_6_before_training(
    poolbench: Program, tiny: Path
) -> None:
    done = poolbench("train", tiny, "--store", "/sys/poolbench", "--engine", "inline")
    assert done.code == 6
    assert "cannot write /sys/poolbench" in done.err
    assert "--store" in done.err


@pytest.mark.parametrize(("text", "words"), [('{"format": 99}', "format 99"), ("{", "be read")])
def test_a_store_of_a_newer_version_or_unreadable_is_exit_6(
    text: str, words: str, poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "STORE.json").write_text(text)
    for command in ("train", "report", "plan"):
        done = poolbench(command, tiny)
        assert done.code == 6, command
        assert words in done.err


@pytest.mark.parametrize("options", [(), ("--probes", "--set", "probes.fgsm.epsilons=[0]")])
def test_where_every_cell_fails_the_reasons_are_told_even_when_quiet(
    poolbench: Program, tiny: Path, options: tuple[str, ...]
) -> None:
    empty = ("--set", "data.validation=0.9999")
    done = poolbench("train", tiny, "-q", "--engine", "inline", *empty, *options)
    assert (done.code, done.out) == (3, "")
    assert "4 cells have no result" in done.err
    assert "and 1 more: validation: 0.9999 of 200" in done.err
    assert done.err.count("leaves a split empty") == 1
    loud = poolbench("train", tiny, "--engine", "inline", "--only", "lae@0", *empty)
    assert "0 cells trained, 0 already stored; 1 cell failed" in loud.err


def in_a_mount(options: str, folder: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the program with a mount of its own on a folder; skip where that is not allowed."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare to mount a file system")
    script = f'mount {options} "$1" && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(folder), sys.executable, *command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"may not mount a file system here: {done.stderr.strip()}")
    return done


def test_a_full_disk_is_exit_6_and_nothing_is_lost(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    poolbench("train", tiny, "--store", "roomy", "--engine", "inline")
    store = tmp_path / "small"
    store.mkdir()
    # A run takes 0.34 MB and its checkpoints up to 1.25 MB, so the third cell of four is too much.
    script = (
        "import subprocess, sys, shutil\n"
        f"train = [sys.executable, '-m', 'poolbench', 'train', {str(tiny)!r}, '--jobs', '1',\n"
        f"         '--store', {str(store)!r}]\n"
        "print(subprocess.run(train).returncode)\n"
        f"subprocess.run(['mount', '-o', 'remount,size=16m', {str(store)!r}], check=True)\n"
        "print(subprocess.run(train).returncode)\n"
        f"shutil.copytree({str(store)!r}, {str(tmp_path / 'copy')!r})\n"
    )
    path = tmp_path / "twice.py"
    path.write_text(script)
    done = in_a_mount("-t tmpfs -o size=1800k tmpfs", store, [str(path)])
    codes = [line for line in done.stdout.splitlines() if line.isdigit()]
    assert codes == ["6", "0"], done.stderr
    assert "no space left to write" in done.stderr
    assert "run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(attempts(tmp_path / "copy")) == [1, 1, 1, 2]
    assert lasting_bytes(tmp_path / "copy") == lasting_bytes(tmp_path / "roomy")


def test_a_read_only_store_reports_and_refuses_to_train(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    poolbench("train", tiny, "--engine", "inline")
    store = tmp_path / "runs"
    read_only = f'--bind "{store}" "$1" && mount -o remount,ro,bind'
    report = in_a_mount(read_only, store, ["-m", "poolbench", "report", "--store", str(store)])
    assert report.returncode == 0, report.stderr
    assert "average" in report.stdout
    command = ["-m", "poolbench", "train", str(tiny), "--store", str(store), "--set", "seeds=3"]
    train = in_a_mount(read_only, store, command)
    assert train.returncode == 6, train.stderr
    assert "cannot write" in train.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_exit_6(poolbench: Program, tiny: Path) -> None:
    done = poolbench("train", tiny, "--device", "cuda")
    assert done.code == 6
    assert "device 'cuda:0' was asked for, but torch sees 0 CUDA devices" in done.err
    assert "--device cpu" in done.err


def test_data_that_are_not_there_are_exit_6_and_say_what_goes_where(
    poolbench: Program, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A set that was decoded once is served from the cache, wherever its files have gone.
    monkeypatch.setenv("POOLBENCH_CACHE", str(tmp_path / "cache"))
    tiny.write_text(TINY.replace("name: digits", "name: mnist"))
    done = poolbench("train", tiny, "--engine", "inline", "--data-root", tmp_path / "data")
    assert done.code == 6
    assert "train-images-idx3-ubyte" in done.err
    assert "--download" in done.err
    assert str(tmp_path / "data") in done.err


def test_a_bad_suite_is_exit_2_with_its_line(poolbench: Program, tiny: Path) -> None:
    tiny.write_text(TINY.replace("pools: average", "pools: avrage"))
    for command in ("train", "plan", "report"):
        done = poolbench(command, tiny)
        assert done.code == 2, command
        assert "tiny.yaml:12:20: unknown operator 'avrage'" in done.err
        assert "did you mean 'average'?" in done.err
    assert not tiny.with_name("runs").exists()


@pytest.mark.parametrize("device", ["foo", "cuda:x", "gpu", ""])
def test_an_unknown_device_is_exit_2(device: str, poolbench: Program, tiny: Path) -> None:
    for command in (["train", tiny], ["plan", tiny], ["bench", "training"]):
        done = poolbench(*command, f"--device={device}")
        assert done.code == 2, command
        assert "known: auto, cpu, cuda, cuda:N" in done.err
    assert not tiny.with_name("runs").exists()


def test_a_wrong_reading_is_refused_before_training(poolbench: Program, tiny: Path) -> None:
    done = poolbench("train", tiny, "--rule", "sett", "--engine", "inline")
    assert done.code == 2
    assert "did you mean 'set'?" in done.err
    done = poolbench("train", tiny, "--format", "htlm", "--engine", "inline")
    assert done.code == 2
    assert not tiny.with_name("runs").exists()


def test_shards_merged_are_the_study_trained_in_one_place(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    whole = poolbench("train", tiny, "--store", "whole", "--engine", "inline")
    for index in (1, 2, 3):
        shard = ("--shard", f"{index}/3")
        planned = poolbench("plan", tiny, *shard, "--format", "json", "--store", f"part{index}")
        done = poolbench("train", tiny, *shard, "--store", f"part{index}", "--engine", "inline")
        assert done.code == 0, done.err
        count = len(list((tmp_path / f"part{index}" / "runs").iterdir()))
        assert f"shard {index}/3: {count} of 4 cells" in done.err
        assert sum(row["cells"] for row in json.loads(planned.out)["tables"][0]["rows"]) == count
    merged = poolbench("store", "merge", "part1", "part2", "part3", "-o", "merged")
    assert merged.code == 0, merged.err
    assert lasting_bytes(tmp_path / "merged") == lasting_bytes(tmp_path / "whole")
    again = poolbench("train", tiny, "--store", "merged", "--engine", "inline")
    assert "nothing to do" in again.err
    speeds = -1  # the last column is a duration's, which no two trainings share
    assert [line.split()[:speeds] for line in again.out.splitlines()[:8]] == [
        line.split()[:speeds] for line in whole.out.splitlines()[:8]
    ]


def test_a_shard_without_cells_trains_nothing_and_fails_nothing(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    codes = []
    for index in range(1, 6):
        asked = ("--shard", f"{index}/5", "--only", "lae@0", "--set", "recipe.epochs=1")
        done = poolbench("train", tiny, *asked, "--engine", "inline", "--store", f"p{index}")
        codes.append(done.code)
        assert (done.out == "") == ("0 of 1 cell;" in done.err)
    assert codes == [0] * 5
    assert len(list(tmp_path.glob("p*/runs/*"))) == 1


def test_what_is_no_shard_is_bad_input(poolbench: Program, tiny: Path) -> None:
    for command in ("train", "plan"):
        done = poolbench(command, tiny, "--shard", "3/2")
        assert (done.code, done.out) == (2, "")
        assert "'3/2' is not a shard" in done.err
