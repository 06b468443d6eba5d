"""What a maintainer runs on a borrowed GPU: rehearsed on the CPU, and broken on purpose."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from poolbench.operators.kernels import native

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci" / "gpu"
STAGES = ("facts", "tests", "operators", "training", "mnist", "cifar")


@pytest.fixture
def on_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    monkeypatch.syspath_prepend(str(SCRIPT.parent))

    def load(name: str) -> ModuleType:
        __import__(f"on_gpu.{name}")
        return sys.modules[f"on_gpu.{name}"]

    yield load
    for name in [name for name in sys.modules if name.startswith("on_gpu")]:
        del sys.modules[name]


def archived(out: Path) -> dict[str, set[str]]:
    names = {}
    for path in out.glob("*.tar.gz"):
        with tarfile.open(path) as file:
            names[path.name.removesuffix(".tar.gz")] = set(file.getnames())
    return names


@pytest.mark.skipif(native.fault() is not None, reason="torch.compile needs a compiler too")
@pytest.mark.timeout(900)
def test_every_stage_runs_in_its_least_size_on_the_cpu(tmp_path: Path) -> None:
    data = os.environ.get("POOLBENCH_DATA", "")
    has_data = all((Path(data) / name).is_dir() for name in ("MNIST", "cifar-10-batches-py"))
    stages = STAGES if data and has_data else STAGES[:4]
    done = subprocess.run(
        [sys.executable, SCRIPT, "--dry-run", "--work", tmp_path / "work", *stages],
        env={**os.environ, "OUT": str(tmp_path / "out")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = (tmp_path / "out" / "summary.txt").read_text()
    assert done.stdout.endswith(summary)
    assert len(summary.splitlines()) <= 60
    assert "cannot be read" not in summary
    kept = archived(tmp_path / "out")
    assert set(kept) == set(stages)
    for stage, names in kept.items():
        assert any(name.endswith(".json" if stage != "tests" else ".xml") for name in names)
    if not has_data:
        pytest.skip("no MNIST and CIFAR-10 at POOLBENCH_DATA: their stages were left out")
    assert "cifar/resnet-page.html" in kept["cifar"]
    assert {"mnist/lenet-mnist-baseline.json", "mnist/lenet-mnist.html"} <= kept["mnist"]
    assert any(name.startswith("mnist/lenet-mnist-figures/") for name in kept["mnist"])


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


def run(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path, *works: Any, **stage: Any
) -> list[Any]:
    stages, running = on_gpu("stages"), on_gpu("running")
    setting = stages.Setting(is_dry=True, results=tmp_path, store=tmp_path, data=tmp_path)
    ended: list[Any] = []
    made = stages.Stage(**{"name": "made-up", "limit_s": 60.0, "works": works, **stage})
    running.run_stage(
        made, setting, deadline=time.monotonic() + 60, on_ended=lambda one: ended.append(one)
    )
    return ended


@pytest.mark.parametrize("at_once", [1, 3])
def test_a_command_that_fails_or_hangs_stops_no_other(
    at_once: int, on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    work = on_gpu("stages").Work
    ended = run(
        on_gpu,
        tmp_path,
        work(name="fails", command=python("import sys; print('why'); sys.exit(3)"), limit_s=60),
        work(name="hangs", command=python("import time; time.sleep(600)"), limit_s=2),
        work(name="works", command=python("print('fine')"), limit_s=60),
        at_once=at_once,
    )
    # Side by side, each is told when it ends.
    assert {one.work.name: one.status for one in ended} == {
        "fails": "failed", "hangs": "failed", "works": "ok"
    }  # fmt: skip
    assert [one.work.name for one in ended].index("hangs") == (1 if at_once == 1 else 2)
    assert {one.detail for one in ended} == {"exit 3: why", "not done after 2 s", ""}
    assert (tmp_path / "made-up" / "works.log").read_text() == "fine\n"


def test_a_command_that_may_be_cut_short_is_asked_to_save_first(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    saves = (
        "import time\ntry: print('begun', flush=True); time.sleep(600)\n"
        "except KeyboardInterrupt: print('saved')"
    )
    work = on_gpu("stages").Work
    (ended,) = run(
        on_gpu, tmp_path, work(name="trains", command=python(saves), limit_s=3, may_be_cut=True)
    )
    assert ended.status == "cut short"
    assert (tmp_path / "made-up" / "trains.log").read_text() == "begun\nsaved\n"


def test_what_a_command_leaves_behind_is_ended_with_it(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    leaves = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid)"
    )
    work = on_gpu("stages").Work
    (ended,) = run(on_gpu, tmp_path, work(name="leaves", command=python(leaves), limit_s=60))
    assert ended.status == "ok"
    pid = int((tmp_path / "made-up" / "leaves.log").read_text())
    assert ends(pid)


def ends(pid: int) -> bool:
    """Whether a process that is nobody's child is gone within half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_gets_what_was_found_and_nothing_is_left_running(
    number: int, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, SCRIPT, "--dry-run", "--work", tmp_path / "work", "facts"],
        env={**os.environ, "OUT": str(out)},
        stdout=subprocess.PIPE,
        text=True,
    )
    while not (commands := psutil.Process(process.pid).children()):
        time.sleep(0.02)
    process.send_signal(number)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert all(ends(command.pid) for command in commands)
    assert "facts: doctor failed" in told
    assert told.endswith((out / "summary.txt").read_text())
    assert set(archived(out)) == {"facts"}
    assert not list((tmp_path / "work").glob("results-*"))


