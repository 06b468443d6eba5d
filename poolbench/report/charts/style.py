"""The style of charts: colours, a look for each label, and text without markup."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import findfont, get_font

from poolbench.report.table import printable

FONT = "DejaVu Sans"
"""Included in matplotlib, so a picture is the same on every machine."""

FONT_SIZE_PT = 8.5
SMALL_PT = 7.0


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours as hex codes.

    Args:
        ground: Background of the picture, whatever page it is put on.
        ink: Text and axes.
        quiet: Grid, marks, captions.
        colours: One per label, safe for colour-blind readers; markers and dashes differ too.
        dark: Fill of highlighted samples.
        light: Fill of other samples.
    """

    ground: str
    ink: str
    quiet: str
    colours: tuple[str, ...]
    dark: str
    light: str


# Okabe and Ito's colours without yellow, which is hard to see on white; neighbours differ in grey.
LIGHT = Theme(
    ground="#ffffff",
    ink="#1a1a1a",
    quiet="#6e6e6e",
    colours=("#0072b2", "#e69f00", "#000000", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"),
    dark="#0b4a75",
    light="#7cc3ec",
)
DARK = Theme(
    ground="#16181d",
    ink="#e8e8e8",
    quiet="#9a9a9a",
    colours=("#56b4e9", "#e69f00", "#ffffff", "#f0803c", "#2bc79b", "#dd9cc0", "#8ab6d6"),
    dark="#f5b84b",
    light="#4f87a8",
)

# Coprime lengths: the combination repeats only after 7 x 5 x 9 labels.
_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.4)), (0, (6, 2, 1, 2)), (0, (3, 1)))
_MARKERS = ("o", "s", "^", "D", "v", "X", "P", "<", "*")


@dataclass(frozen=True, kw_only=True)
class Look:
    """How one label is drawn wherever it appears."""

    colour: str
    dashes: Any
    marker: str


def looks(labels: Iterable[str], theme: Theme) -> Mapping[str, Look]:
    """Return a look for each label, in order of first appearance."""
    return {
        label: Look(
            colour=theme.colours[index % len(theme.colours)],
            dashes=_DASHES[index % len(_DASHES)],
            marker=_MARKERS[index % len(_MARKERS)],
        )
        for index, label in enumerate(dict.fromkeys(labels))
    }


def settings(theme: Theme) -> Mapping[str, Any]:
    """Return matplotlib's settings, to use on top of its defaults, not of a user's file."""
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    grounds = ("figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor")
    return {
        **dict.fromkeys(inked, theme.ink),
        **dict.fromkeys(grounds, theme.ground),
        "font.family": [FONT],
        "font.size": FONT_SIZE_PT,
        "axes.titlesize": FONT_SIZE_PT,
        "figure.titlesize": FONT_SIZE_PT + 1,
        "figure.titleweight": "bold",
        "legend.fontsize": SMALL_PT + 0.5,
        "legend.frameon": False,
        "legend.handlelength": 2.6,
        "legend.labelspacing": 0.4,
        "xtick.labelsize": SMALL_PT + 0.5,
        "ytick.labelsize": SMALL_PT + 0.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": theme.quiet,
        "grid.alpha": 0.25,
        "grid.linewidth": 0.5,
        "lines.linewidth": 1.4,
        "lines.markersize": 4.0,
        "hatch.color": theme.quiet,
        # A name may contain dollars, which are not markup here.
        "text.parse_math": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "poolbench",
        "pdf.fonttype": 42,
    }


def shown(text: str, width: int | None = None) -> str:
    """Return text that a picture can show.

    Args:
        text: Any text; control characters, and letters the font lacks, become visible escapes.
        width: Characters per line; ``None`` for one line.
    """
    visible = "".join(
        char if ord(char) in _letters() else char.encode("unicode_escape").decode()
        for char in printable(text)
    )
    if width is None:
        return visible
    # A line may end with a dot between two parts of a title, but not begin with one.
    return textwrap.fill(visible.replace(" · ", "\u00a0· "), width)


@cache
def _letters() -> frozenset[int]:
    return frozenset(get_font(findfont(FONT, fallback_to_default=False)).get_charmap())


@contextmanager
def drawn_in(theme: Theme) -> Iterator[None]:
    """Use these settings for matplotlib in a context, and restore its own afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(settings(theme))  # type: ignore[arg-type]
        yield
