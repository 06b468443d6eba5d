"""Every way a suite can be wrong, with the place and the words it is answered with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from poolbench.core.errors import BadInput

HEAD = """\
schema: 1
data: digits
model: wrn
recipe:
  epochs: 2
  batch_size: 32
  optimizer: {name: sgd, lr: 0.1}
seeds: 2
"""
GOOD = HEAD + "variants:\n  average: {pools: average}\n"


def _replaced(line: str, by: str) -> str:
    assert line in GOOD
    return GOOD.replace(line, by)


def _headlines(error: BadInput) -> list[str]:
    return [line for line in error.message.splitlines() if line.startswith(("s.yaml:", "--"))]


def _planted_faults() -> Iterator[tuple[str, str, str]]:
    """Yield what ``faults.txt`` replaces in the good suite, by what, and the fault it makes."""
    for record in (Path(__file__).parent / "faults.txt").read_text().split("\n\n"):
        lines: dict[str, list[str]] = {"-": [], "+": [], "!": []}
        for line in record.splitlines():
            lines[line[0]].append(line[2:])
        line_end = "" if lines["+"] else "\n"
        yield "\n".join(lines["-"]) + line_end, "\n".join(lines["+"]), lines["!"][0]


RAW_CHARACTERS = [
    ("seeds: 2", "title: a\x07b", "8:9: not valid YAML: the character U+0007 is not allowed"),
    (
        "seeds: 2",
        "seeds: 2\n\ttitle: a",
        "9:1: not valid YAML: found character '\\t' that cannot start any token",
    ),
]


def test_every_fault_of_one_choice_is_told_at_once(load_text) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(_replaced("model: wrn", "model: {name: wrn, depth: 2, colour: 1, width: 0}"))
    assert _headlines(caught.value) == [
        "s.yaml:3:27: wrn.depth: expected whole number >= 10, got 2",
        "s.yaml:3:30: unknown key 'colour' in wrn",
        "s.yaml:3:48: wrn.width: expected whole number >= 1, got 0",
    ]


def test_a_choice_that_is_nearly_right_is_advised_under_its_place(load_text) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(_replaced("pools: average", "pools: {name: lae, learn: chanel}"))
    assert caught.value.message.endswith("^^^^^^ did you mean 'channel'?")


@pytest.mark.parametrize(("line", "by", "fault"), [*_planted_faults(), *RAW_CHARACTERS])
def test_a_fault_is_told_at_its_place_and_alone(load_text, line: str, by: str, fault: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(_replaced(line, by))
    assert _headlines(caught.value) == [f"s.yaml:{fault}"]


def test_the_suite_that_the_faults_are_planted_in_is_in_order(load_text) -> None:
    assert len(load_text(GOOD).cells) == 2


def test_a_fault_shows_its_line_with_the_wrong_word_underlined_and_the_nearest_name(
    load_text,
) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(_replaced("{pools: average}", "{pools: lsee}"))
    headline, line, under = caught.value.message.splitlines()
    assert headline == "s.yaml:10:20: unknown operator 'lsee'"
    assert line == "  10 |   average: {pools: lsee}"
    assert under.startswith("     |                    ^^^^ did you mean 'lse'? known: average, ")
    assert line.index("lsee") == under.index("^^^^")


def test_a_fault_in_a_long_line_shows_the_part_around_it(load_text) -> None:
    comment = "x" * 300
    with pytest.raises(BadInput) as caught:
        load_text(_replaced("seeds: 2", f"seeds: 2\nsource: {{a: {comment}, table: [1]}}"))
    _, line, under = caught.value.message.splitlines()
    assert len(line) < 120
    assert line[under.index("^")] == "["


def test_a_site_that_an_option_switches_off_says_which_option(load_text) -> None:
    with pytest.raises(BadInput, match=r"it exists with `se: true` in the options of wrn"):
        load_text(_replaced("{pools: average}", "{pools: {se: lae}}"))


def test_all_faults_of_a_file_are_told_at_once_in_its_order(load_text) -> None:
    text = GOOD.replace("digits", "digit").replace("epochs: 2", "epochs: ten")
    text = text.replace("seeds: 2", "seeds: [1, 1]").replace("pools: average", "pools: averge")
    with pytest.raises(BadInput) as caught:
        load_text(text)
    places = [line.split(":")[1:3] for line in _headlines(caught.value)]
    assert places == [["2", "7"], ["5", "11"], ["8", "12"], ["10", "20"]]
    assert caught.value.hint == "nothing was run; fix the 4 errors above and try again"


def test_a_fault_that_all_variants_inherit_is_told_once(load_text) -> None:
    text = _replaced("lr: 0.1", "lr: -1") + "".join(
        f"  v{momentum}: {{recipe: {{optimizer: {{momentum: 0.{momentum}}}}}}}\n"
        for momentum in range(1, 9)
    )
    with pytest.raises(BadInput) as caught:
        load_text(text)
    assert _headlines(caught.value) == ["s.yaml:7:30: sgd.lr: expected number > 0, got -1"]


def test_hundreds_of_faults_are_counted_after_the_first_fifty(load_text) -> None:
    variants = "".join(f"  v{number}: {{pools: nothing{number}}}\n" for number in range(200))
    with pytest.raises(BadInput) as caught:
        load_text(HEAD + "variants:\n" + variants)
    assert len(_headlines(caught.value)) == 50
    assert caught.value.message.endswith("and 150 more")


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_an_empty_file_is_told_how_a_suite_starts(load_text, text: str) -> None:
    with pytest.raises(BadInput, match=r"s.yaml:1:1: the file is empty"):
        load_text(text)


@pytest.mark.parametrize(("text", "got"), [("[a]", "a list"), ("suite", "'suite'"), ("3", "3")])
def test_a_file_that_is_no_mapping_is_refused(load_text, text: str, got: str) -> None:
    with pytest.raises(BadInput, match=f"s.yaml:1:1: expected a mapping, got {got}"):
        load_text(text)


def test_published_values_of_two_data_sets_must_say_of_which(load_text) -> None:
    text = _replaced("data: digits", "data: [digits, cifar10]").replace(
        "seeds: 2", "seeds: 2\nanalysis: {published: {average: [1, 2]}}"
    )
    with pytest.raises(BadInput, match=r"s.yaml:9:12: published values for which data set\?"):
        load_text(text)


def test_a_missing_file_a_folder_and_a_file_in_another_encoding_are_told_apart(
    load_text, tmp_path: Path
) -> None:
    load_text()
    from poolbench.suite.load import load
    from tests.suite.small import CATALOGUES

    (tmp_path / "latin.yaml").write_bytes("title: é\n".encode("latin-1"))
    (tmp_path / "large.yaml").write_text("#" * 300_000)
    for name, words in (
        ("absent.yaml", "there is no file absent.yaml"),
        (".", ". is a directory"),
        ("latin.yaml", "latin.yaml is not UTF-8: byte 7 is 0xe9"),
        ("large.yaml", "large.yaml is larger than 256 KiB"),
        ("a\0b", "a\0b"),
    ):
        with pytest.raises(BadInput) as caught:
            load(Path(name), catalogues=CATALOGUES, fingerprint=str)
        assert words in caught.value.message
        assert caught.value.hint
