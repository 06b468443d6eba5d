"""Numbers as text: per cent, percentage points, probabilities, counts.

The minus is typographic; a missing value is a dash.
"""

from __future__ import annotations

import math

from rich import filesize

NOTHING = "–"
DECIMALS = 2


def per_cent(mean: float, std: float = math.nan) -> str:
    """Return fractions as per cent: ``0.9502, 0.0015 -> "95.02 ± 0.15"``.

    Args:
        mean: Mean as a fraction; NaN for none.
        std: Standard deviation as a fraction; NaN leaves it out.
    """
    if not math.isfinite(mean):
        return NOTHING
    shown = f"{100 * mean:.{DECIMALS}f}"
    return shown if math.isnan(std) else f"{shown} ± {100 * std:.{DECIMALS}f}"


def points(fraction: float, interval: tuple[float, float] | None = None) -> str:
    """Return a difference in percentage points: ``"+0.62 [+0.41, +0.83]"``.

    Args:
        fraction: Difference of two fractions; NaN for none.
        interval: Its interval; ``None`` leaves it out, and infinite ends are shown as such.
    """
    if math.isnan(fraction):
        return NOTHING
    if interval is None:
        return _signed(fraction)
    return f"{_signed(fraction)} [{_signed(interval[0])}, {_signed(interval[1])}]"


def level_of(alpha: float) -> str:
    """Return the confidence of intervals at a significance level: ``0.05 -> "95"``."""
    return f"{100 * (1 - alpha):g}"


def probability(p: float | None) -> str:
    """Return p to three digits near usual thresholds, else to two, or its order of magnitude."""
    if p is None or math.isnan(p):
        return NOTHING
    if p >= 0.1:
        return f"{p:.2f}"
    if p >= 0.001:
        return f"{p:.3g}" if p >= 0.01 else f"{p:.2g}"
    if p == 0:  # less than a float can hold: thousands of seeds
        return "< 1e−300"
    return f"{p:.0e}".replace("e-0", "e-").replace("-", "−")


def ratio(value: float) -> str:
    """Return a number in [-1, 1] with its sign: ``"−0.88"``."""
    return NOTHING if math.isnan(value) else fixed(value, 2, sign="+")


def fixed(value: float, places: int, *, sign: str = "") -> str:
    """Return a number to some places: ``-0.125, 2 -> "−0.12"``; what rounds to zero has no sign.

    Args:
        value: A number, not NaN.
        places: Digits after the point.
        sign: ``+`` shows the sign of positive numbers too.
    """
    shown = f"{value:{sign}.{places}f}"
    return shown.lstrip("+-") if float(shown) == 0 else shown.replace("-", "−")


def count(value: float) -> str:
    """Return a large number with separators and no decimals: ``"6,173,472"``."""
    return f"{value:,.0f}" if math.isfinite(value) else NOTHING


def duration(seconds: float | None) -> str:
    """Return a time in the unit that suits it: ``"1.7 h"``; ``None`` is unknown."""
    if seconds is None:
        return "unknown"
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def byte_size(count: float | None) -> str:
    """Return a number of bytes in the unit that suits it: ``"3.2 MB"``; ``None`` is unknown."""
    return "unknown" if count is None else filesize.decimal(round(count))


def _signed(fraction: float) -> str:
    if math.isinf(fraction):
        return "+∞" if fraction > 0 else "−∞"
    return fixed(100 * fraction, DECIMALS, sign="+")
