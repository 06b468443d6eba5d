"""A ruling as a row, and in words."""

from __future__ import annotations

import math

import pytest

from poolbench.core.gate import read_gate
from poolbench.report.formats.github import workflow_commands
from poolbench.report.studies.gates import Ruling, gate_table
from poolbench.stats import Judgement


def ruled(
    text: str,
    value: float,
    interval: tuple[float, float] | None,
    *,
    outcome: str = "fails",
    reference: str = "",
    reason: str = "",
    alpha: float = 0.05,
) -> Ruling:
    judgement = Judgement(
        outcome=outcome,  # type: ignore[arg-type]
        value=value,
        interval=interval,
        n=4,
        reason=reason,
    )
    return Ruling(
        gate=read_gate(text), dataset="digits", variant="max", reference=reference, alpha=alpha,
        judgement=judgement,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ruling", "seen"),
    [
        (ruled("accuracy < 90%", 0.75, (0.7, 0.8)), "75.00 [70.00, 80.00] %"),
        (ruled("accuracy < 90%", 0.75, None), "75.00 %"),
        (ruled("error > 90%", 0.75, (0.7, math.inf)), "75.00 [70.00, +∞] %"),
        (ruled("accuracy < 90%", 0.75, (-math.inf, 0.8)), "75.00 [−∞, 80.00] %"),
        (ruled("accuracy < 90%", 0.0, (0.0, 0.0)), "0.00 [0.00, 0.00] %"),
        (ruled("accuracy < 90%", math.nan, None), "–"),
        (
            ruled("accuracy < baseline", -0.005, (-0.009, -0.001), reference="average"),
            "−0.50 [−0.90, −0.10] points vs average",
        ),
        (ruled("parameters > 10", 12_345.0, (12_345.0, 12_345.0)), "12,345"),
        (ruled("parameters > baseline", 12.0, (12.0, 12.0), reference="average"), "+12 vs average"),
        (ruled("parameters > baseline", 1.0, (1.0, 1.0), reference="average"), "+1 vs average"),
        (ruled("parameters > baseline", 0.0, (0.0, 0.0), reference="average"), "0 vs average"),
        (ruled("parameters > baseline", -7.0, (-7.0, -7.0), reference="average"), "−7 vs average"),
    ],
)
def test_what_was_seen_is_written_in_the_unit_of_its_metric(ruling: Ruling, seen: str) -> None:
    assert ruling.seen == seen


@pytest.mark.parametrize(
    ("outcome", "reason", "words"),
    [
        ("fails", "", "fails"),
        ("passes", "", "passes"),
        ("undecided", "more seeds narrow it", "is undecided on"),
    ],
)
def test_a_ruling_is_one_line(outcome: str, reason: str, words: str) -> None:
    ruling = ruled("accuracy < 90%", 0.75, None, outcome=outcome, reason=reason)
    expected = f"max on digits {words} 'accuracy < 90%': 75.00 %, n = 4"
    assert ruling.sentence == expected + (f" ({reason})" if reason else "")


def test_github_gets_a_command_a_ruling_with_its_level_and_no_sign_of_its_own_in_the_words() -> (
    None
):
    rulings = [
        ruled("accuracy < 90%", 0.75, None, outcome=outcome)
        for outcome in ("fails", "undecided", "passes")
    ]
    commands = list(workflow_commands(rulings))
    assert [command.split()[0] for command in commands] == ["::error", "::warning", "::notice"]
    # A percent sign starts an escape there, and a colon or a comma ends a property.
    assert commands[0] == (
        "::error title=gate fails%3A accuracy < 90%25::"
        "max on digits fails 'accuracy < 90%25': 75.00 %25, n = 4"
    )


def test_what_few_runs_cannot_exclude_is_told_of_the_fewest_that_lost_none() -> None:
    rulings = [ruled("accuracy < 90%", 0.95, (0.94, 0.96), outcome="passes") for _ in range(3)]
    for ruling, n in zip(rulings, (3, 5, 10), strict=True):
        object.__setattr__(ruling.judgement, "n", n)
    # 1 - 0.05^(1 / 3) is 0.632.
    assert any("3 runs of which none was lost" in note for note in gate_table(rulings).notes)
    assert any("up to 63.16 %" in note for note in gate_table(rulings).notes)
    lost = ruled("accuracy < 90%", 0.95, (0.9, 0.96), reason="1 of 4 runs diverged")
    assert not any("none was lost" in note for note in gate_table([lost]).notes)


def test_a_row_holds_the_numbers_and_a_failure_stands_out() -> None:
    table = gate_table(
        [
            ruled("accuracy < 90%", 0.75, (0.7, 0.8)),
            ruled(
                "accuracy < baseline", -0.1, None, outcome="undecided", reference="average",
                reason="few", alpha=0.01,
            ),
        ]
    )  # fmt: skip
    fails, undecided = table.records
    assert dict(fails) == {
        "fail_if": "accuracy < 90%", "dataset": "digits", "variant": "max", "n": 4,
        "value": 0.75, "low": 0.7, "high": 0.8, "reference": "", "outcome": "fails", "reason": "",
        "caveat": "",
    }  # fmt: skip
    kept = ("value", "low", "high", "reference", "outcome", "reason")
    assert [undecided[key] for key in kept] == [-0.1, None, None, "average", "undecided", "few"]
    assert [cells[5].is_bold for cells in table.rows] == [True, False]
    assert table.columns[4].title == "seen [99, 95 % interval]"
