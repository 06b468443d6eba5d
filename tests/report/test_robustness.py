from __future__ import annotations

import math
from dataclasses import replace

import pytest

from poolbench.report import FORMATS
from poolbench.report.chart import Curves
from poolbench.report.robustness.tables import robustness_charts, robustness_tables
from poolbench.report.robustness.worst_case import worst_case
from poolbench.report.table import Table, TableCell
from poolbench.stats.area import area_under_curve
from tests.report.measured import (
    EPSILONS,
    SIZES,
    TOTAL,
    a_measurement,
    diverged,
    measured,
)


def row(cells: tuple[TableCell, ...]) -> list[str]:
    return [cell.marked_text for cell in cells]


def notes(table: Table) -> str:
    return "\n".join(table.notes)


def fgsm(*rows: list[int | None], **facts: float) -> list[list[object]]:
    return [[a_measurement("fgsm", counts, **facts)] for counts in rows]


WEAK = [[150 + s, 100, 20 + s] for s in range(6)]
STRONG = [[150 + s, 130 + s, 90 + 2 * s] for s in range(6)]


def test_the_area_of_each_seed_is_compared_and_the_best_is_bold() -> None:
    study, runs, found = measured({"average": fgsm(*WEAK), "max": fgsm(*STRONG)})
    areas, settings = robustness_tables(study, runs, found)
    assert areas.title == "A study · digits · fgsm · area under the curve"
    expected = [area_under_curve(EPSILONS, [c / TOTAL for c in counts]) for counts in WEAK]
    record = areas.records[0]
    assert record["area_mean"] == pytest.approx(sum(e for e in expected if e) / 6)
    assert [cells[2].is_bold for cells in areas.rows] == [False, True]
    assert row(areas.rows[1])[6] == "▲ better"
    assert row(areas.rows[0])[3] == "baseline"
    assert record["least_mean"] == pytest.approx(22.5 / TOTAL)
    assert row(settings.rows[0])[0] == "0"
    assert [row(cells)[0] for cells in settings.rows] == ["0", "1/255", "4/255"]


def test_single_settings_are_corrected_over_all_of_them() -> None:
    study, runs, found = measured(
        {"average": fgsm(*WEAK), "max": fgsm(*STRONG), "lae": fgsm(*WEAK[::-1])}
    )
    _, settings = robustness_tables(study, runs, found)
    clean, _, strong = settings.records
    # Six against six without a tie, smallest p 2/924, six comparisons in the family.
    assert strong["max: p_adjusted"] == pytest.approx(6 * 2 / 924)
    assert clean["max: p_adjusted"] == 1
    assert clean["average: p_adjusted"] is None
    assert [cells[2].mark for cells in settings.rows] == ["", "▲", "▲"]


def test_what_is_missing_leaves_no_area_and_what_diverged_ranks_worst() -> None:
    rows = fgsm(*WEAK)
    rows[1] = []
    rows[2] = [a_measurement("fgsm", (), status="failed")]
    study, runs, found = measured({"average": rows, "max": fgsm(*STRONG)})
    first = study.cells[0].id
    runs[first] = diverged(runs[first])
    areas, settings = robustness_tables(study, runs, found)
    record = areas.records[0]
    assert (record["n"], record["n_diverged"], record["n_missing"]) == (3, 2, 1)
    kept = [area_under_curve(EPSILONS, [c / TOTAL for c in counts]) for counts in WEAK[3:]]
    assert record["area_mean"] == pytest.approx(sum(e for e in kept if e) / 3)
    assert row(areas.rows[0])[1] == "3/6†‡"
    assert "average, seed 2: the probe failed" in notes(areas)
    assert "the network answered NaN" in notes(areas)
    assert row(settings.rows[0])[1].endswith("(3/6)")


def test_a_table_without_a_number_says_of_each_variant_why() -> None:
    failed = a_measurement("fgsm", (), status="failed")
    names = ("fails", "diverges", "is not trained", "is not measured")
    study, runs, found = measured({name: [[], []] for name in names})
    study = replace(study, probes=(failed.probe,))
    for cell in study.cells:
        if cell.variant == "fails":
            found[cell.id] = [failed]
        elif cell.variant == "diverges":
            runs[cell.id] = diverged(runs[cell.id])
        elif cell.variant == "is not trained":
            del runs[cell.id]
    (table,) = robustness_tables(study, runs, found)
    reasons = ["failed: the network answered NaN", "diverged", "not trained", "not measured"]
    assert [row(cells) for cells in table.rows] == [
        list(each) for each in zip(names, reasons, strict=True)
    ]


