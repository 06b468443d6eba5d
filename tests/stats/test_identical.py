from __future__ import annotations

import pytest

from poolbench.stats.identical import about_identical


@pytest.mark.parametrize(
    ("predictions", "groups"),
    [
        ({"a": ["1", "2"], "b": ["1", "2"], "c": ["1", "3"]}, [("a", "b")]),
        ({"a": ["1", "2"], "b": ["2", "1"]}, []),
        ({"a": ["1"], "b": ["2"], "c": ["1"], "d": ["2"]}, [("a", "c"), ("b", "d")]),
        ({"a": ["1", None], "b": ["1", "2"]}, [("a", "b")]),  # what is there agrees
        ({"a": [None, "2"], "b": ["1", None]}, []),  # no seed to compare
        ({"a": [None], "b": [None]}, []),
        ({"a": ["1"]}, []),
    ],
)
def test_variants_are_identical_if_every_seed_is(
    predictions: dict[str, list[str | None]], groups: list[tuple[str, ...]]
) -> None:
    caveats = list(about_identical(predictions))
    assert [caveat.variants for caveat in caveats] == groups
    assert all(caveat.code == "identical" for caveat in caveats)
