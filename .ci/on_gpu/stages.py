"""The commands of each stage, at full size on a GPU and at the smallest size on a CPU."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

_POOLBENCH = (sys.executable, "-m", "poolbench")
_PYTEST = (
    *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
    "--continue-on-collection-errors",
)
_CONTRACT = "tests/operators/test_contract.py"
_OPERATORS = ("lae", "lse", "softpool", "max", "mixed", "gated")
_LEAST_MAPS = ("--shape", "2x4x8x8", "--rounds", "7")


@dataclass(frozen=True, kw_only=True)
class Work:
    """One command of a stage.

    Args:
        name: Name of its log and its results.
        command: Program and arguments.
        limit_s: Seconds until it is interrupted.
        reserve_s: Seconds of the stage to leave for later commands.
        may_be_cut: Whether its partial result counts after an interruption.
        environment: Its own environment variables.
    """

    name: str
    command: tuple[str, ...]
    limit_s: float
    reserve_s: float = 0.0
    may_be_cut: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A group of commands.

    Args:
        name: Name on the command line.
        limit_s: Seconds for all of its commands.
        works: Its commands in order.
        at_once: How many start together; the next ones start when all of these have ended. Tests
            run in parallel; benchmarks set up in parallel and take turns.
    """

    name: str
    limit_s: float
    works: tuple[Work, ...]
    at_once: int = 1


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where stages run, and at which size.

    Args:
        is_dry: Whether to run at the smallest size, on the CPU.
        results: Folder of the stages' results, which are archived.
        store: Folder of the run stores; finished runs are not repeated.
        data: Folder of the data sets.
    """

    is_dry: bool
    results: Path
    store: Path
    data: Path

    @property
    def device(self) -> str:
        """Device name for torch."""
        return "cpu" if self.is_dry else "cuda:0"


def _table(setting: Setting, stage: str, name: str) -> tuple[str, ...]:
    return "--format", "json", "-o", str(setting.results / stage / f"{name}.json")


def facts(setting: Setting) -> Stage:
    """Card, driver and versions; bandwidth of a copy, rates of products and convolutions."""
    sizes = ("8", "64", "2") if setting.is_dry else ("4096", "8192", "256")
    least = dict(zip(("--copy-mib", "--matrix-side", "--batch-size"), sizes, strict=True))
    options = [word for pair in least.items() for word in pair]
    return Stage(
        name="facts",
        limit_s=60,
        works=(
            Work(
                name="doctor",
                command=(*_POOLBENCH, "doctor", *_table(setting, "facts", "doctor")),
                limit_s=40,
            ),
            Work(
                name="device",
                command=(
                    *(*_POOLBENCH, "bench", "device", "--device", setting.device),
                    *(*options, *_table(setting, "facts", "device")),
                ),
                limit_s=40,
            ),
        ),
    )


def tests(setting: Setting) -> Stage:
    """All tests that need a GPU, and the conformance tests of every operator there."""

    def work(name: str, *arguments: str, **environment: str) -> Work:
        report = setting.results / "tests" / f"{name}.xml"
        return Work(
            name=name,
            command=(*_PYTEST, f"--junit-xml={report}", *arguments),
            limit_s=150,
            environment=environment,
        )

    if setting.is_dry:
        marked = work("marked", "-m", "gpu", "tests/training")
        return Stage(
            name="tests",
            limit_s=90,
            works=(marked, work("contract", _CONTRACT, "-k", "k2-none and lse")),
        )
    return Stage(
        name="tests",
        limit_s=150,
        works=(
            work("marked", "-m", "gpu", "-n", "6", "tests"),
            work("contract", _CONTRACT, "-n", "8", POOLBENCH_TEST_DEVICE="cuda"),
        ),
        at_once=2,
    )


def operators(setting: Setting) -> Stage:
    """Pooling against what people write, the same under torch.compile, timm, and a copy."""
    windows = {"global": (), "k3s2p1": ("--kernel-size", "3", "--stride", "2", "--padding", "1")}
    kinds = list(product(windows, ("float32", "bfloat16"), ("contiguous", "channels_last")))
    works = []
    for number, (scope, dtype, layout) in enumerate(kinds):
        compiled, names, size = True, _OPERATORS, ("--shape", "64x512x32x32", "--rounds", "11")
        if setting.is_dry:
            if number not in (0, 7):  # every option once
                continue
            compiled = number == 0  # compiling takes a CPU many seconds for each operator
            names, size = (_OPERATORS[:1] if compiled else _OPERATORS), _LEAST_MAPS
        name = f"{scope}-{dtype}-{layout}"
        works.append(
            Work(
                name=name,
                command=(
                    *(*_POOLBENCH, "bench", "operators", "--device", setting.device),
                    *(word for operator in names for word in ("--operator", operator)),
                    *(*windows[scope], "--dtype", dtype, "--layout", layout, *size),
                    *(*(["--compiled"] if compiled else []), *_table(setting, "operators", name)),
                ),
                limit_s=120,
                environment={"TORCHINDUCTOR_COMPILE_THREADS": "3"},
            )
        )
    return Stage(name="operators", limit_s=120, works=tuple(works), at_once=4)


def training(setting: Setting) -> Stage:
    """The loop against its bare step and a user's, eager and captured; parallel seeds; FGSM."""

    def work(command: str, name: str, *options: str) -> Work:
        device = () if setting.is_dry and command == "seeds" else ("--device", setting.device)
        return Work(
            name=name,
            command=(
                *(*_POOLBENCH, "bench", command, *device, *options),
                *_table(setting, "training", name),
            ),
            limit_s=150,
        )

    # Batches as in the suites; enough steps that no contender's turn takes only milliseconds.
    sizes = {"lenet-cifar": ("128", "40"), "resnet-page": ("512", "12"), "wrn": ("256", "6")}
    kinds = list(product(sizes, ("fp32", "tf32", "bf16")))
    works = []
    for model, precision in [("lenet-cifar", "bf16")] if setting.is_dry else kinds:
        batch, steps = sizes[model]
        size = ("2", "1", "3") if setting.is_dry else (batch, steps, "5")
        options = zip(("--batch-size", "--steps", "--rounds"), size, strict=True)
        words = [word for pair in options for word in pair]
        name = f"{model}-{precision}"
        works.append(work("training", name, "--model", model, "--precision", precision, *words))
    if setting.is_dry:
        least = ("--model", "lenet-mnist", "--rounds", "3")
        seeds = ("--seeds", "2", "--cores", "2", "--steps", "1", "--batch-size", "2")
        works.append(work("seeds", "seeds-2", *least, *seeds))
        works.append(work("fgsm", "fgsm", *least, "--images", "4"))
    else:
        for jobs in ("4", "8"):  # one worker is a contender of each
            seeds = ("--seeds", "8", "--jobs", jobs, "--steps", "20", "--rounds", "3")
            works.append(work("seeds", f"seeds-{jobs}", *seeds))
        works.append(work("fgsm", "fgsm"))
    # The most important first: the small network, and its seeds in parallel.
    works.sort(key=lambda work: work.name.startswith(("resnet", "wrn")))
    return Stage(name="training", limit_s=150, works=tuple(works), at_once=6)