def test_a_setting_that_one_variant_cannot_take_leaves_it_without_an_area() -> None:
    small = [[a_measurement("zoom", (None, 180, 170), training_size_px=32)] for _ in range(4)]
    other = [[a_measurement("zoom", (160, 180, 170 - s))] for s in range(4)]
    study, runs, found = measured({"average": small, "max": other})
    areas, settings = robustness_tables(study, runs, found)
    assert areas.records[0]["n"] == 0
    expected = [
        area_under_curve(SIZES, (0.8, 0.9, (170 - s) / 200), is_log2=True) for s in range(4)
    ]
    assert areas.records[1]["area_mean"] == pytest.approx(sum(e for e in expected if e) / 4)
    assert row(settings.rows[0])[:2] == ["16 px", "n/a"]
    assert "average: n/a at 16 px: too small" in notes(settings)


def test_a_setting_that_no_network_can_take_is_no_gap_of_the_curve() -> None:
    crops = [[a_measurement("zoom", (150, 180, None), training_size_px=32)] for _ in range(4)]
    study, runs, found = measured({"average": crops, "max": crops})
    areas, settings = robustness_tables(study, runs, found)
    assert areas.records[0]["area_mean"] == pytest.approx(0.825)
    assert "from 16 px to 32 px" in notes(areas)
    assert row(settings.rows[2]) == ["64 px", "n/a", "n/a"]
    assert row(settings.rows[1])[0] == "→ 32 px"


def test_a_weak_attack_is_called_weak() -> None:
    rising = [[150, 40, 90], [151, 41, 91]]
    study, runs, found = measured(
        {"average": fgsm(*rising, zero_gradient_images=0.4), "max": fgsm(*STRONG[:2])}
    )
    areas, _ = robustness_tables(study, runs, found)
    assert "average: accuracy rises from 20.25 % at 1/255 to 45.25 % at 4/255" in notes(areas)
    assert "max: accuracy rises" not in notes(areas)
    assert areas.records[0]["zero_gradient_images"] == pytest.approx(0.4)
    assert math.isnan(areas.records[1]["zero_gradient_images"])  # type: ignore[arg-type]


@pytest.mark.parametrize(("risen_to", "is_told"), [(88, False), (126, False), (132, True)])
def test_a_rise_within_the_noise_of_the_images_is_none(risen_to: int, is_told: bool) -> None:
    # From 100 of 200 images on, three standard errors of the difference are 29 to 30 images; of
    # one of the two shares they would be 21.
    study, runs, found = measured({"average": fgsm([150, 100, risen_to], [150, 100, risen_to])})
    areas, _ = robustness_tables(study, runs, found)
    assert ("rises" in notes(areas)) == is_told


def test_the_worst_case_counts_images_that_withstood_every_attack() -> None:
    # The images 0..99 withstand the first attack and 50..149 the second.
    attacks = [a_measurement("fgsm", (200, 100, 0)), a_measurement("pgd", (150, 100, 10), first=50)]
    worst = worst_case(attacks)
    assert worst is not None
    assert [point.correct for point in worst.points] == [150, 50, 0]
    assert worst.probe.name == "worst of fgsm, pgd"
    assert worst_case(attacks[:1]) is None
    assert worst_case([attacks[0], a_measurement("fgm-l2", (200, 100, 0))]) is None
    study, runs, found = measured({"average": [attacks], "max": [attacks]})
    titles = [table.title for table in robustness_tables(study, runs, found)]
    assert titles[4:] == [
        "A study · digits · worst of fgsm, pgd · area under the curve",
        "A study · digits · worst of fgsm, pgd",
    ]


def test_a_probe_that_fits_no_network_says_why() -> None:
    rows = [[a_measurement("zoom", (), status="not applicable")]]
    study, runs, found = measured({"average": rows, "max": [[]]})
    (table,) = robustness_tables(study, runs, found)
    assert row(table.rows[0]) == ["average", "not applicable: the network answered NaN"]
    assert row(table.rows[1]) == ["max", "not measured"]
    assert robustness_charts(study, runs, found) == []


def test_a_probe_of_the_suite_that_was_not_run_is_shown_as_such() -> None:
    study, runs, _ = measured({"average": [[]]})
    asked = replace(study, probes=(a_measurement("fgsm", (1, 2, 3)).probe,))
    (table,) = robustness_tables(asked, runs, {})
    assert row(table.rows[0]) == ["average", "not measured"]
    assert robustness_tables(study, runs, {}) == []


