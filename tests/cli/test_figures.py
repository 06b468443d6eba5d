from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Done

TINY = """\
schema: 1
title: Tiny
data: {name: digits, limit: 100, validation: 0.2}
model: {name: wrn, depth: 8, width: 1}
recipe:
  epochs: 2
  batch_size: 50
  optimizer: {name: sgd, lr: 0.05, momentum: 0.9}
seeds: 1
variants:
  average: {pools: average}
  max: {pools: max}
"""


def test_a_report_draws_its_figures_and_says_how_soon_a_target_was_reached(
    poolbench: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    assert poolbench("train", "tiny.yaml", "--jobs", 1).code == 0
    done = poolbench("report", "tiny.yaml", "--figures", "pictures", "--target", 0.01)
    assert done.code == 0, done.err
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert names == {
        f"digits-{name}.{kind}"
        for name in ("seeds", "time", "training-loss", "validation-accuracy")
        for kind in ("png", "svg")
    }
    assert "epochs to 1 % validation accuracy" in done.out
    assert "drew" not in done.out
    assert done.err.count("drew") == len(names)
    (tmp_path / "taken").touch()
    refused = poolbench("report", "tiny.yaml", "--figures", "taken")
    assert refused.code == 2
    assert "taken is a file" in refused.err