def mnist(setting: Setting) -> Stage:
    """Max pooling against convolutions on all of MNIST by its suite, with probes."""
    return Stage(
        name="mnist",
        limit_s=120,
        works=_study(setting, "mnist", "maxpool/lenet-mnist", jobs=6),
    )


def cifar(setting: Setting) -> Stage:
    """The residual network of the same source on CIFAR-10, then as many LeNets as time allows."""
    residual = _study(setting, "cifar", "maxpool/resnet-page", jobs=4)
    lenet = _study(setting, "cifar", "maxpool/lenet-cifar", "execution.captured=true", jobs=6)
    if setting.is_dry:
        # What MNIST's stage does not do at the smallest size: train these networks, and a page.
        train, table, *_, page = residual
        residual, lenet = (train, table, page), lenet[:1]
    return Stage(name="cifar", limit_s=600, works=(*residual, *lenet))


# One network per variant, a few images, two epsilons; no bfloat16, which a CPU only emulates.
_LEAST_STUDY = (
    "seeds=1", "data.limit=16", "recipe.batch_size=8", "execution.precision=fp32",
    "probes={fgsm: {epsilons: [0, 0.1]}, fgm-l2: {epsilons: [0, 1]}}",
)  # fmt: skip


def _study(setting: Setting, stage: str, suite: str, *changes: str, jobs: int) -> tuple[Work, ...]:
    """Return the works of a suite: train, probe, freeze, page and pictures.

    Args:
        setting: Where and at which size.
        stage: Name of the stage.
        suite: Name of a built-in suite.
        changes: Changes to the suite on a GPU.
        jobs: Parallel workers on a GPU.
    """
    name = suite.rpartition("/")[2]
    chosen = [suite, "--store", str(setting.store / name), "--data-root", str(setting.data)]
    chosen += ["--profile", "smoke"] if setting.is_dry else []
    for change in _LEAST_STUDY if setting.is_dry else changes:
        chosen += ["--set", change]
    running = ("--device", setting.device, "--jobs", str(2 if setting.is_dry else jobs))
    results = setting.results / stage

    def work(
        task: str, *options: str, limit_s: float, reserve_s: float | None = None, called: str = ""
    ) -> Work:
        return Work(
            name=f"{name}-{called or task.rpartition(' ')[2]}",
            command=(*_POOLBENCH, *task.split(), *chosen, *options),
            limit_s=limit_s,
            reserve_s=reserve_s or 0.0,
            may_be_cut=reserve_s is not None,
        )

    found, probed = (_table(setting, stage, f"{name}-{task}") for task in ("table", "robustness"))
    pictures = ("--figures", str(results / f"{name}-figures"))
    return (
        work("train", *running, limit_s=600, reserve_s=60),
        # A separate table: a training that is cut short prints none.
        work("report", *found, limit_s=30, called="table"),
        work("robustness", *running, *probed, limit_s=120, reserve_s=20),
        work("store freeze", "-o", str(results / f"{name}-baseline.json"), limit_s=30),
        work("report", "-o", str(results / f"{name}.html"), *pictures, limit_s=60),
    )


def patient(stage: Stage, factor: float) -> Stage:
    """Return a stage with limits multiplied by a factor."""
    works = (replace(work, limit_s=factor * work.limit_s) for work in stage.works)
    return replace(stage, limit_s=factor * stage.limit_s, works=tuple(works))


STAGES: Mapping[str, Callable[[Setting], Stage]] = {
    "facts": facts,
    "tests": tests,
    "operators": operators,
    "training": training,
    "mnist": mnist,
    "cifar": cifar,
}
