"""Stored runs to put to probes, trained once for all tests of a file."""

from __future__ import annotations

from pathlib import Path

from poolbench.app.study import load_study
from poolbench.app.train import Settings, train

SUITE = """\
schema: 1
title: Tiny
data: {name: digits, limit: 150}
model: {name: wrn, depth: 8, width: 1}
recipe:
  epochs: 1
  batch_size: 50
  optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
seeds: 1
baseline: average
variants:
  average: {pools: average}
  lae: {pools: {name: lae, learn: layer}}
probes:
  fgsm: {epsilons: [0, 8/255]}
  resolution: {modes: [zoom, pad-noise], sizes: [6, 8, 12]}
"""


def trained_folder(folder: Path, suite: str = SUITE, plugins: tuple[str, ...] = ()) -> Path:
    """Write ``tiny.yaml`` and train it into ``runs`` beside it; return the folder."""
    path = folder / "tiny.yaml"
    path.write_text(suite)
    settings = Settings(store=folder / "runs", engine="inline", plugins=plugins)
    assert not train(load_study(path), settings).failed
    return folder


def measurements(store: Path) -> dict[str, bytes]:
    """Return the bytes of everything below the runs' ``probes``."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted((store / "runs").glob("*/probes/*"))
    }