def test_probes_that_differ_in_an_option_are_not_mixed() -> None:
    one = a_measurement("pgd", (100, 50, 20))
    two = replace(one, probe=replace(one.probe, options={**one.probe.options, "steps": 7}))
    study, runs, found = measured({"average": [[one, two]], "max": [[one]]})
    tables = robustness_tables(study, runs, found)
    titles = [table.title.split(" · ")[2] for table in tables]
    assert titles[::2] == ["pgd", "pgd (steps 7)", "worst of pgd, pgd"]
    assert [chart.name for chart in robustness_charts(study, runs, found)] == [
        "digits-pgd",
        "digits-pgd-2",
        "digits-worst-of-pgd-pgd",
    ]


def test_charts_show_mean_and_standard_error_of_the_seeds_that_are_there() -> None:
    rows = fgsm([150, 100, 20], [170, 100, 30])
    study, runs, found = measured({"average": [*rows, []], "max": [[], [], []]})
    (chart,) = robustness_charts(study, runs, found)
    assert isinstance(chart, Curves)
    (curve,) = chart.curves
    assert curve.y == pytest.approx((0.8, 0.5, 0.125))
    # Two values that differ by d have the standard error d / 2.
    assert curve.high == pytest.approx((0.85, 0.5, 0.15))
    assert curve.low == pytest.approx((0.75, 0.5, 0.1))
    assert chart.x.scale == "symlog"
    assert [words for _, words in chart.x.ticks] == ["0", "1/255", "4/255"]
    assert "standard error of the mean; n = 2 seeds a variant; 200 test images" in chart.caption


def test_the_training_size_is_marked() -> None:
    rows = [[a_measurement("zoom", (150, 180, 170), training_size_px=32)] for _ in range(2)]
    study, runs, found = measured({"average": rows})
    (chart,) = robustness_charts(study, runs, found)
    assert isinstance(chart, Curves)
    assert chart.x.marks == ((32, "training size"),)
    assert chart.x.scale == "log2"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_the_tables(name: str) -> None:
    study, runs, found = measured({"average": fgsm(*WEAK), "max": fgsm(*STRONG)})
    text = FORMATS.resolve(name)(robustness_tables(study, runs, found))
    assert ("0.01568" if name in ("csv", "json") else "4/255") in text


def test_rule_level_margin_and_orientation_are_those_of_the_study() -> None:
    rows = {"average": fgsm(*WEAK), "max": fgsm(*STRONG)}
    study, runs, found = measured(rows, rule="paper", alpha=0.001, margin=40.0)
    areas, settings = robustness_tables(study, runs, found)
    asked = {"rule": "paper", "alpha": 0.001, "lower_is_better": False, "baseline": "average"}
    assert {key: areas.detail[key] for key in asked} == asked
    assert areas.detail["margin"] == pytest.approx(0.4)
    assert areas.detail["dataset"] == "digits"
    assert areas.detail["probe"] == {"name": "fgsm", "options": {"epsilons": EPSILONS}}
    # 2 / C(12, 6) is 0.0022: nothing is below 0.001, and everything within 40 points.
    assert areas.records[1]["verdict"] == "equivalent"
    assert [cells[2].mark for cells in settings.rows] == ["", "", ""]
    assert areas.columns[3].title == "vs average, points [99.9 % interval]"


def test_without_a_baseline_nothing_is_contrasted() -> None:
    study, runs, found = measured({"average": fgsm(*WEAK), "max": fgsm(*STRONG)})
    areas, settings = robustness_tables(replace(study, baseline=""), runs, found)
    assert areas.detail["baseline"] is None
    assert "verdict" not in areas.fields
    assert {record["max: p_adjusted"] for record in settings.records} == {None}
    assert [cells[2].is_bold for cells in areas.rows] == [False, True]


def test_the_first_column_is_the_setting_and_a_cell_says_how_many_seeds_only_if_some_lack() -> None:
    sizes = [[a_measurement("zoom", (150, 180, 170 + s), training_size_px=32)] for s in range(2)]
    for rows, title, field, over in (
        (fgsm(*WEAK[:2]), "epsilon", "epsilon", "over epsilon from 0 to 4/255"),
        (sizes, "size", "size_px", "over log2 of the side from 16 px to 64 px"),
    ):
        study, runs, found = measured({"average": rows, "max": [*rows[:1], []]})
        areas, settings = robustness_tables(study, runs, found)
        assert (settings.columns[0].title, settings.columns[0].fields) == (title, (field,))
        assert over in areas.notes[0]
        assert row(settings.rows[1])[1].count("/") == 0
        assert row(settings.rows[1])[2].endswith("(1/2)")
        assert ("zero_gradient_images" in areas.fields) is False


