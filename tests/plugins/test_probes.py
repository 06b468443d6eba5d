"""A plug-in's probe declares its axis in its entry, and measurements keep it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.core.catalogue import ProbeEntry
from poolbench.core.plugins import forget_plugins
from poolbench.probes import PROBES
from poolbench.report.robustness.sweeps import sweeps_of
from poolbench.store.documents import seal, unseal
from tests.conftest import Done
from tests.report.measured import a_measurement, measured

Program = Callable[..., Done]

PLUGIN = """\
from poolbench.core.catalogue import ProbeEntry
from poolbench.core.measurement import Point, pack_bits
from poolbench.core.options import Option
from poolbench.probes import PROBES
from poolbench.probes.api import ProbeResult


def turn(subject, *, on_progress, angles):
    points = []
    for angle in angles:
        right = []
        for batch in subject.batches(subject.batch_size):
            turned = batch.images.rot90(angle // 90, (2, 3))
            right += (subject.network(turned).argmax(1) == batch.labels).tolist()
        points.append(Point(at=angle, correct=sum(right), total=len(right), right=pack_bits(right)))
        on_progress(len(points) / len(angles))
    return ProbeResult(points=tuple(points))


ANGLES = Option(kind=int, many=True, rising=True, default=(0, 90, 180))
PROBES.add(
    "turn",
    ProbeEntry(target=f"{__name__}:turn", summary="images on their side",
               options={"angles": ANGLES}, axis="angle_deg"),
)
"""


def test_it_is_measured_and_reported_without_the_plug_in_too(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    plugin = tmp_path / "turning.py"
    plugin.write_text(PLUGIN)
    one = ("--only", "average@0")
    poolbench("train", tiny, *one, "--engine", "inline")
    asked = ("robustness", "--attack", "turn", "--engine", "inline", "--plugin", plugin)
    done = poolbench(*asked)
    assert done.code == 0, done.err
    assert "averaged over angle_deg from 0 to 180" in " ".join(done.out.split())
    assert "turn" in done.out
    assert "angles" not in done.out
    assert "px" not in done.out
    assert "nothing to do" in poolbench(*asked).err
    # Edited, it is measured anew.
    plugin.write_text(f"{PLUGIN}\n# edited\n")
    assert "1 measurement made" in poolbench(*asked).err
    forget_plugins()
    report = poolbench("report")
    assert report.code == 0, report.err
    words = " ".join(report.out.split())
    assert "angle_deg" in words
    assert "the probe 'turn', of the plug-in turning.py (sha256:" in words
    assert poolbench("report", "-o", "page.html").code == 0


def test_a_suite_that_asks_for_it_is_reported_without_the_plug_in(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    plugin = tmp_path / "turning.py"
    plugin.write_text(PLUGIN)
    tiny.write_text(tiny.read_text() + "probes: {turn: {angles: [0, 90]}}\n")
    run = ("train", tiny, "--only", "average@0", "--probes", "--engine", "inline")
    done = poolbench(*run, "--plugin", plugin)
    assert done.code == 0, done.err
    forget_plugins()
    report = poolbench("report", tiny, "--only", "average@0")
    assert report.code == 0, report.err
    assert "angle_deg" in " ".join(report.out.split())
    assert "not loaded is the plug-in turning.py" in report.err


def test_attacks_are_joined_by_the_norm_of_their_entry_not_by_name() -> None:
    one, other = (
        replace(a_measurement("fgsm", (180, 90, 100), first=first), norm="1") for first in (0, 9)
    )
    study, runs, found = measured(
        {"max": [[one, replace(other, probe=replace(other.probe, name="new"))]]}
    )
    sweeps = list(sweeps_of(study, runs, found))
    (worst,) = [sweep for sweep in sweeps if sweep.is_worst_case]
    assert worst.probe.name == "worst of fgsm, new"
    # 200 images: right are 0 to 179 and 9 to 188; 0 to 89 and 9 to 98; 0 to 99 and 9 to 108.
    assert worst.accuracies("max", worst.settings[0]) == [171 / 200]
    study, runs, found = measured({"max": [[one, replace(other, norm="2")]]})
    assert not any(sweep.is_worst_case for sweep in sweeps_of(study, runs, found))


def test_a_store_from_before_axes_were_noted_is_read_as_it_was(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    poolbench("train", tiny, "--only", "average@0", "--engine", "inline")
    attacks = [word for name in ("zoom", "fgsm", "pgd") for word in ("--attack", name)]
    done = poolbench(
        "robustness", *attacks, "--engine", "inline", "--sizes", "6,8", "--epsilons", "0,1/255"
    )
    assert "worst of fgsm, pgd" in done.out
    before = poolbench("report").out
    for file in (tmp_path / "runs").glob("runs/*/probes/????????????????.json"):
        document = unseal(file.read_bytes())
        del document["axis"], document["norm"]
        file.write_bytes(seal(document))
        assert "axis" not in json.loads(file.read_bytes())
    assert poolbench("report").out == before


@pytest.mark.parametrize("name", PROBES)
def test_every_probe_of_ours_says_what_it_is_over(name: str) -> None:
    entry = PROBES[name]
    assert isinstance(entry, ProbeEntry)
    assert (entry.axis, bool(entry.norm)) in (("size_px", False), ("epsilon", True))
