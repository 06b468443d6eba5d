"""Reading stores in tests."""

from __future__ import annotations

import json
from pathlib import Path

# What must be the same bytes however, and however often interrupted, a cell was trained.
LASTING = ("cell.json", "history.jsonl", "model.safetensors", "predictions.npz")


def lasting_bytes(store: Path) -> dict[str, bytes]:
    """Return the bytes of every finished run that do not depend on the machine's clock."""
    kept = {}
    for folder in sorted((store / "runs").iterdir()):
        result = json.loads((folder / "result.json").read_bytes())
        kept[f"{folder.name}/result"] = json.dumps(result["result"]).encode()
        for name in LASTING:
            kept[f"{folder.name}/{name}"] = (folder / name).read_bytes()
    return kept


def attempts(store: Path) -> list[int]:
    """Return how often each cell was begun."""
    paths = sorted(
        (*store.glob("runs/*/attempts.jsonl"), *store.glob("unfinished/*/attempts.jsonl"))
    )
    return [len(path.read_text().splitlines()) for path in paths]
