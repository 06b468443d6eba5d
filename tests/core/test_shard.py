from __future__ import annotations

from itertools import chain

import pytest

from poolbench.core.errors import BadInput
from poolbench.core.shard import Shard
from tests.cells import a_study

STUDY = a_study(("average", "max", "lae", "median"), seeds=7)


def shards(count: int) -> list[Shard]:
    return [Shard(index=index, count=count) for index in range(1, count + 1)]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 28, 100])
def test_every_cell_is_in_exactly_one_shard(count: int) -> None:
    parts = [shard.cells(STUDY.cells) for shard in shards(count)]
    assert sorted(cell.id for cell in chain(*parts)) == sorted(cell.id for cell in STUDY.cells)
    assert [len(part) for part in parts] == shards(count)[0].sizes(STUDY.cells)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_no_shard_has_two_seeds_of_a_variant_more_than_another(count: int) -> None:
    for variant in STUDY.variants:
        cells = [cell for cell in STUDY.cells if cell.variant == variant]
        sizes = [len(shard.cells(cells)) for shard in shards(count)]
        assert max(sizes) - min(sizes) <= 1


def test_variants_do_not_all_begin_with_the_same_shard() -> None:
    first = list(a_study(tuple("abcdefghijkl"), seeds=1).cells)
    sizes = Shard(index=1, count=4).sizes(first)
    assert sum(size > 0 for size in sizes) >= 3


def test_a_cell_stays_in_its_shard_whatever_else_is_trained() -> None:
    def places(cells: object) -> dict[str, int]:
        return {cell.id: s.index for s in shards(5) for cell in s.cells(cells)}  # type: ignore[arg-type]

    whole = places(STUDY.cells)
    assert places(STUDY.cells[3:11]).items() <= whole.items()
    assert places(a_study(("max", "gem"), seeds=3).cells).items() >= {
        (cell.id, whole[cell.id]) for cell in STUDY.cells if cell.variant == "max" and cell.seed < 3
    }


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "1/0", "-1/5", "1/5/5", " 1/5", "1/2.0"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not a shard") as caught:
        Shard.parse(text)
    assert "K/N" in caught.value.hint


def test_a_shard_is_read_as_it_is_written() -> None:
    assert str(Shard.parse("2/5")) == "2/5"
    assert Shard.parse("2/5") == Shard(index=2, count=5)
