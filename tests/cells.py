"""Small cells for tests of what handles cells without training them."""

from __future__ import annotations

from poolbench.core.cell import Cell, DataSpec, ModelSpec, Recipe
from poolbench.core.named import Named
from poolbench.core.study import Analysis, Execution, Study


def a_cell(variant: str = "max", seed: int = 0, **changes: object) -> Cell:
    """Return a cell whose operator is its variant's name."""
    settings: dict[str, object] = {
        "variant": variant,
        "data": DataSpec(source=Named(name="digits", options={}), checksum="c0ffee"),
        "model": ModelSpec(
            network=Named(name="wrn", options={"depth": 8, "width": 1, "se": False}),
            pools={"head": Named(name=variant, options={})},
        ),
        "recipe": Recipe(
            epochs=2,
            batch_size=64,
            optimizer=Named(name="sgd", options={"lr": 0.1}),
            schedule=Named(name="step", options={"milestones": (1,), "factor": 0.1}),
        ),
        "seed": seed,
        **changes,
    }
    return Cell(**settings)  # type: ignore[arg-type]


def a_study(variants: tuple[str, ...] = ("average", "max"), seeds: int = 2) -> Study:
    """Return a study of :func:`a_cell` cells."""
    return Study(
        title="A study",
        origin="study.yaml",
        variants=variants,
        datasets=("digits",),
        seeds=tuple(range(seeds)),
        cells=tuple(a_cell(variant, seed) for variant in variants for seed in range(seeds)),
        analysis=Analysis(published={"digits": {"max": (98.5, 0.25)}}),
        execution=Execution(),
        baseline=variants[0],
    )
