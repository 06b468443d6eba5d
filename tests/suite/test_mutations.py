"""However a suite is spoilt, it becomes a study or a fault that a user can act on."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolbench.core.errors import BadInput
from poolbench.core.study import Study
from poolbench.suite.load import load
from tests.suite.small import CATALOGUES

SUITE: dict[str, Any] = {
    "schema": 1,
    "title": "a title",
    "source": {"paper": "a paper", "table": 1},
    "data": [{"name": "digits", "augment": ["flip", {"name": "crop"}]}, {"name": "cifar10"}],
    "model": {"name": "wrn", "depth": 18, "se": True},
    "recipe": {
        "epochs": 2,
        "batch_size": 32,
        "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9},
        "schedule": {"name": "ramp", "warmup_epochs": 1},
    },
    "seeds": {"count": 2, "start": 1},
    "baseline": "average",
    "variants": {
        "average": {"pools": "average"},
        "lae": {"pools": {"head": {"name": "lae", "temperature": 4}, "se": "max"}},
        "deep": {"model": {"depth": 28}, "recipe": {"optimizer": {"name": "adam", "lr": 0.1}}},
    },
    "analysis": {"published": {"digits": {"average": [1, 2]}}, "alpha": 0.05},
    "execution": {"device": "cpu", "jobs": 2},
    "profiles": {"smoke": {"seeds": 1, "data": {"limit": 9}}},
}
STRANGE = [
    None, True, False, 0, -1, 1, 3.5, 1e300, 10**17, "", "name", "lae", "wrn", "é\n", "x" * 200,
    "8/0", [], {}, [[]], [1, 1], {"name": "lae"}, {"name": None}, {"name": {"name": "lae"}},
    {"": 1}, ["sgd", {"name": "digits"}],
]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    below = [place for key, child in children for place in _places(child, (*path, key))]
    return [path, *below] if path else below


def mutate(suite: Any, chance: random.Random) -> Any:
    """Replace, remove, rename, copy or wrap the value at one place."""
    suite = json.loads(json.dumps(suite))
    places = _places(suite)
    if not places:
        return suite
    *path, key = chance.choice(places)
    parent = suite
    for step in path:
        parent = parent[step]
    action = chance.randrange(5)
    if action == 0:
        parent[key] = chance.choice(STRANGE)
    elif action == 1:
        del parent[key]
    elif action == 2 and isinstance(parent, dict):
        parent[chance.choice(["name", "epoch", "", "<<", "extends", str(key) + "s"])] = parent.pop(
            key
        )
    elif action == 3:
        donor: Any = suite
        for step in chance.choice(places):
            donor = donor[step]
        parent[key] = json.loads(json.dumps(donor))
    else:
        parent[key] = chance.choice([[parent[key]], {str(key): parent[key]}, str(parent[key])])
    return suite


def _load(path: Path, text: str, profile: str | None = None) -> Study | BadInput:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load(path, catalogues=CATALOGUES, fingerprint=lambda _: "", profile=profile)
    except BadInput as fault:
        return fault


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations") / "suite.yaml"


def test_the_suite_that_is_mutated_is_in_order(path: Path) -> None:
    assert isinstance(_load(path, json.dumps(SUITE), "smoke"), Study)


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 5), with_profile=st.booleans())
def test_a_structural_mutation_gives_a_study_or_a_fault_with_its_place(
    path: Path, seed: int, count: int, with_profile: bool
) -> None:
    chance = random.Random(seed)
    suite = SUITE
    for _ in range(count):
        suite = mutate(suite, chance)
    result = _load(path, json.dumps(suite, indent=1), "smoke" if with_profile else None)
    if isinstance(result, BadInput):
        assert str(path) in result.message
        assert result.hint
    else:
        assert len({cell.id for cell in result.cells}) == len(result.cells)


@settings(max_examples=300, deadline=None)
@given(
    at=st.integers(0, len(json.dumps(SUITE)) - 1),
    length=st.integers(0, 3),
    inserted=st.text(max_size=3) | st.sampled_from(list("[]{}:,#&*!|>%@'\"\t\n-?<\\")),
)
def test_a_mutation_of_the_text_gives_a_study_or_a_fault_with_its_place(
    path: Path, at: int, length: int, inserted: str
) -> None:
    text = json.dumps(SUITE)
    result = _load(path, text[:at] + inserted + text[at + length :])
    if isinstance(result, BadInput):
        assert str(path) in result.message