def test_single_settings_of_few_seeds_are_said_to_show_nothing_and_of_many_not() -> None:
    rows = {"average": fgsm(*WEAK), "max": fgsm(*STRONG), "lae": fgsm(*WEAK)}
    study, runs, found = measured(rows)
    study = replace(study, cells=study.cells[:-1])  # one seed of lae was never asked for
    _, settings = robustness_tables(study, runs, found)
    assert "n = 5 to 6 seeds" in settings.notes[0]
    assert not any("so few seeds" in note for note in settings.notes)
    (tested,) = (note for note in settings.notes if "Holm" in note)
    assert "worse than average at that setting: Mann-Whitney U, Holm over 6 comp" in tested
    few, runs, found = measured({name: row[:2] for name, row in rows.items()})
    _, settings = robustness_tables(few, runs, found)
    assert settings.notes[-1].endswith("could not have shown a difference")
    one, runs, found = measured({name: row[:1] for name, row in rows.items()})
    _, settings = robustness_tables(one, runs, found)
    assert not any("Holm" in note or "no test" in note for note in settings.notes)


@pytest.mark.parametrize(("share", "is_told"), [(0.1, False), (0.11, True)])
def test_more_than_a_tenth_without_a_gradient_is_many(share: float, is_told: bool) -> None:
    study, runs, found = measured({"average": fgsm(WEAK[0], zero_gradient_images=share)})
    areas, _ = robustness_tables(study, runs, found)
    told = [note for note in areas.notes if "no gradient at all" in note]
    assert [note.split(" %")[0] for note in told] == ([f"average: {100 * share:.2f}"] * is_told)
    assert areas.records[0]["zero_gradient_images"] == pytest.approx(share)


def test_seeds_of_one_reason_are_told_together() -> None:
    rows = fgsm(*WEAK)
    failed = [a_measurement("fgsm", (), status="failed")]
    other = [replace(failed[0], status="not applicable", reason="its input is flat")]
    for seeds, words in (((2,), "seed 2"), ((1, 2), "seeds 1, 2"), (range(6), None)):
        mixed = [failed if seed in seeds else row for seed, row in enumerate(rows)]
        study, runs, found = measured({"average": mixed, "max": [*rows[:-1], other]})
        areas, _ = robustness_tables(study, runs, found)
        who = "average" if words is None else f"average, {words}"
        reasons = [note for note in areas.notes if note.endswith(("NaN", "flat"))]
        assert reasons == [
            f"{who}: the probe failed and counts like a diverged run: the network answered NaN",
            "max, seed 5: not applicable: its input is flat",
        ]


def test_attacks_that_ended_are_joined_at_the_epsilons_whose_images_are_known() -> None:
    one = a_measurement("fgsm", (200, 100, 0))
    two = a_measurement("pgd", (150, 100, 10), first=50)
    unknown = replace(two.points[1], right="")
    two = replace(two, points=(two.points[0], unknown, two.points[2]))
    failed = a_measurement("pgd", (), status="failed")
    worst = worst_case([one, two, failed])
    assert worst is not None
    assert [(point.at, point.correct, point.total) for point in worst.points] == [
        (EPSILONS[0], 150, TOTAL), (EPSILONS[2], 0, TOTAL),
    ]  # fmt: skip
    assert worst.probe.options == {"epsilons": (EPSILONS[0], EPSILONS[2])}
    assert worst_case([one, failed]) is None


def test_a_chart_needs_two_settings_and_counts_the_seeds_of_its_fullest_setting() -> None:
    crops = [[a_measurement("zoom", (150, 180, None))], [a_measurement("zoom", (150, None, None))]]
    study, runs, found = measured({"average": crops})
    (chart,) = robustness_charts(study, runs, found)
    assert isinstance(chart, Curves)
    assert chart.caption.split("; ")[2] == "n = 2 seeds a variant"
    assert (chart.y.is_share, chart.x.marks) == (True, ())
    single = replace(crops[0][0], points=crops[0][0].points[:1])
    study, runs, found = measured({"average": [[single]]})
    assert robustness_charts(study, runs, found) == []
