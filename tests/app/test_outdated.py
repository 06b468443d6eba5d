"""Runs of an older version are told apart by what changed, not by what was added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from poolbench.app.outdated import outdated
from poolbench.app.study import load_study
from poolbench.core.cell import Cell, DataSpec
from poolbench.core.named import Named


def of_pictures(cell: Cell, source: Named) -> Cell:
    return replace(cell, data=DataSpec(source=source, checksum="c"))


def test_a_run_from_before_an_option_was_added_is_recognised(tiny: Path) -> None:
    cell = load_study(tiny).cells[0]
    options = {"path": "mine", "size_px": 8}
    old = of_pictures(cell, Named(name="folder", options=options))
    store: Any = SimpleNamespace(
        finished=lambda: [old.id], read=lambda _: SimpleNamespace(cell=old)
    )

    def why(**added: object) -> list[str]:
        source = Named(name="folder", options={**options, **added}, revision=2)
        return outdated(store, [of_pictures(cell, source)])

    assert why(split=None) == ["data set 'folder' (revision 1, now 2)"]
    assert why(split=0.2) == []
