"""`poolbench compare` as a gate: what passes, what fails, what cannot be told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from poolbench.app.study import load_study
from poolbench.core.gate import read_gate
from tests.app.stores import a_store, probed
from tests.conftest import Done

Program = Callable[..., Done]

GOOD = [180, 181, 182, 183, 184]
SAME = [181, 180, 183, 182, 185]
BAD = [150, 151, 152, 153, 154]
GATE = "accuracy < baseline - 0.5pp"


def outcomes(done: Done) -> dict[tuple[str, str], str]:
    rows = json.loads(done.out)["tables"][-1]["rows"]
    return {(row["variant"], row["fail_if"]): row["outcome"] for row in rows}


def test_a_gate_passes_fails_or_is_undecided_and_says_so_by_its_exit_code(
    poolbench: Program, tmp_path: Path
) -> None:
    better = [value + 10 for value in GOOD]
    a_store(tmp_path / "runs", {"average": GOOD, "max": SAME, "lae": better, "min": BAD})
    call = ("compare", "--format", "json", "--fail-if", GATE)
    passing = poolbench("compare", "lae", *call[1:])
    assert (passing.code, outcomes(passing)) == (0, {("lae", GATE): "passes"})
    failing = poolbench("compare", "min", *call[1:])
    assert (failing.code, outcomes(failing)) == (4, {("min", GATE): "fails"})
    assert "min on digits fails 'accuracy < baseline - 0.5pp': −15.00 [" in failing.err
    undecided = poolbench("compare", "max", *call[1:])
    assert (undecided.code, outcomes(undecided)) == (0, {("max", GATE): "undecided"})
    assert poolbench("compare", "max", *call[1:], "--strict").code == 4
    every = poolbench(*call)
    assert every.code == 4
    assert list(outcomes(every).values()) == ["undecided", "passes", "fails"]


def test_three_seeds_that_are_far_apart_fail_a_gate_with_a_caveat(
    poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "runs", {"average": GOOD[:3], "max": BAD[:3]})
    done = poolbench("compare", "--fail-if", GATE)
    assert done.code == 4
    assert "Student's t alone" in done.err


def test_lost_runs_fail_a_gate_unless_it_allows_them(poolbench: Program, tmp_path: Path) -> None:
    counts = {"average": GOOD, "max": [*GOOD[:4], None], "lae": [*GOOD[:4], 59]}
    a_store(tmp_path / "runs", counts)
    gate = "accuracy < 1%"
    done = poolbench("compare", "--format", "json", "--fail-if", gate)
    assert done.code == 4
    expected = {("average", gate): "passes", ("max", gate): "fails", ("lae", gate): "fails"}
    assert outcomes(done) == expected
    assert "1 of 5 runs diverged" in done.err
    assert "1 of 5 runs collapsed" in done.err  # 59 of 200 is below three times a guess among ten
    allowing = ("compare", "--format", "json", "--fail-if", gate, "--allow", "collapsed")
    allowed = poolbench(*allowing)
    assert outcomes(allowed) == expected | {("lae", gate): "passes"}
    both = poolbench(*allowing, "--allow", "diverged")
    assert outcomes(both)["max", gate] == "undecided"
    assert both.code == 0
    # A collapsed baseline flatters whoever is compared with it.
    change = poolbench("compare", "lae", "average", "--fail-if", GATE)
    assert change.code == 4
    assert "1 of 5 runs of lae collapsed" in change.err
    # The size of a network does not depend on how its runs ended.
    assert poolbench("compare", "--fail-if", "parameters > 12345").code == 0
    assert poolbench("compare", "--allow", "collapsed").code == 2
    assert poolbench("compare", "--fail-if", gate, "--allow", "colapsed").code == 2


def test_a_suites_gate_may_allow_lost_runs(poolbench: Program, tmp_path: Path) -> None:
    gates = (read_gate("accuracy < 1%", allow=["diverged", "collapsed"]),)
    a_store(tmp_path / "runs", {"average": GOOD, "lae": [*GOOD[:4], 59]}, gates=gates)
    assert poolbench("compare").code == 0


def test_familywise_rulings_share_their_level(poolbench: Program, tmp_path: Path) -> None:
    names = ["average", "a", "b", "c", "d"]
    a_store(tmp_path / "runs", dict.fromkeys(names, GOOD) | {"d": [v - 4 for v in GOOD]})
    call = ("compare", "--format", "json", "--fail-if", "accuracy < baseline")
    alone, together = poolbench(*call), poolbench(*call, "--familywise")
    assert (alone.code, together.code) == (4, 0)
    tables = [json.loads(done.out)["tables"][-1] for done in (alone, together)]
    assert [table["columns"][4]["title"] for table in tables] == [
        "seen [95 % interval]", "seen [98.75 % interval]"
    ]  # fmt: skip
    # Four at one-sided 2.5 %: 1 - 0.975^4; at 0.625 %: 1 - 0.99375^4.
    assert any("up to 9.63 % of studies; --familywise" in note for note in tables[0]["notes"])
    assert any("up to 2.48 % of studies" in note for note in tables[1]["notes"])


def test_a_gate_of_some_variants_judges_those(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    study = load_study(tiny)
    counts = {"average": GOOD[:2], "lae": BAD[:2]}
    a_store(tmp_path / "runs", counts, title=study.title, cells=study.cells)
    call = ("compare", "--suite", tiny, "--format", "json", "--fail-if", "accuracy < 50%")
    for only, judged in (("lae", ["lae"]), ("average", ["average"])):
        done = poolbench(*call, "--only", only)
        assert [variant for variant, _ in outcomes(done)] == judged
    assert poolbench("compare", "--suite", tiny, "--only", "average").code == 2


def test_a_bound_that_is_a_number_holds_for_the_baseline_too(
    poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "runs", {"average": BAD, "max": GOOD})
    limit = "accuracy < 85%"
    done = poolbench("compare", "--format", "json", "--fail-if", limit)
    assert (done.code, outcomes(done)) == (
        4,
        {("average", limit): "fails", ("max", limit): "passes"},
    )
    assert poolbench("compare", "max", "--fail-if", limit).code == 0


def test_parameters_are_counted_exactly(poolbench: Program, tmp_path: Path) -> None:
    a_store(tmp_path / "runs", {"average": GOOD[:1], "max": SAME[:1]})
    for limit, code in (("12345", 0), ("12344", 4), ("baseline", 0)):
        assert poolbench("compare", "--fail-if", f"parameters > {limit}").code == code
    assert poolbench("compare", "--fail-if", "parameters >= baseline").code == 4


def test_published_values_are_a_bound_in_either_metric(poolbench: Program, tmp_path: Path) -> None:
    published = {"digits": {"max": (91.0, 0.1)}}
    a_store(tmp_path / "runs", {"average": BAD, "max": GOOD}, published=published)
    for condition, code in (
        ("accuracy < published - 3pp", 0),
        ("accuracy < published + 3pp", 4),
        ("error > published + 3pp", 0),
        ("error > published - 3pp", 4),
    ):
        done = poolbench("compare", "--format", "json", "--fail-if", condition)
        assert done.code == code
        assert list(outcomes(done)) == [("max", condition)]


def test_a_suites_own_gates_are_asked_where_its_baseline_is_the_baseline(
    poolbench: Program, tmp_path: Path
) -> None:
    gates = (read_gate(GATE, only="m*"),)
    a_store(tmp_path / "runs", {"average": GOOD, "max": BAD, "lae": BAD}, gates=gates)
    done = poolbench("compare", "--format", "json")
    assert (done.code, outcomes(done)) == (4, {("max", GATE): "fails"})
    assert poolbench("compare", "max").code == 4
    # Other baselines are another question, and so are other gates.
    assert poolbench("compare", "average", "max").code == 0
    assert poolbench("compare", "--fail-if", "accuracy < 10%").code == 0
    assert poolbench("compare", "lae").code == 5


def test_a_diverged_run_passes_no_gate(poolbench: Program, tmp_path: Path) -> None:
    a_store(tmp_path / "runs", {"average": BAD, "max": [*GOOD[:4], None]})
    done = poolbench("compare", "max", "--fail-if", "accuracy < 50%", "--strict")
    assert done.code == 4
    assert "1 of 5 runs diverged" in done.err


def test_a_store_is_held_against_what_was_frozen_of_it(poolbench: Program, tmp_path: Path) -> None:
    a_store(tmp_path / "runs", {"average": GOOD, "max": SAME, "lp": [*BAD[:4], None]})
    frozen = tmp_path / "baseline.json"
    done = poolbench("store", "freeze", "-o", frozen)
    assert (done.code, done.out) == (0, f"{frozen}: the values of 15 of 15 runs\n")
    assert "secret" not in frozen.read_text()
    same = poolbench("compare", frozen, "--fail-if", "accuracy < baseline", "--strict")
    assert same.code == 0
    assert "the same runs with the same values as then: average, max, lp" in same.out
    a_store(tmp_path / "later", {"average": SAME, "max": BAD, "lae": GOOD})
    for arguments in ((frozen, "later"), ("later", frozen), ("runs", "later")):
        done = poolbench("compare", *arguments, "--format", "json", "--fail-if", GATE)
        assert done.code == 4
        assert outcomes(done) == {("average", GATE): "undecided", ("max", GATE): "fails"}
        table = json.loads(done.out)["tables"][0]
        row = table["rows"][1]
        assert row["variant"] == "max"
        assert (row["then_mean"], row["now_mean"]) == pytest.approx((0.911, 0.76))
        assert (row["verdict"], row["shift"]) == ("worse", pytest.approx(-0.15, abs=0.01))
        assert "not compared: lae on digits (now, but not then)" in table["notes"]
    assert poolbench("compare", "later", "runs", "--fail-if", GATE).code == 0


def test_another_identity_is_compared_by_its_label_and_told(
    poolbench: Program, tmp_path: Path
) -> None:
    study = a_store(tmp_path / "runs", {"average": GOOD})
    data = replace(study.cells[0].data, checksum="changed")
    cells = tuple(replace(cell, data=data) for cell in study.cells)
    a_store(tmp_path / "later", {"average": GOOD}, cells=cells)
    told = "trained under another identity"
    assert told in poolbench("compare", "runs", "later").out
    assert told not in poolbench("compare", "runs", "runs").out
    # Equal values of other runs are a sample like any other, not the same bits.
    assert poolbench("compare", "runs", "later", "--fail-if", GATE, "--strict").code == 4
    assert poolbench("compare", "runs", "runs", "--fail-if", GATE, "--strict").code == 0


def test_a_suite_that_is_not_trained_as_it_is_now_passes_no_gate(
    poolbench: Program, tiny: Path, tmp_path: Path
) -> None:
    before = load_study(tiny)
    counts = {"average": GOOD[:2], "lae": GOOD[:2]}
    a_store(tmp_path / "runs", counts, title=before.title, cells=before.cells)
    assert poolbench("store", "freeze").code == 0
    call = ("compare", "baseline.json", "--suite", tiny, "--fail-if", "accuracy < 1%")
    assert poolbench(*call).code == 0
    changed = poolbench(*call, "--set", "recipe.epochs=9")
    assert (changed.code, changed.out) == (5, "")
    assert "poolbench train" in changed.err
    assert "--set recipe.epochs=9" in changed.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot read"),
        (b"{}", "damaged baseline"),
        (b'{"sha256": "0", "kind": "poolbench baseline"}', "does not match its checksum"),
    ],
)
def test_a_baseline_that_cannot_be_trusted_is_exit_2(
    content: bytes | None, words: str, poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "runs", {"average": GOOD})
    if content is not None:
        (tmp_path / "b.json").write_bytes(content)
    done = poolbench("compare", "b.json")
    assert done.code == 2
    assert words in done.err


def test_what_shares_nothing_is_exit_5_and_a_broken_gate_exit_2(
    poolbench: Program, tmp_path: Path
) -> None:
    a_store(tmp_path / "runs", {"average": GOOD, "max": GOOD})
    a_store(tmp_path / "other", {"average": GOOD}, title="Another study")
    assert poolbench("compare", "runs", "other").code == 5
    assert poolbench("compare", "--fail-if", "accuracy < 95").code == 2
    assert poolbench("store", "freeze", "--store", "nowhere").code == 6
    assert poolbench("store", "freeze", "-o", "nowhere/b.json").code == 6


def test_github_gets_a_summary_and_an_annotation_a_gate(
    poolbench: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_store(tmp_path / "runs", {"average": GOOD, "max,\n::error::x": BAD, "lae": SAME})
    assert "title=" not in poolbench("compare", "--fail-if", GATE).err
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    done = poolbench("compare", "--fail-if", GATE)
    assert done.code == 4
    commands = [line for line in done.err.splitlines() if line.startswith("::")]
    assert len(commands) == 2
    assert commands[0].startswith(
        "::error title=gate fails%3A accuracy < baseline - 0.5pp::max, ::error::x on digits fails"
    )
    assert commands[1].startswith("::warning title=gate undecided%3A")
    text = summary.read_text()
    assert text.startswith("before\n### A study: digits, every variant against average")
    assert "| **fails** |" in text
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert poolbench("compare", "--fail-if", GATE).code == 6


def test_areas_of_probes_are_gated_on_where_they_were_measured_alike(
    poolbench: Program, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    study = a_store(runs, {"average": GOOD, "max": SAME, "lae": SAME})
    gate = "fgsm.area < baseline - 0.5pp"
    call = ("compare", "--format", "json", "--fail-if", gate)
    assert set(outcomes(poolbench(*call)).values()) == {"undecided"}
    assert poolbench(*call, "--strict").code == 4
    failing: list[int | None] = [GOOD[0], GOOD[1], GOOD[2], GOOD[3], None]
    probed(runs, study, {"average": [*GOOD], "max": [*BAD], "lae": failing}, eps=0.25)
    done = poolbench(*call)
    assert (done.code, outcomes(done)) == (4, {("max", gate): "fails", ("lae", gate): "undecided"})
    # Whoever answers NaN is not robust, however well the other seeds stand.
    assert poolbench("compare", "lae", "--fail-if", "fgsm.area < 1%", "--strict").code == 4
    level = poolbench("compare", "max", "--format", "json", "--fail-if", "fgsm.area < 80%")
    row = json.loads(level.out)["tables"][-1]["rows"][0]
    assert (level.code, row["value"]) == (4, pytest.approx(0.76))
    assert poolbench("store", "freeze").code == 0
    assert poolbench("compare", "baseline.json", "--fail-if", "fgsm.area < baseline").code == 0
    # The same probe with other epsilons is another quantity.
    study = a_store(tmp_path / "later", {"average": GOOD})
    probed(tmp_path / "later", study, {"average": [*BAD]}, eps=0.5)
    later = poolbench("compare", "baseline.json", "later", "--fail-if", gate)
    assert later.code == 0
    assert "measured with other settings than then" in later.out.replace("\n", " ")
    probed(runs, a_store(runs, {"average": GOOD}), {"average": [*BAD]}, eps=0.5)
    assert "average has no fgsm.area, or several" in poolbench("compare", "max", *call[1:]).out


def test_a_gate_on_an_area_decides_on_the_number_of_the_table(
    poolbench: Program, tmp_path: Path
) -> None:
    study = a_store(tmp_path / "runs", {"average": GOOD, "max": SAME})
    # Epsilon 1 stands for a setting that no network can be put to.
    probed(tmp_path / "runs", study, {"average": [*GOOD], "max": [*BAD]}, beyond=1.0)
    shown = poolbench("report", "--format", "json")
    areas = next(t for t in json.loads(shown.out)["tables"] if "area under" in t["title"])
    printed = {row["variant"]: (row["area_mean"], row["n"]) for row in areas["rows"]}
    assert printed == {"average": (pytest.approx(0.91), 5), "max": (pytest.approx(0.76), 5)}
    done = poolbench("compare", "--format", "json", "--fail-if", "fgsm.area < 80%")
    rows = json.loads(done.out)["tables"][-1]["rows"]
    assert {row["variant"]: (row["value"], row["n"]) for row in rows} == printed
    assert done.code == 4
    assert poolbench("store", "freeze").code == 0
    worse = a_store(tmp_path / "later", {"average": GOOD, "max": SAME})
    probed(tmp_path / "later", worse, {"average": [*BAD], "max": [*BAD]}, beyond=1.0)
    gate = "fgsm.area < baseline - 5pp"
    later = poolbench("compare", "baseline.json", "later", "--format", "json", "--fail-if", gate)
    assert outcomes(later) == {("average", gate): "fails", ("max", gate): "passes"}


@pytest.mark.parametrize("format", ["rich", "csv"])
def test_no_title_or_name_commands_github(
    format: str, poolbench: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So long that it is wrapped, and the command would begin a line of its own.
    title = f"::error::a {'word ' * 60}::set-env::b ##[add-path]c"
    a_store(tmp_path / "runs", {"::stop::average": GOOD, "max": GOOD}, title=title)

    def lines(*command: str) -> list[str]:
        done = poolbench(*command)
        return [line.lstrip() for line in (done.out + done.err).splitlines()]

    commands = (("report", "--format", format), ("report", "--baseline", "::warning::x"))
    assert any(line.startswith("::") for each in commands for line in lines(*each))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for command in commands:
        shown = lines(*command)
        assert not any(line.startswith("::") or "##[" in line for line in shown)
        assert any("::" in line for line in shown), "it is shown all the same"
