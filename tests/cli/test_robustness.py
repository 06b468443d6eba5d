"""``poolbench robustness``: what it accepts, prints, draws and refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.probed import measurements, trained_folder
from tests.conftest import Done

Program = Callable[..., Done]
INLINE = ("--engine", "inline", "-q")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_folder(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_probes_of_a_suite_are_measured_printed_and_drawn(
    poolbench: Program, folder: Path
) -> None:
    done = poolbench("robustness", "tiny.yaml", *INLINE, "--figures", "pictures")
    assert (done.code, done.err) == (0, "")
    for words in ("digits · fgsm", "digits · zoom", "digits · pad-noise", "8/255", "12 px"):
        assert words in done.out
    assert sorted(path.name for path in (folder / "pictures").glob("*zoom*")) == [
        "digits-zoom.png",
        "digits-zoom.svg",
    ]
    assert "6 of 6 measurements are done" in poolbench("plan", "tiny.yaml").out
    assert "digits · zoom" in poolbench("report", "tiny.yaml").out


def test_attacks_named_with_options_take_the_place_of_the_suites_own(
    poolbench: Program, folder: Path
) -> None:
    done = poolbench(
        "robustness", "tiny.yaml", "--attack", "crop", "--attack", "{name: pgd, steps: 2}",
        "--sizes", "6,8", "--epsilons", "0,1/255", *INLINE, "--format", "json",
    )  # fmt: skip
    assert done.code == 0, done.err
    details = [table["detail"] for table in json.loads(done.out)["tables"]]
    probes = {detail["probe"]["name"]: detail["probe"]["options"] for detail in details if detail}
    assert probes["crop"]["sizes"] == [6, 8]
    assert (probes["pgd"]["steps"], probes["pgd"]["epsilons"]) == (2, [0, pytest.approx(1 / 255)])
    assert len(measurements(folder / "runs")) == 4


def test_without_a_suite_every_finished_run_of_the_store_is_measured(
    poolbench: Program, folder: Path
) -> None:
    done = poolbench("robustness", "--attack", "crop", "--sizes", "6,8", *INLINE)
    assert done.code == 0, done.err
    assert len(measurements(folder / "runs")) == 2
    for study in (folder / "runs" / "studies").iterdir():
        study.unlink()
    done = poolbench("robustness", "--attack", "crop", "--sizes", "4", *INLINE)
    assert done.code == 0, done.err
    assert "runs of no stored suite" in done.out
    assert len(measurements(folder / "runs")) == 4


def test_off_a_terminal_there_is_a_line_a_run_and_a_sum(poolbench: Program, folder: Path) -> None:
    done = poolbench(
        "robustness", "tiny.yaml", "--attack", "crop", "--sizes", "8", "--engine", "inline"
    )
    assert "1/2 finished" in done.err
    assert "finished  average · digits · seed 0  crop" in done.err
    assert "Tiny: 2 measurements made, 0 already stored" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--attack", "fgms"], "did you mean 'fgsm'?"),
        (["--attack", "fgsm", "--epsilons", "0,nan"], "--epsilons 0,nan: fgsm.epsilons: expected"),
        (["--attack", "fgsm", "--epsilons", "-1/255"], "expected rising list of numbers >= 0"),
        (["--attack", "fgsm", "--epsilons", "8/255,1/255"], "expected rising list"),
        (["--attack", "fgsm", "--epsilons", ""], "got an empty list"),
        (["--attack", "zoom", "--sizes", "0,8"], "expected rising list of whole numbers >= 1"),
        (["--attack", "zoom", "--sizes", "8,8"], "expected rising list"),
        (["--attack", "zoom", "--sizes", "12,8"], "expected rising list"),
        (["--attack", "zoom", "--epsilons", "0"], "none of these takes --epsilons: zoom"),
        (["--sizes", "8"], "--sizes without --attack"),
        (["--set", "probes=null", "-q"], "'Tiny' names no probes"),
        (["--device", "tpu"], "unknown device 'tpu'"),
        (["--format", "htlm"], "htlm"),
    ],
)
def test_what_cannot_be_meant_is_exit_2_and_measures_nothing(
    arguments: list[str], words: str, poolbench: Program, folder: Path
) -> None:
    done = poolbench("robustness", "tiny.yaml", *arguments)
    assert done.code == 2
    assert words in done.err
    assert not measurements(folder / "runs")


def test_what_changes_a_suite_needs_one(poolbench: Program, folder: Path) -> None:
    done = poolbench("robustness", "--attack", "zoom", "--only", "lae", "--limit", "9")
    assert done.code == 2
    assert "--only and --limit without a SUITE" in done.err
    assert not measurements(folder / "runs")


def test_nothing_trained_is_exit_5_with_the_command_that_trains(
    poolbench: Program, folder: Path
) -> None:
    done = poolbench("robustness", "tiny.yaml", "--set", "recipe.epochs=7")
    assert done.code == 5
    assert "poolbench train tiny.yaml" in done.err


def test_no_store_is_exit_6(poolbench: Program, tiny: Path) -> None:
    assert poolbench("robustness", "--attack", "zoom").code == 6
    assert poolbench("robustness", tiny, "--attack", "zoom").code == 6


def test_train_measures_when_asked_to_and_only_then(poolbench: Program, folder: Path) -> None:
    assert poolbench("train", "tiny.yaml", *INLINE).code == 0
    assert not measurements(folder / "runs")
    assert poolbench("train", "tiny.yaml", "--probes", *INLINE).code == 0
    assert len(measurements(folder / "runs")) == 6
    done = poolbench("train", "tiny.yaml", "--probes", "--set", "probes=null", "--set", "seeds=2")
    assert done.code == 2
    assert "--attack" in done.err


def test_the_listing_shows_probes_with_numbers_people_write(poolbench: Program) -> None:
    assert "pad-noise" in poolbench("list", "probes").out
    page = poolbench("list", "probes", "fgsm").out
    assert "probes: {fgsm: {epsilons: [0.0, 1/255, 2/255, 4/255, 8/255]}}" in page


def test_verify_tells_of_a_damaged_measurement(poolbench: Program, folder: Path) -> None:
    assert poolbench("robustness", "tiny.yaml", "--attack", "crop", *INLINE).code == 0
    assert poolbench("store", "verify").code == 0
    victim = sorted((folder / "runs").glob("runs/*/probes/*.json"))[0]
    victim.write_bytes(victim.read_bytes()[:-9])
    (victim.parent / f".{victim.name}.abcdefgh").write_bytes(b"half")
    done = poolbench("store", "verify")
    assert done.code == 3
    assert f"probes/{victim.name}: unreadable" in done.err
    assert "poolbench robustness" in done.err
    assert poolbench("store", "gc").out.startswith("deleted 1 file or folder,")
    assert "counted as missing" in poolbench("report", "tiny.yaml").out
