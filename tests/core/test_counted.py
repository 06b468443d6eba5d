from __future__ import annotations

from poolbench.core.counted import counted


def test_nouns_and_verbs_agree_with_their_number() -> None:
    assert [counted(number, "cell") for number in (0, 1, 2)] == ["0 cells", "1 cell", "2 cells"]
    assert counted(10_000, "run") == "10,000 runs"
    assert counted(1, "differs", "differ") == "1 differs"
    assert counted(3, "differs", "differ") == "3 differ"
