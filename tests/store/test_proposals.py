"""The cache of proposals: whatever became of its file, it gives what was written or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from poolbench.store.proposals import FILE, ProposalCache

BATCH = [{"optimizer.lr": 0.1}, {"optimizer.lr": 0.25}]


def written(folder: Path) -> Path:
    ProposalCache(folder, is_writable=True)["key"] = BATCH
    return folder / FILE


def test_a_batch_is_read_back(tmp_path: Path) -> None:
    written(tmp_path)
    assert dict(ProposalCache(tmp_path, is_writable=False)) == {"key": BATCH}
    ProposalCache(tmp_path, is_writable=False)["other"] = BATCH
    assert dict(ProposalCache(tmp_path, is_writable=False)) == {"key": BATCH}


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: "[]",
        lambda _: "{}",
        lambda _: '"key"',
        lambda _: "3",
        lambda _: "[" * 100_000,
        lambda line: line[:-3],
        lambda line: line.replace("0.25", "0.26"),
        lambda line: line.replace("0.25", "NaN"),
        lambda line: line.replace("0.25", '"0.25"'),
        lambda line: line.replace("optimizer.lr", "optimizer.eps"),
        lambda line: line.replace('"key"', '"another"'),
        lambda line: line.replace('"key"', "[]"),
        lambda line: line.replace('{"optimizer.lr": 0.25}', "null"),
        lambda line: json.dumps(json.loads(line)[:2]),
    ],
)
def test_a_damaged_line_counts_for_nothing_and_is_replaced(tmp_path: Path, damage: object) -> None:
    file = written(tmp_path)
    whole = file.read_text().strip()
    file.write_text(damage(whole))  # type: ignore[operator]
    cache = ProposalCache(tmp_path, is_writable=True)
    assert dict(cache) == {}
    cache["key"] = BATCH
    assert dict(ProposalCache(tmp_path, is_writable=False)) == {"key": BATCH}
