"""A one-screen summary of the stages, from the JSON that the commands wrote."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from on_gpu.running import Ended

MAX_LINES = 60
_WIDTH = 160

Row = Mapping[str, Any]

_LEGENDS = {
    "operators": [
        "  forward and backward: per cent of copy_'s speed; the time of torch.compile's version",
        "  over ours; that of the fastest eager peer over ours (above 1: ours is faster)",
    ],
    "training": ["  images/s of our loop, and the loop's rate as a multiple of others"],
}


def summarise(stages: Mapping[str, Sequence[Ended]], results: Path) -> list[str]:
    """Return at most 60 lines.

    Args:
        stages: Outcomes of the commands of each stage, by the stage's name.
        results: Folder with their results, one folder per stage.
    """
    lines: list[str] = []
    for name, ended in stages.items():
        took = sum(each.duration_s for each in ended)
        lines.append(f"{name}: {_counts(ended)}; {took:.0f} s of commands")
        lines += [
            f"  {each.work.name} {each.status}: {each.detail}"[:_WIDTH]
            for each in ended
            if each.status != "ok"
        ]
        lines += _LEGENDS.get(name, [])
        for each in ended:
            lines += [f"  {line}"[:_WIDTH] for line in _numbers(name, each, results / name)]
    if len(lines) > MAX_LINES:
        left = len(lines) - MAX_LINES + 1
        lines = [
            *lines[: MAX_LINES - 1],
            f"... and {left} more lines; all numbers are in the files",
        ]
    return lines


def _counts(ended: Sequence[Ended]) -> str:
    statuses = [each.status for each in ended]
    return ", ".join(f"{statuses.count(one)} {one}" for one in dict.fromkeys(statuses))


def _numbers(stage: str, ended: Ended, folder: Path) -> Iterator[str]:
    try:
        yield from _READERS[stage](ended.work.name, folder)
    except FileNotFoundError:
        return  # it wrote nothing, and its status is already reported
    except (ValueError, KeyError, IndexError, ET.ParseError) as error:
        yield f"{ended.work.name}: its results cannot be read: {error!r}"


def _tables(path: Path) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = json.loads(path.read_bytes())["tables"]
    return tables


def _read_facts(name: str, folder: Path) -> Iterator[str]:
    rows: list[Row] = _tables(folder / f"{name}.json")[0]["rows"]
    if name == "doctor":
        told = ("python", "torch", "gpu", "pooling kernels, cuda:0")
        yield from (f"{row['what']}: {row['found']}" for row in rows if row["what"] in told)
        return
    for row in rows:
        if row["bytes_per_s"] is not None:
            yield f"{row['work']}: {row['bytes_per_s'] / 1e9:,.0f} GB/s"
    rates = [row for row in rows if row["flops_per_s"] is not None]
    for kind in ("matrix", "3x3"):
        chosen = [row for row in rates if row["work"].startswith(kind)]
        shown = (f"{row['work']} {row['flops_per_s'] / 1e12:.3g}" for row in chosen)
        yield f"TFLOP/s: {'; '.join(shown)}"


def _read_tests(name: str, folder: Path) -> Iterator[str]:
    suites = list(ET.parse(folder / f"{name}.xml").getroot().iter("testsuite"))  # noqa: S314 - ours
    total, failed, skipped = (
        sum(int(suite.get(kind, "0")) for suite in suites for kind in kinds)
        for kinds in (("tests",), ("failures", "errors"), ("skipped",))
    )
    yield f"{name}: {total - failed - skipped} passed, {failed} failed, {skipped} skipped"
    broken = [
        f"{case.get('classname')}::{case.get('name')}"
        for suite in suites
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    yield from (f"  {test}" for test in broken[:5])


def _read_operators(name: str, folder: Path) -> Iterator[str]:
    parts = []
    for table in _tables(folder / f"{name}.json"):
        ours, *others = table["rows"]
        peers = {
            row["contender"]: row["forward_and_backward_ratio"]
            for row in others
            if row["step_copy_share"] is not None  # else it is a yardstick
        }
        compiled = [ratio for peer, ratio in peers.items() if peer.endswith("compiled")]
        eager = [ratio for peer, ratio in peers.items() if not peer.endswith("compiled")]
        operator, kernel = table["title"].partition(",")[0], table["detail"]["kernel"]
        operator += "" if kernel == "gpu" else f" ({kernel})"
        shown = " ".join(f"{min(ratios):.2f}" if ratios else "-" for ratios in (compiled, eager))
        parts.append(f"{operator} {ours['step_copy_share']:.0%} {shown}")
    yield f"{name}: {'; '.join(parts)}"


def _read_training(name: str, folder: Path) -> Iterator[str]:
    rows = {row["contender"]: row for row in _tables(folder / f"{name}.json")[0]["rows"]}
    rates = {contender: row["images_per_s"] for contender, row in rows.items()}
    if name == "fgsm":
        yield f"fgsm: {rows['one gradient for all epsilons']['ratio']:.2f} x foolbox"
    elif name.startswith("seeds"):
        yield f"{name}: " + "; ".join(f"{who} {rate:,.0f}/s" for who, rate in rates.items())
    else:
        shown = [f"loop {rates['poolbench loop']:,.0f}/s"]
        captured = rows.get("poolbench loop, captured step")
        shown += [f"captured {captured['ratio']:.2f} x that"] if captured else []
        shown += [
            f"{1 / rows[who]['ratio']:.3f} of {word}"
            for who, word in (
                ("same model, one resident batch", "its bare step"),
                ("a user's loop", "a user's loop"),
            )
        ]
        yield f"{name}: {', '.join(shown)}"


def _read_study(name: str, folder: Path) -> Iterator[str]:
    suite, _, task = name.rpartition("-")
    if task not in ("table", "robustness"):
        return
    for table in _tables(folder / f"{name}.json"):
        if not table["rows"] or "n" not in table["rows"][0]:
            continue
        mean, spread = ("accuracy_mean", "accuracy_std")
        if task == "robustness":
            mean, spread = "area_mean", "area_std"
        shown = (
            f"{row['variant']} {_percent(row[mean])} ± {_percent(row[spread])} (n = {row['n']})"
            for row in table["rows"]
        )
        what = table["title"].split(" · ")[2] if task == "robustness" else "accuracy"
        yield f"{suite} {what}: {'; '.join(shown)}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


_READERS: Mapping[str, Callable[[str, Path], Iterator[str]]] = {
    "facts": _read_facts,
    "tests": _read_tests,
    "operators": _read_operators,
    "training": _read_training,
    "mnist": _read_study,
    "cifar": _read_study,
}
