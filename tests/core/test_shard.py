from __future__ import annotations

from dataclasses import replace
from itertools import chain

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.named import Named
from poolbench.core.shard import Shard
from poolbench.core.study import Study
from tests.cells import a_study

COUNTS = [1, 2, 3, 4, 5, 6, 7, 24, 28, 100]
LABELS = tuple("abcdefghijkl")


def shards(count: int) -> list[Shard]:
    return [Shard(index=index, count=count) for index in range(1, count + 1)]


def parts_of(study: Study, count: int = 5) -> dict[str, int]:
    return {cell.id: shard.index for shard in shards(count) for cell in shard.cells(study)}


def only(study: Study, variant: str, seeds: int) -> Study:
    """Return the study as ``--only`` leaves it."""
    cells = tuple(c for c in study.cells if c.variant == variant and c.seed < seeds)
    return replace(study, cells=cells, whole_cells=study.cells, variants=(variant,))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("variants", [1, 2, 4, 6, 12])
@pytest.mark.parametrize("seeds", [1, 2, 3, 7, 30])
def test_parts_are_disjoint_complete_and_even_in_all_and_for_each_variant(
    count: int, variants: int, seeds: int
) -> None:
    study = a_study(LABELS[:variants], seeds)
    parts = [shard.cells(study) for shard in shards(count)]
    assert sorted(cell.id for cell in chain(*parts)) == sorted(cell.id for cell in study.cells)
    sizes = shards(count)[0].sizes(study)
    assert sizes == [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    for variant in study.variants:
        sizes = [sum(cell.variant == variant for cell in part) for part in parts]
        assert max(sizes) - min(sizes) <= 1


def test_a_cell_stays_in_its_part_whatever_is_selected_or_added_at_the_end() -> None:
    study = a_study(LABELS[:4], seeds=7)
    parts = parts_of(study)
    for variant in study.variants:
        selected = parts_of(only(study, variant, seeds=3))
        assert len(selected) == 3
        assert selected.items() <= parts.items()
    assert parts_of(a_study(LABELS[3::-1], seeds=7)) == parts
    assert parts_of(a_study(LABELS[:4], seeds=40)).items() >= parts.items()
    probed = replace(study, probes=(Named(name="fgsm", options={}),), title="Another")
    assert parts_of(probed) == parts


def test_a_part_of_a_part_is_the_part() -> None:
    study = a_study(LABELS[:4], seeds=7)
    shard = Shard(index=2, count=3)
    part = replace(study, cells=shard.cells(study), whole_cells=study.cells)
    assert shard.cells(part) == part.cells


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "1/0", "-1/5", "1/5/5", " 1/5", "1/2.0"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a shard") as caught:
        Shard.parse(text)
    assert "K/N" in caught.value.hint


def test_a_shard_is_read_as_it_is_written() -> None:
    assert str(Shard.parse("2/5")) == "2/5"
    assert Shard.parse("2/5") == Shard(index=2, count=5)
