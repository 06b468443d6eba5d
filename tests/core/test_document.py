"""The one door of documents: what is read has the types and ranges that its dataclass says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from poolbench.core.document import (
    Count,
    Damaged,
    Facts,
    Finite,
    Share,
    Unread,
    parse,
    passed_over,
    read_as,
)

HUGE = 10**400
DEEP = "[" * 200_000


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: Count = 0


@dataclass(frozen=True, kw_only=True)
class Outer:
    kind: Literal["a", "b"]
    share: Share
    loss: Finite | None = None
    inner: Inner = field(default_factory=Inner)
    items: tuple[Inner, ...] = ()
    pair: tuple[int, int] = (0, 0)
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind == "b" and self.share:
            raise ValueError("a share of b")


WHOLE: dict[str, Any] = {
    "kind": "a",
    "share": 0.5,
    "loss": 1,
    "inner": {"size": 3},
    "items": [{"size": 1}, {}],
    "pair": [1, 2],
    "by_name": {"x": {"size": 2}},
    "facts": {"any": [1, {"thing": None}]},
}


def read(**changes: Any) -> Outer:
    return read_as(Outer, json.dumps({**WHOLE, **changes}))


def test_what_was_written_is_read_with_its_types() -> None:
    assert read() == Outer(
        kind="a",
        share=0.5,
        loss=1.0,
        inner=Inner(size=3),
        items=(Inner(size=1), Inner()),
        pair=(1, 2),
        by_name={"x": Inner(size=2)},
        facts={"any": [1, {"thing": None}]},
    )
    assert read_as(Outer, b'{"kind": "b", "share": 0}') == Outer(kind="b", share=0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "c"}, "kind: "),
        ({"kind": ["a"]}, "kind: "),
        ({"kind": "b"}, "a share of b"),
        ({"share": "0.5"}, "share: "),
        ({"share": True}, "share: "),
        ({"share": 1.5}, "share: "),
        ({"share": -1e-9}, "share: "),
        ({"share": HUGE}, "share: "),
        ({"share": None}, "share: "),
        ({"loss": HUGE}, "loss: "),
        ({"loss": [1.0]}, "loss: "),
        ({"inner": [3]}, "inner: "),
        ({"inner": None}, "inner: "),
        ({"inner": {"size": -1}}, "inner.size: "),
        ({"inner": {"size": 2**63}}, "inner.size: "),
        ({"inner": {"size": HUGE}}, "inner.size: "),
        ({"inner": {"size": 1.5}}, "inner.size: "),
        ({"inner": {"size": "1"}}, "inner.size: "),
        ({"items": {"0": {"size": 1}}}, "items: "),
        ({"items": [{"size": 1}, 7]}, "items[1]: "),
        ({"pair": [1]}, "pair"),
        ({"pair": [1, 2, 3]}, "pair"),
        ({"by_name": [["x", {}]]}, "by_name: "),
        ({"by_name": {"x": []}}, "by_name.x: "),
        ({"facts": []}, "facts: "),
        ({"facts": {"deep": [{"a": HUGE}]}}, "facts: "),
    ],
)
def test_what_has_another_type_or_is_out_of_range_is_told_with_its_key(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(Damaged) as caught:
        read(**changes)
    assert str(caught.value).startswith("unreadable: ")
    assert told in str(caught.value)


def test_what_is_missing_is_told_and_how_much_else_is_wrong() -> None:
    with pytest.raises(Damaged, match=r"kind: .*\(and 1 more\)"):
        read_as(Outer, "{}")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "nul", '{"a": NaN}', '{"a": -Infinity}', DEEP, '{"a": ' * 100_000, "[1,]",
        '["\\ud800"]', f"[{'9' * 5000}]", '{"kind": "a", "share": 1e999}',
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_what_is_no_json_is_damaged_whatever_its_depth(text: str) -> None:
    for data in (text, text.encode()):
        with pytest.raises(Damaged, match="unreadable"):
            read_as(Outer, data)


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', DEEP, f"[{'9' * 5000}]", b"\xff\xfe"])
def test_text_that_is_no_json_is_not_parsed_either(text: str | bytes) -> None:
    with pytest.raises(Damaged, match="unreadable"):
        parse(text)


def test_keys_of_a_newer_version_are_passed_over_and_counted() -> None:
    document = {**WHOLE, "new": {"a": 1}, "items": [{"size": 1, "unit": "px"}, {"unit": "px"}]}
    unread = Unread()
    assert read_as(Outer, json.dumps(document), unread) == read()
    assert unread == {"new": 1, "items[].unit": 2}
    assert read_as(Outer, json.dumps(document)) == read()
    assert passed_over("runs", unread) == (
        "runs is of a newer version, which notes more: items[].unit, new",
    )
    assert passed_over("runs", Unread()) == ()


def test_what_is_wrong_counts_more_than_what_is_new() -> None:
    unread = Unread()
    with pytest.raises(Damaged, match="share: "):
        read_as(Outer, json.dumps({**WHOLE, "new": 1, "share": "all"}), unread)
    assert not unread
