"""The ``execution`` of a suite: the engine with its options, and what a worker needs of a GPU."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.study import Execution, Study, read_study
from tests.suite.small import SUITE

Load = Callable[..., Study]


def executing(text: str) -> str:
    return SUITE + f"execution: {text}\n"


def test_an_engine_has_every_option_and_is_no_part_of_a_cell(load_text: Load) -> None:
    plain = load_text(SUITE)
    study = load_text(executing("{engine: {name: slurm, partition: gpu, elements: 8}}"))
    assert study.execution.engine is not None
    options = study.execution.engine.options
    assert (options["partition"], options["elements"], options["poll_s"]) == ("gpu", 8, 15.0)
    assert plain.execution == Execution()
    assert [cell.id for cell in study.cells] == [cell.id for cell in plain.cells]
    assert read_study(json.dumps(study.to_json())) == study


def test_workers_may_share_a_gpu(load_text: Load) -> None:
    execution = load_text(executing("{resources: {gpu: 0.25, memory: 1.5GiB}}")).execution
    assert (execution.gpu, execution.gpu_memory_mib) == (0.25, 1536)
    execution = load_text(executing("{resources: {gpu: 0.01}}")).execution
    assert (execution.gpu, execution.gpu_memory_mib) == (0.01, None)


@pytest.mark.parametrize(
    ("text", "mib"),
    [("500 MiB", 500), ("0.5GiB", 512), ("1.125GiB", 1152), ("1MiB", 1), ("1024GiB", 2**20)],
)
def test_memory_is_in_whole_mib(load_text: Load, text: str, mib: int) -> None:
    execution = load_text(executing(f"{{resources: {{memory: {text}}}}}")).execution
    assert (execution.gpu, execution.gpu_memory_mib) == (1.0, mib)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{engine: {name: slurn}}", "slurm"),
        ("{engine: {name: slurm, partitions: a}}", "partition"),
        ("{engine: {name: slurm, elements: 0}}", "elements"),
        ("{engine: {name: ray, cpus: 0.5}}", "cpus"),
        ("{engine: {name: ray, cpus: 99999999}}", "cpus: expected whole number >= 1 and <= 4096"),
        ("{engine: {name: ray, memory_mib: 99999999}}", "memory_mib.* <= 16777216, got 99999999"),
        ("{engine: {name: slurm, cpus: 99999999999}}", "cpus"),
        ('{engine: {name: slurm, partition: "main\\n#SBATCH --hold"}}', "partition.* one word"),
        ("{engine: {name: slurm, account: a b; touch x}}", "account: expected one word"),
        ('{engine: {name: slurm, gres: "gpu:1\\tx"}}', "gres: expected one word"),
        ("{engine: {name: slurm, memory: 16 G}}", "memory: expected one word"),
        ("{engine: {name: slurm, time: 8 hours}}", "time: expected a time .*D-H:M:S"),
        ('{engine: {name: slurm, time: "1:2:3:4"}}', "time: expected a time"),
        ('{engine: {name: slurm, python: "a\\nb"}}', "python: expected a path"),
        ('{engine: {name: slurm, time: "1:00"}}', "grace_s: .*120 s.* its 60 s"),
        ('{engine: {name: slurm, time: "4:00", grace_s: 120}}', "grace_s: .*120 s.* its 240 s"),
        ("{resources: {gpu: 0}}", "execution.resources.gpu"),
        ("{resources: {gpu: 2}}", "execution.resources.gpu"),
        ("{resources: {gpu: 1e-300}}", "gpu: expected number from 0.01 to 1, got 1e-300"),
        ("{resources: {gpu: 0.0099}}", "gpu: expected number from 0.01 to 1"),
        ("{resources: {memory: 0.1GiB}}", "expected whole MiB up to 1024GiB, such as 500MiB"),
        ("{resources: {memory: 0.5MiB}}", "expected whole MiB"),
        ("{resources: {memory: 0GiB}}", "expected whole MiB"),
        ("{resources: {memory: 1024.5GiB}}", "expected whole MiB up to 1024GiB"),
        ("{resources: {memory: 100000000000000000000GiB}}", "expected whole MiB up to 1024GiB"),
        ("{resources: {memory: 6}}", "6GiB"),
        ("{resources: {memory: 6GB}}", "6GiB"),
        ("{resources: {gpus: 1}}", "gpu"),
        ("{resources: 4}", "mapping"),
    ],
)
def test_what_no_engine_can_do_is_refused_where_it_is_written(
    load_text: Load, text: str, message: str
) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        load_text(executing(text))
    assert f":{len(SUITE.splitlines()) + 1}:" in caught.value.message


def test_a_fault_of_two_options_is_told_where_the_one_is_written(load_text: Load) -> None:
    text = executing('{engine: {name: slurm, time: "2:00", grace_s: 90}}')
    with pytest.raises(BadInput) as caught:
        load_text(text)
    line, column = len(text.splitlines()), text.splitlines()[-1].index("90") + 1
    assert f":{line}:{column}: slurm.grace_s" in caught.value.message
    assert "raise time, or lower grace_s" in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("time", ["", "UNLIMITED", "0", "4:01", "5", "1:00:00", "1-0", "2-0:5:0"])
def test_time_is_as_slurm_takes_it(load_text: Load, time: str) -> None:
    execution = load_text(executing(f'{{engine: {{name: slurm, time: "{time}"}}}}')).execution
    assert execution.engine is not None
    assert execution.engine.options["time"] == time
