"""The engine of Slurm without a Slurm: what it says, and what it writes."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from poolbench.core.errors import EnvironmentFault
from poolbench.core.options import check_options
from poolbench.engines import ENGINES
from poolbench.engines.api import Job, Queueing, Unreachable, Workers
from poolbench.engines.slurm import SlurmEngine
from poolbench.engines.slurm_queue import advice, elements, queued_sessions
from tests.engines.fake_slurm import FakeSlurm, fake_slurm


def engine(**options: object) -> SlurmEngine:
    checked = check_options("slurm", ENGINES["slurm"].options, options)
    return SlurmEngine(Workers(target="m:f"), **checked)


def jobs(folder: Path, count: int) -> list[Job]:
    return [
        Job(name=f"worker-{n}", file=folder / f"worker-{n}.json", log=folder / f"worker-{n}.log")
        for n in range(count)
    ]


def test_without_slurm_the_error_says_what_is_missing_and_what_else_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="sbatch is not on the PATH") as caught:
        engine(max_array=10).submit(jobs(tmp_path, 1))
    assert "--engine local" in caught.value.hint


@pytest.mark.parametrize(
    ("said", "next_step"),
    [
        ("Batch job submission failed: Invalid partition name specified", "sinfo"),
        ("Batch job submission failed: Invalid account or account/partition", "account"),
        ("Munge encode failed: Failed to access munge.socket", "munged"),
        ("Unable to contact slurm controller (connect failure)", "controller"),
        ("Invalid generic resource (gres) specification", "poolbench list engines slurm"),
    ],
)
def test_what_slurm_says_is_answered_with_a_next_step(said: str, next_step: str) -> None:
    assert next_step in advice(f"sbatch: error: {said}")


@pytest.mark.parametrize("said", ["something new", "exit 1"])
def test_advice_that_nobody_has_is_not_given(said: str) -> None:
    assert advice(said) == ""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    return fake_slurm(tmp_path / "bin", monkeypatch)


def test_what_slurm_says_is_told_once_and_with_what_it_was_asked(
    tmp_path: Path, slurm: FakeSlurm
) -> None:
    slurm.answers("sbatch", says="sbatch: error: Invalid --mem specification\n", code=1)
    with pytest.raises(EnvironmentFault) as caught:
        engine(max_array=9).submit(jobs(tmp_path, 1))
    said = caught.value.message
    assert said == "Slurm was asked to take an array (sbatch): Invalid --mem specification"
    assert not isinstance(caught.value, Unreachable)


def test_sbatch_has_arguments_that_no_path_can_break(tmp_path: Path, slurm: FakeSlurm) -> None:
    folder = tmp_path / "a b%j"
    folder.mkdir()
    engine(max_array=9, partition="main").submit(jobs(folder, 2))
    asked = slurm.asked("sbatch")
    assert "--partition=main" in asked
    assert any(each.startswith(f"--output={tmp_path}/a b%%j/poolbench-") for each in asked)


QUEUE = "poolbench-s-0|0|{}\npoolbench-s-0|1|{}\n"


def submitted(folder: Path, count: int = 2) -> SlurmEngine:
    (folder / "s").mkdir()
    made = engine(max_array=9, poll_s=0.1)
    made.submit(jobs(folder / "s", count))
    return made


def look(made: SlurmEngine) -> list[str]:
    made.poll(1.0)  # it waits for its time
    return [each.job for each in made.poll(0.0)]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (("PENDING|PartitionConfig",) * 2, "2 array elements are queued: PartitionConfig"),
        (
            ("PENDING|ReqNodeNotAvail, UnavailableNodes:n1", "PENDING|ReqNodeNotAvail, x|y"),
            "2 array elements are queued: ReqNodeNotAvail, UnavailableNodes:n1, "
            "ReqNodeNotAvail, x|y",
        ),
        (("PENDING|Resources", "RUNNING|None"), ""),
        (("PENDING|Priority", "COMPLETING|None"), ""),
        (("PENDING|None",) * 2, ""),  # Slurm has not looked at them yet
        (("PENDING|None", "PENDING|Priority"), "2 array elements are queued: Priority"),
    ],
)
def test_why_nothing_runs_is_told(
    tmp_path: Path, slurm: FakeSlurm, states: tuple[str, str], said: str
) -> None:
    slurm.answers("squeue", QUEUE.format(*states))
    made = submitted(tmp_path)
    assert isinstance(made, Queueing)
    assert made.waiting() == ""
    assert look(made) == []
    assert made.waiting() == said
    assert len([each for each in slurm.asked("squeue") if each == "--me"]) == 1


def test_one_element_is_one(tmp_path: Path, slurm: FakeSlurm) -> None:
    slurm.answers("squeue", "poolbench-s-0|0|PENDING|BeginTime\n")
    made = submitted(tmp_path, 1)
    look(made)
    assert made.waiting() == "1 array element is queued: BeginTime"
    assert made.detach() == "detached: 1 array element left to Slurm"


def test_what_is_queued_is_adopted_with_why_it_waits(tmp_path: Path, slurm: FakeSlurm) -> None:
    submitted(tmp_path)
    slurm.answers("squeue", "poolbench-s-0|1|PENDING|Priority\n")
    later = engine()
    assert later.adopt(tmp_path / "s") == ["worker-1"]
    assert later.waiting() == "1 array element is queued: Priority"


def test_where_nothing_is_left_nothing_is_said_to_be(tmp_path: Path, slurm: FakeSlurm) -> None:
    assert engine().detach() == ""
    made = submitted(tmp_path)
    assert sorted(look(made)) == ["worker-0", "worker-1"]
    assert made.detach() == ""


def test_an_element_that_wrote_nothing_is_not_just_lost(tmp_path: Path, slurm: FakeSlurm) -> None:
    made = submitted(tmp_path, 1)
    made.poll(1.0)
    (ended,) = made.poll(0.0)
    assert ended.exit_code is None
    assert f"does not see {tmp_path / 's'}" in ended.detail


def test_a_busy_controller_is_borne_for_minutes(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = submitted(tmp_path)
    busy = "squeue: error: slurm_load_jobs error: Socket timed out on send/recv operation\n"
    slurm.answers("squeue", says=busy, code=1)
    now = time.monotonic()
    monkeypatch.setattr("poolbench.engines.slurm_polling.time.sleep", lambda _: None)
    for passed_s in range(20, 300, 20):
        monkeypatch.setattr("time.monotonic", lambda passed_s=passed_s: now + passed_s)
        assert made.poll(0.2) == []
    monkeypatch.setattr("time.monotonic", lambda: now + 320)
    with pytest.raises(Unreachable, match=r"not answered for 5 minutes.*timed out") as caught:
        made.poll(0.2)
    assert "sinfo" in caught.value.hint
    assert slurm.asked("scancel") == []


def test_a_controller_that_answers_again_has_all_its_time_again(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = submitted(tmp_path)
    now = time.monotonic()
    for passed_s in range(20, 1000, 20):
        is_up = passed_s % 200 == 0
        slurm.answers(
            "squeue", QUEUE.format("RUNNING|None", "RUNNING|None"), code=0 if is_up else 1
        )
        monkeypatch.setattr("time.monotonic", lambda passed_s=passed_s: now + passed_s)
        assert made.poll(0.2) == []


def test_an_sbatch_that_does_not_answer_may_have_been_heard(
    tmp_path: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolbench.engines.slurm_queue._ANSWER_S", 0.2)
    slurm.hangs("sbatch")
    made = engine(max_array=9)
    with pytest.raises(Unreachable, match=r"asked to take an array .*no answer"):
        made.submit(jobs(tmp_path, 2))
    assert "sbatch was not done with 2 array elements" in made.detach()


# After Ctrl-C, subprocess.run does not wait for what it killed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_while_slurm_is_silent_is_answered_at_once(tmp_path: Path, slurm: FakeSlurm) -> None:
    slurm.hangs("sbatch")
    made = engine(max_array=9)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        made.submit(jobs(tmp_path, 2))
    assert time.monotonic() - began_s < 5.0
    assert "sbatch was not done with 2 array elements" in made.detach()


def test_without_munge_nothing_was_submitted(tmp_path: Path, slurm: FakeSlurm) -> None:
    why = 'sbatch: error: Munge encode failed: Failed to connect to "/m": Connection refused\n'
    slurm.answers("sbatch", says=why, code=1)
    made = engine(max_array=9)
    with pytest.raises(EnvironmentFault) as caught:
        made.submit(jobs(tmp_path, 2))
    assert "munged" in caught.value.hint
    assert made.detach() == ""


def test_only_elements_of_ours_count() -> None:
    answer = (
        "poolbench-h-1-aa-0|3|RUNNING|None\nother|1|RUNNING|None\n"
        "poolbench-h-1-aa-1|0|PENDING|Priority\npoolbench-x|N/A|RUNNING|None\n"
    )
    assert dict(elements(answer)) == {
        ("poolbench-h-1-aa-0", 3): "",
        ("poolbench-h-1-aa-1", 0): "Priority",
    }


def test_what_slurm_was_given_is_not_over_while_it_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, other = tmp_path / "host-1-0123abcd", tmp_path / "host-2-0123abcd"
    for folder in (given, other):
        folder.mkdir()
    (given / f"poolbench-{given.name}-0.jobs").write_text("worker-0\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queued_sessions([given, other]) == {given.name}


def test_cells_are_divided_among_the_elements() -> None:
    made = engine(elements=4)
    assert [made.cells_per_job(count) for count in (1, 4, 5, 20, 21)] == [1, 1, 2, 5, 6]
