"""What a suite can say of every search, whichever it is."""

from __future__ import annotations

from poolbench.core.search import DEFAULT_HOLDOUT
from poolbench.report.listings.text_table import text_table
from poolbench.report.table import Table


def shared_options_table() -> Table:
    """Return a table of the options that every search takes besides its own."""
    rows = [
        (
            "start",
            "mapping to numbers",
            "the variant's recipe",
            "where the search starts instead: {lr: 0.1}",
        ),
        ("epochs", "whole number >= 1", "the recipe's", "epochs of each trial"),
        (
            "holdout",
            "number > 0 and < 1",
            f"{DEFAULT_HOLDOUT:g}",
            "share of the training images that each fold holds out and is scored on",
        ),
    ]
    return text_table("options of every search", ("option", "values", "default", "meaning"), rows)