def test_a_folder_with_other_things_is_not_packed_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years")
    (tmp_path / "unpack.py").write_text("")
    done = subprocess.run(
        [sys.executable, SCRIPT, "--pack", tmp_path],
        env={**os.environ, "POOLBENCH_PACKED_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "contains other files than pieces" in done.stderr
    assert (tmp_path / "thesis.tex").read_text() == "years"


def test_a_stage_without_time_says_what_was_not_begun(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    work = on_gpu("stages").Work
    first = work(name="takes", command=python("import time; time.sleep(1)"), limit_s=60)
    second = work(name="waits", command=python("1"), limit_s=60, reserve_s=58)
    ended = run(on_gpu, tmp_path, first, second, limit_s=58.5)
    assert [one.status for one in ended] == ["ok", "not begun"]


def test_the_summary_fits_a_screen_and_says_what_it_leaves_out(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    stages, running, summary = on_gpu("stages"), on_gpu("running"), on_gpu("summary")
    work = stages.Work(name="doctor", command=(), limit_s=1)
    failed = running.Ended(work=work, status="failed", detail="x" * 500)
    lines = summary.summarise({"facts": [failed] * 100}, tmp_path)
    assert len(lines) == 60
    assert "42 more lines" in lines[-1]
    assert max(map(len, lines)) <= 160
    assert lines[0] == "facts: 100 failed; 0 s of commands"


def test_results_that_cannot_be_read_are_told_and_stop_nothing(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    stages, running, summary = on_gpu("stages"), on_gpu("running"), on_gpu("summary")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "doctor.json").write_text(json.dumps({"tables": []}))
    work = stages.Work(name="doctor", command=(), limit_s=1)
    lines = summary.summarise({"facts": [running.Ended(work=work, status="ok")]}, tmp_path)
    assert "doctor: its results cannot be read" in lines[1]


def test_on_a_gpu_every_option_that_the_goals_name_is_measured(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    module = on_gpu("stages")
    setting = module.Setting(is_dry=False, results=tmp_path, store=tmp_path, data=tmp_path)
    made = {name: make(setting) for name, make in module.STAGES.items()}
    assert tuple(made) == STAGES
    assert {n: s.limit_s for n, s in made.items() if n in ("tests", "operators", "training")} == {
        "tests": 150, "operators": 120, "training": 150
    }  # fmt: skip
    assert len(made["operators"].works) == 2 * 2 * 2
    assert all("--compiled" in work.command for work in made["operators"].works)
    names = {work.name for work in made["training"].works}
    assert {
        f"{model}-{precision}"
        for model in ("lenet-cifar", "resnet-page", "wrn")
        for precision in ("fp32", "tf32", "bf16")
    } | {"seeds-4", "seeds-8", "fgsm"} == names
    for name in ("mnist", "cifar"):
        assert all("--profile" not in work.command for work in made[name].works)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["facts", "tets"], 2, "no such stage: tets; there are facts, tests"),
        (["--unpack", "nowhere"], 1, "nowhere is not a piece: make it with --pack"),
        (["--limit", "0"], 2, "argument --limit"),
        (["--limit", "nan"], 2, "argument --limit"),
        (["--pack", "there"], 1, "name their folder with POOLBENCH_PACKED_DATA"),
    ],
    ids=["stage", "piece", "no-limit", "nan", "source"],
)
def test_bad_input_says_what_to_type(
    arguments: list[str], code: int, words: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--work", tmp_path / "work", *arguments],
        env={**os.environ, "OUT": str(tmp_path / "out"), "POOLBENCH_PACKED_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code
    assert words in done.stderr


def test_pieces_are_taken_in_one_after_the_other_and_a_data_set_when_it_is_whole(
    on_gpu: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    packing = on_gpu("packing")
    unpacker = "import sys; open(sys.argv[1] + '.' + '-'.join(sys.argv[2:]), 'w')"
    for name, files in packing._PIECES.items():
        for file in files:
            path = tmp_path / name / "data" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(unpacker if file == "unpack.py" else file)
    work = tmp_path / "work"
    work.mkdir()
    packing.unpack(tmp_path / "1", work)
    assert not list(work.glob("data.*"))
    packing.unpack(tmp_path / "2", work)
    assert [path.name for path in work.glob("data.*")] == ["data.mnist-cifar10"]
