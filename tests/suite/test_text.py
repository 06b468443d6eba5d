"""What YAML text means, and that no text can hang, crash or outgrow the reader."""

from __future__ import annotations

import math
import time

import pytest

from poolbench.core.errors import BadInput
from poolbench.suite.composer import compose
from poolbench.suite.faults import Faults, Source
from poolbench.suite.scalars import resolve
from tests.suite.small import SUITE


def _value(text: str) -> object:
    source = Source(name="text", lines=tuple(text.splitlines()))
    faults = Faults()
    value = compose(text, source, faults).plain()
    assert not faults
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("6.4e-4", 0.00064),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("8/255", 8 / 255),
        ("-1/3", -1 / 3),
        ("4/2", 2.0),
        ("010", 10),
        ("0o17", 15),
        ("0xff", 255),
        ("+5", 5),
        ("on", "on"),
        ("no", "no"),
        ("y", "y"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2021-11-02", "2021-11-02"),
        ("1e", "1e"),
        (".", "."),
        ("-.inf", -math.inf),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)
    assert _value(f"'{text}'") == text


def test_keys_are_text_as_they_are_written() -> None:
    assert _value("{on: 1, 010: 2, null: 3, 1e3: 4}") == {"on": 1, "010": 2, "null": 3, "1e3": 4}


def test_an_alias_stands_for_its_anchor_and_a_merge_key_gives_what_is_not_given() -> None:
    text = "{a: &a {x: 1, y: 2}, b: *a, c: {<<: *a, y: 3}, d: {<<: [{x: 0}, *a]}, '<<': 4}"
    assert _value(text) == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1, "y": 3},
        "d": {"x": 0, "y": 2},
        "<<": 4,
    }


def test_a_byte_order_mark_and_windows_line_ends_are_read(load_text) -> None:
    assert load_text("\ufeff" + SUITE.replace("\n", "\r\n")).cells == load_text(SUITE).cells


LAUGHS = "a0: &a0 [lol, lol]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 30)
)
BOMBS = {
    "billion laughs": (LAUGHS, "more than 20,000 values"),
    "merged laughs": (
        "a0: &a0 {x: 1}\n"
        + "".join(
            f"a{level}: &a{level} {{p: *a{level - 1}, q: *a{level - 1}}}\n"
            for level in range(1, 100)
        ),
        "nested more than|more than 20,000 values",
    ),
    "deep list": ("[" * 100_000, "nested more than 40 levels deep"),
    "deep mapping": ("{a: " * 50_000, "nested more than 40 levels deep"),
    "deep block": ("- " * 100_000, "nested more than 40 levels deep"),
    "deep keys": ("? " * 100_000, "nested more than 40 levels deep"),
    "flat list": ("[" + "0," * 120_000 + "]", "more than 20,000 values"),
    "many keys": ("".join(f"k{key}: 0\n" for key in range(25_000)), "more than 20,000 values"),
    "cycle": ("&a [*a]", "'a' contains itself"),
    "long number": ("seeds: " + "9" * 5000, "a whole number of 5000 characters"),
    "long fraction": ("seeds: 1/" + "9" * 5000, "a whole number of 5000 characters"),
    "long float": ("seeds: 1e" + "9" * 5000, "seeds.*got inf"),
    "large file": ("#" * 300_000, "larger than 256 KiB"),
    "long word": ("seeds: " + "a" * 200_000, "seeds"),
    "many anchors": ("".join(f"k{key}: &a{key} 0\n" for key in range(9_000)), "unknown key"),
    "long key": ("? " + "a" * 100_000 + "\n: 0\n", "a key of more than 200 characters"),
    "long quoted key": (f"{{'{'a' * 100_000}': 0}}", "a key of more than 200 characters"),
    "unknown keys": ("".join(f"k{key}: 0\n" for key in range(9_900)), "and 98.. more"),
    "percent": ("%YAML " + "9" * 5000 + ".1\n--- a", "not valid YAML"),
    "many seeds": (SUITE.replace("seeds: 2", "seeds: 999999999999999999"), "at most 100,000"),
    "deep override": (SUITE, "expected KEY.KEY=VALUE"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_seconds_where_it_would_take_minutes(load_text, name: str) -> None:
    text, words = BOMBS[name]
    overrides = [".".join(["a"] * 5000) + "=1"] if name == "deep override" else []
    started = time.process_time()
    with pytest.raises(BadInput, match=words):
        load_text(text, overrides=overrides)
    assert time.process_time() - started < 20


def test_a_bomb_on_the_command_line_is_refused_too(load_text) -> None:
    with pytest.raises(BadInput, match="nested more than 40 levels deep"):
        load_text(overrides=["seeds=" + "[" * 1000])


def test_a_tag_builds_nothing(load_text, tmp_path) -> None:
    text = SUITE + "title: !!python/object/apply:pathlib.Path.touch [made]\n"
    with pytest.raises(BadInput, match=r"s.yaml:12:8: a suite cannot use tags \(!\)"):
        load_text(text)
    assert not (tmp_path / "made").exists()
