"""The search for cycles pauses while runs are read, and no longer."""

from __future__ import annotations

import gc

import pytest

from poolbench.core.reading import without_cycles


def test_the_search_for_cycles_pauses_and_goes_on_whatever_happens() -> None:
    assert gc.isenabled()
    seen: list[bool] = []

    @without_cycles()
    def read() -> None:
        seen.append(gc.isenabled())
        raise KeyError

    with pytest.raises(KeyError):
        read()
    assert seen == [False]
    assert gc.isenabled()


def test_who_has_turned_it_off_keeps_it_off() -> None:
    gc.disable()
    try:
        with without_cycles():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
