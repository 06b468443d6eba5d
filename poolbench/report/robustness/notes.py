"""The notes below the tables of probes: what the numbers are, and where they mislead."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from poolbench.core.measurement import Measurement
from poolbench.core.study import Study
from poolbench.report.number_format import per_cent
from poolbench.report.robustness.sweeps import Sweep
from poolbench.report.studies.differences import about_differences
from poolbench.report.studies.notes import about_comparison
from poolbench.stats import Comparison, Pair, estimate
from poolbench.stats.binomial import binomial_error

# With a larger fraction of images without a gradient, a gradient attack says little.
MANY_ZEROS = 0.1
# Standard errors of the difference of two fractions: a larger rise is not due to chance.
BEYOND_NOISE = 3.0


def notes_of_areas(
    study: Study, sweep: Sweep, comparison: Comparison, zeros: Mapping[str, float | None]
) -> Iterator[str]:
    """Yield the notes of the table of areas.

    Args:
        study: The study.
        sweep: Its measurements.
        comparison: Comparison of the areas.
        zeros: Fraction of images without a gradient, by variant; ``None`` if not measured.
    """
    settings = sweep.area_settings or sweep.possible_settings or sweep.settings
    over = "log2 of the side" if sweep.is_over_sizes else sweep.axis
    first, last = (sweep.setting_text(at) for at in (settings[0], settings[-1]))
    yield (
        f"area: accuracy averaged over {over} from {first} to {last} (trapezoid), of each seed; "
        f"least: the lowest accuracy among these settings; mean ± standard deviation (ddof 1)"
    )
    yield from _about_the_end(sweep)
    shown = study.cells_on(sweep.dataset)
    yield from about_comparison(comparison, shown)
    yield from _about_zeros(zeros)
    if sweep.is_over_epsilons:
        yield from _about_rises(sweep, shown)
    yield from _about_reasons(sweep, shown)
    yield from about_differences(study, sweep.dataset)


def notes_of_settings(study: Study, sweep: Sweep, pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield the notes of the table of settings.

    Args:
        study: The study.
        sweep: Its measurements.
        pairs: Every variant against the baseline at every setting; empty without a baseline.
    """
    asked = {len(row) for row in sweep.outcomes.values()}
    n = " to ".join(str(count) for count in sorted(asked))
    yield (
        f"accuracy: mean ± standard deviation (ddof 1), n = {n} seed{'' if n == '1' else 's'} "
        "unless a cell says otherwise"
    )
    yield (
        f"the choice of the {sweep.total:,} test images alone has a binomial standard error of up "
        f"to {per_cent(binomial_error(0.5, sweep.total))} points"
    )
    tested = [pair for pair in pairs if pair.p is not None]
    if tested:
        yield (
            f"▲ better, ▼ worse than {study.baseline} at that setting: {tested[0].test}, Holm over "
            f"{len(pairs)} comparisons, alpha = {study.analysis.alpha:g}; draw "
            f"conclusions from the area under the curve"
        )
    if sweep.settings_beyond:
        first = sweep.setting_text(sweep.settings_beyond[0])
        yield f"from {first} on: in neither area nor least, see the table of areas"
    if tested and all(pair.verdict == "too few seeds" for pair in tested):
        yield "at single settings so few seeds could not have shown a difference"
    if sweep.training_size in sweep.settings:
        yield "→ training size"
    shown = study.cells_on(sweep.dataset)
    if any(sweep.is_not_applicable(v, at) for v in shown for at in sweep.settings):
        yield from _about_reasons(sweep, shown)


def _about_the_end(sweep: Sweep) -> Iterator[str]:
    """Say where the area of an attack ends at the latest, and what lies beyond."""
    if math.isinf(sweep.last_epsilon):
        return
    beyond = len(sweep.settings_beyond)
    shown = f"; the {beyond} larger one{'s are' if beyond > 1 else ' is'} only shown, as points"
    lacks = "; no area: fewer than two epsilons are that small" * (len(sweep.area_settings) < 2)
    norm = "L-inf" if sweep.norm == "inf" else f"L{sweep.norm}"
    yield (
        f"area and least end at epsilon {sweep.last_epsilon:.3g} ({norm}) at the latest, where an "
        f"attack could make every image the same grey one{shown * (beyond > 0)}{lacks}"
    )


def _about_zeros(zeros: Mapping[str, float | None]) -> Iterator[str]:
    for variant, share in zeros.items():
        if share is not None and share > MANY_ZEROS:
            yield (
                f"{variant}: {per_cent(share)} % of the images have no gradient at all, so no step "
                f"moves them: the attack is weak here and its accuracy an upper bound"
            )


def _about_rises(sweep: Sweep, shown: Iterable[str]) -> Iterator[str]:
    for variant in shown:
        means = [(at, estimate(sweep.accuracies(variant, at)).mean) for at in sweep.settings]
        for (low, before), (high, after) in itertools.pairwise(means):
            error = math.hypot(*(binomial_error(mean, sweep.total) for mean in (before, after)))
            if after - before > BEYOND_NOISE * error:
                yield (
                    f"{variant}: accuracy rises from {per_cent(before)} % at "
                    f"{sweep.setting_text(low)} to {per_cent(after)} % at "
                    f"{sweep.setting_text(high)}, more than chance explains: the "
                    f"attack fails there, and its accuracies are upper bounds"
                )


def _about_reasons(sweep: Sweep, shown: Iterable[str]) -> Iterator[str]:
    """Say what was not measured and why, with all seeds of one reason together."""
    reasons: dict[tuple[str, str], list[int]] = {}
    for variant in shown:
        for outcome in sweep.outcomes[variant]:
            for reason in _reasons(sweep, outcome.measurement):
                reasons.setdefault((variant, reason), []).append(outcome.seed)
    for (variant, reason), seeds in reasons.items():
        which = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
        who = variant if len(seeds) == len(sweep.outcomes[variant]) else f"{variant}, {which}"
        yield f"{who}: {reason}"


def _reasons(sweep: Sweep, measurement: Measurement | None) -> Iterator[str]:
    if measurement is None:
        return
    if measurement.status == "failed":
        yield f"the probe failed and counts like a diverged run: {measurement.reason}"
    elif measurement.status == "not applicable":
        yield f"not applicable: {measurement.reason}"
    by_reason: dict[str, list[str]] = {}
    for point in measurement.points:
        if point.correct is None:
            by_reason.setdefault(point.reason, []).append(sweep.setting_text(point.at))
    for reason, settings in by_reason.items():
        yield f"n/a at {', '.join(settings)}: {reason}"
