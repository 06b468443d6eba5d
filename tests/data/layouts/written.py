"""Data sets in the formats of other libraries, written as those do."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow

from tests.data.layouts.pictures import SHADES, encoded

Members = list[tuple[str, bytes]]


def write(path: Path, members: Members, mode: str = "w") -> None:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def samples(numbers: range, *, label: str = "cls") -> Members:
    found: Members = []
    for index, name in enumerate(SHADES):
        for number in numbers:
            key = f"{name}/{number:04d}"
            found.append((f"{key}.png", encoded(name, number)))
            if label == "cls":
                found.append((f"{key}.cls", str(index).encode()))
            else:
                found.append((f"{key}.json", json.dumps({label: name, "n": number}).encode()))
    return found


CLASSES = {"names": ["ant", "bee"], "_type": "ClassLabel"}


def table(numbers: range, label: Any = CLASSES, labels: Sequence[Any] | None = None) -> Any:
    images = [
        {"bytes": encoded(name, number), "path": f"{number}.png"}
        for number in numbers
        for name in SHADES
    ]
    columns = {"image": images, "label": labels or [0, 1] * len(numbers)}
    features = {"image": {"_type": "Image"}, "label": label}
    noted = json.dumps({"info": {"features": features}})
    return pyarrow.table(columns).replace_schema_metadata({"huggingface": noted})


def save(folder: Path, content: Any, shards: int = 1) -> None:
    """Write what ``Dataset.save_to_disk`` writes."""
    folder.mkdir(parents=True)
    names = [f"data-{n:05d}-of-{shards:05d}.arrow" for n in range(shards)]
    rows = -(-len(content) // shards)
    for n, name in enumerate(names):
        part = content.slice(n * rows, rows)
        with pyarrow.ipc.new_stream(folder / name, part.schema) as writer:
            writer.write_table(part, max_chunksize=3)
    state = {"_data_files": [{"filename": name} for name in names]}
    (folder / "state.json").write_text(json.dumps(state))


def list_folder(folder: Path) -> None:
    """List the pictures of a folder with ``train`` and ``val`` in a table beside it."""
    lines = ["path,label,split"]
    for path in sorted(folder.glob("*/*/*")):
        name = path.relative_to(folder.parent).as_posix()
        lines.append(f"{name},{path.parent.name},{path.parent.parent.name}")
    (folder.parent / f"{folder.name}.csv").write_text("\n".join(lines))
