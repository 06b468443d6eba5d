"""Event files of TensorBoard: one folder per run.

A run's wall-clock axis is its training time from 0, so that runs of different days can be
compared; the same run always gives the same bytes.
"""

from __future__ import annotations

import io
import itertools
import math
import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from poolbench.core.atomic import write_whole
from poolbench.core.errors import not_installed
from poolbench.report.formats.tidy import Observation

FILE = "events.out.tfevents.0.poolbench"


def write_events(observations: Iterable[Observation], folder: Path) -> int:
    """Write an event file for each run and return how many there are.

    Args:
        observations: Observations grouped by run, with epochs in order.
        folder: The folder; created if missing. Files of an earlier call are replaced.

    Raises:
        EnvironmentFault: tensorboard is not installed.
        OSError: A file cannot be written; the old file is unchanged.
    """
    runs = [list(rows) for _, rows in itertools.groupby(observations, _run_folder)]
    for rows in runs:
        content = _encoded(rows)
        target = folder / _run_folder(rows[0])
        target.mkdir(parents=True, exist_ok=True)
        write_whole(target / FILE, partial(_write, content))
    return len(runs)


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)


def _encoded(rows: Sequence[Observation]) -> bytes:
    """Return the events of one run in TensorBoard's format."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        need = "event files need tensorboard"
        raise not_installed(need, "tensorboard", "--as csv needs nothing") from error
    records = io.BytesIO()
    writer = RecordWriter(records)
    writer.write(Event(file_version="brain.Event:2").SerializeToString())
    ends = _ends(rows)
    for row in rows:
        if row.value is None or not math.isfinite(row.value):
            continue
        # Measurements of the trained network are put at its last epoch.
        step = int(row.setting or 0) if row.kind == "epoch" else max(ends)
        summary = Summary(value=[Summary.Value(tag=_tag(row), simple_value=row.value)])
        event = Event(wall_time=ends[step], step=step, summary=summary)
        writer.write(event.SerializeToString())
    return records.getvalue()


def _ends(rows: Iterable[Observation]) -> dict[int, float]:
    """Return the training time at the end of each epoch, and at epoch 0, in seconds."""
    ends = {0: 0.0}
    for row in rows:
        if row.kind == "epoch":
            epoch = int(row.setting or 0)
            duration = row.value if row.metric == "duration_s" else None
            ends[epoch] = ends.get(epoch, ends[max(ends)]) + (duration or 0.0)
    return ends


def _tag(row: Observation) -> str:
    if row.kind == "epoch":
        group, dot, name = row.metric.partition(".")
        if dot:
            return f"{group}/{name}"
        return row.metric.replace("_", "/") if "validation" in group else f"train/{group}"
    if row.kind == "result":
        return f"test/{row.metric}"
    name, _, metric = row.metric.partition(".")
    at = "" if row.setting is None else f" at {row.setting:g}"
    return f"{name}/{metric}{at}"


def _run_folder(row: Observation) -> str:
    study = re.sub(r"[^\w.]+", "-", row.study).strip("-.") or "study"
    parts = (study, row.data, row.variant, f"seed-{row.seed}-{row.run[:6]}")
    return "/".join(_component(part) for part in parts)


def _component(name: str) -> str:
    """Return a name as a single, safe component of a path."""
    quoted = quote(name, safe=" =,()+")
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")
