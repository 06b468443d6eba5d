"""What a recipe of a suite becomes: its identity, and the steps it makes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import poolbench as pb
from poolbench.core.cell import Cell
from poolbench.core.document import read_as
from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from tests.cells import a_cell
from tests.training.test_loop import Blobs, training

SUITE = """\
schema: 1
data: digits
model: {name: wrn, depth: 8, width: 1}
recipe:
  epochs: 40
  batch_size: 64
  optimizer: {name: ranger, lr: 0.004, weight_decay: 0.02}
  schedule: {name: piecewise, epochs_at: [0, 5, 40], factors: [0, 1, 0]}
  clip_norm: 1
seeds: 2
variants:
  average: {pools: average}
  unclipped: {pools: average, recipe: {clip_norm: null}}
"""

PLAIN = Named(
    name="sgd",
    options={"lr": 1.0, "momentum": 0.0, "weight_decay": 0.0, "nesterov": False},
)


def test_a_suite_says_all_of_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE)
    study = pb.load_suite(path)
    clipped, unclipped = study.cells[0].recipe, study.cells[-1].recipe
    assert (clipped.clip_norm, unclipped.clip_norm) == (1, None)
    assert clipped.schedule.options == {"epochs_at": (0, 5, 40), "factors": (0, 1, 0)}
    assert clipped.optimizer.options == {
        "lr": 0.004, "beta1": 0.95, "beta2": 0.99, "eps": 1e-6, "weight_decay": 0.02,
        "lookahead_steps": 6, "lookahead_alpha": 0.5,
    }  # fmt: skip
    path.write_text(SUITE.replace("clip_norm: 1", "clip_norm: 0"))
    with pytest.raises(BadInput, match="clip_norm"):
        pb.load_suite(path)


def test_clipping_is_identity_and_its_absence_keeps_the_ids_of_older_runs() -> None:
    cell = a_cell()
    clipped = replace(cell, recipe=replace(cell.recipe, clip_norm=1.0))
    other = replace(cell, recipe=replace(cell.recipe, clip_norm=2.0))
    assert len({cell.id, clipped.id, other.id}) == 3
    # The id that 0.1.0, which knew no clipping, gave this cell.
    assert cell.id == "39647936b7c4083f"
    assert read_as(Cell, json.dumps(clipped.to_json())) == clipped


def weights(network: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def distance_of_a_step(clip_norm: float | None) -> float:
    constant = Named(name="constant", options={})
    run = training(optimizer=PLAIN, schedule=constant, clip_norm=clip_norm)
    before = weights(run.network)
    run.run(should_stop=lambda: True)
    return float((weights(run.network) - before).norm())


def test_a_clipped_step_is_no_longer_than_the_norm_allows() -> None:
    free = distance_of_a_step(None)
    assert free > 0.2
    assert distance_of_a_step(0.1) == pytest.approx(0.1, rel=1e-4)
    assert distance_of_a_step(2 * free) == free


def test_a_norm_never_reached_changes_no_bit() -> None:
    free, clipped = training(), training(clip_norm=1e6)
    free.run()
    clipped.run()
    for name, value in free.network.state_dict().items():
        assert torch.equal(value, clipped.network.state_dict()[name]), name


def test_the_loop_follows_a_piecewise_schedule() -> None:
    schedule = Named(name="piecewise", options={"epochs_at": (0, 2, 3), "factors": (1, 0.5, 0)})
    run = training(schedule=schedule)
    run.run()
    last = 1 - 0.5 / Blobs.steps
    expected = [1 - 0.25 * last, 0.75 - 0.25 * last, 0.5 - 0.5 * last]
    assert [epoch.lr for epoch in run.history] == pytest.approx([0.1 * f for f in expected])
