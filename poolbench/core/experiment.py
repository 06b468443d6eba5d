"""An experiment: a suite that trains no network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

S = TypeVar("S")

KINDS = {
    "contraction": "contraction",
    "gradients": "gradients --suite",
    "theory": "theory run",
}
"""Sections of a suite that replace training, and the commands that run them."""


@dataclass(frozen=True, kw_only=True)
class Experiment(Generic[S]):
    """A checked suite that trains nothing.

    Args:
        kind: The section that holds its settings, and the command that runs it.
        title: For people.
        origin: The file it was read from, as the user wrote it; empty for a command line.
        settings: The kind's section, with every default filled in.
        source: Where the published numbers come from: paper, table, figure.
        deviations: What is ours or differs from the source, a sentence each.
        profile: Name of the profile applied; empty for none.
    """

    kind: str
    title: str
    origin: str
    settings: S
    source: Mapping[str, Any] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    profile: str = ""


def kind_of(keys: Iterable[str]) -> str:
    """Return the kind of experiment that a suite with these keys describes; empty for training."""
    return next((key for key in keys if key in KINDS), "")
