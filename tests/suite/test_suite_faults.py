"""Every way a suite can be wrong, with the place and the words it is answered with."""

from __future__ import annotations

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


ONE_FAULT = [
    ("{pools: average}", "{pools: lsee}", "10:20: unknown operator 'lsee'"),
    ("{pools: average}", "{pools: {heda: lae}}", "10:21: wrn has no site 'heda'"),
    ("{pools: average}", "{pools: {se: lae}}", "10:21: wrn has no site 'se'"),
    (
        "{pools: average}",
        "{pools: conv}",
        "10:20: operator 'conv' does not fit site 'head' of wrn: "
        "it is windowed only, the site is global",
    ),
    (
        "{pools: average}",
        "{pools: {head: {name: lae, temperature: -1}}}",
        "10:52: lae.temperature: expected number > 0, got -1",
    ),
    (
        "{pools: average}",
        "{pools: {head: {name: lae, temprature: 1}}}",
        "10:39: unknown key 'temprature' in lae",
    ),
    (
        "{pools: average}",
        "{pools: {name: lae, learn: layers}}",
        "10:39: lae.learn: expected none | layer | channel, got 'layers'",
    ),
    ("{pools: average}", "{pools: [lae]}", "10:20: operator: expected a name, got a list"),
    ("{pools: average}", "{pools: {head: {}}}", "10:27: operator: the name is missing"),
    ("{pools: average}", "{pool: average}", "10:13: unknown key 'pool' in variants.average"),
    ("{pools: average}", "3", "10:12: variants.average: expected a mapping, got 3"),
    ("{pools: average}", "{recipe: 3}", "10:21: recipe: expected a mapping, got 3"),
    (
        "{pools: average}",
        "{recipe: {epochs: 0}}",
        "10:30: recipe.epochs: expected whole number >= 1, got 0",
    ),
    ("  average: {pools: average}", "  {}", "10:3: variants: expected a mapping with at least one "
     "variant, got an empty mapping"),
    ("  average: {pools", "  '': {pools", "10:3: '' is no name of a variant"),
    ("  average: {pools", '  "a\\tb": {pools', "10:3: 'a\\tb' is no name of a variant"),
    (
        "{pools: average}\n",
        "{pools: average}\n  mean: {pools: {head: average}}\n",
        "11:3: variants 'average' and 'mean' describe the same training",
    ),
    ("schema: 1\n", "", "1:1: schema is missing"),
    ("schema: 1", "schema: true", "1:9: schema: expected 1, got true"),
    ("schema: 1", "schema: 2\nprobes: {}", "1:9: written for a newer version: schema 2, "
     "this one reads 1"),
    ("model: wrn\n", "", "1:1: model is missing"),
    ("seeds: 2", "sedes: 2\nseeds: 2", "8:1: unknown key 'sedes' in the suite"),
    ("seeds: 2", "seeds: 2\nprobes: {}", "9:1: unknown key 'probes' in the suite"),
    ("data: digits", "data: digit", "2:7: unknown data set 'digit'"),
    ("data: digits", "data: {limit: 5}", "2:7: data set: the name is missing"),
    ("data: digits", "data: []", "2:7: data: expected at least one data set, got an empty list"),
    ("data: digits", "data: {name: digits, limit: 0}", "2:29: digits.limit: expected whole number "
     ">= 1, got 0"),
    ("data: digits", "data: {name: digits, validation: 1}", "2:34: digits.validation: expected "
     "fraction >= 0 and < 1, got 1"),
    ("data: digits", "data: {name: digits, augment: flop}", "2:31: unknown augmentation 'flop'"),
    ("data: digits", "data: {name: digits, augment: [flip, {name: crop, padding: 1.5}]}",
     "2:60: crop.padding: expected whole number >= 0, got 1.5"),
    ("data: digits", "data: [digits, {name: digits, limit: 9}]",
     "2:23: the data set 'digits' is given twice"),
    ("model: wrn", "model: wnr", "3:8: unknown model 'wnr'"),
    ("model: wrn", "model: {name: wrn, depth: 10.0}", "3:27: wrn.depth: expected whole number "
     ">= 10, got 10.0"),
    ("model: wrn", "model: {name: wrn, se: yes}", "3:24: wrn.se: expected true | false, got 'yes'"),
    ("data: digits\nmodel: wrn", "data: cifar10\nmodel: lenet", "3:8: lenet takes images of "
     "1x28x28, those of cifar10 are 3x32x32"),
    ("  epochs: 2\n", "", "4:1: recipe.epochs is missing"),
    ("epochs: 2", "epochs: ten", "5:11: recipe.epochs: expected whole number >= 1, got 'ten'"),
    ("epochs: 2", "epochs: 1e1", "5:11: recipe.epochs: expected whole number >= 1, got 10.0"),
    ("batch_size: 32", "batch_size: [32]", "6:15: recipe.batch_size: expected whole number >= 1, "
     "got a list"),
    ("name: sgd", "name: sgdd", "7:21: unknown optimizer 'sgdd'"),
    (", lr: 0.1", "", "7:3: sgd.lr is missing"),
    ("lr: 0.1", "lr: 1e999", "7:30: sgd.lr: expected number > 0, got inf"),
    ("lr: 0.1", "lr: 8/0", "7:30: 8/0 divides by zero"),
    ("epochs: 2", "epochs: 2\n  schedule: rmap", "6:13: unknown schedule 'rmap'"),
    ("epochs: 2", "epochs: 2\n  label_smoothing: 1", "6:20: recipe.label_smoothing: expected "
     "number >= 0 and < 1, got 1"),
    ("epochs: 2", "epochs: 2\n  pool_lr_factor: 0", "6:19: recipe.pool_lr_factor: expected "
     "number > 0, got 0"),
    ("seeds: 2", "seeds: 0", "8:8: seeds: expected whole number >= 1, got 0"),
    ("seeds: 2", "seeds: [1, 2, 1]", "8:15: seed 1 is given twice"),
    ("seeds: 2", "seeds: [1, -2]", "8:12: seeds: expected different whole numbers >= 0, "
     "at least one, got -2"),
    ("seeds: 2", "seeds: {start: 2}", "8:1: seeds.count is missing"),
    ("seeds: 2", "seeds: 1000000000", "8:8: 1,000,000,000 cells; at most 100,000 fit a suite"),
    ("seeds: 2", "seeds: " + "9" * 19, "8:8: a whole number of 19 characters; at most 18 fit"),
    ("seeds: 2", "seeds: 2\nbaseline: averge", "9:11: the baseline 'averge' is no variant"),
    ("seeds: 2", "seeds: 2\ntitle: 2021", "9:8: title: expected text in one line, in quotes, "
     "got 2021"),
    ("seeds: 2", "seeds: 2\nsource: {table: [1]}", "9:17: source: expected a mapping of texts and "
     "numbers, got a list"),
    ("seeds: 2", "seeds: 2\nanalysis: {metric: eror}", "9:20: analysis.metric: expected "
     "accuracy | error, got 'eror'"),
    ("seeds: 2", "seeds: 2\nanalysis: {alpha: 0}", "9:19: analysis.alpha: expected number > 0 "
     "and < 1, got 0"),
    ("seeds: 2", "seeds: 2\nanalysis: {published: {averag: [1, 2]}}",
     "9:24: published value for unknown variant 'averag'"),
    ("seeds: 2", "seeds: 2\nanalysis: {published: {average: [1]}}",
     "9:33: analysis.published: expected [mean, standard deviation] in per cent, got a list"),
    ("seeds: 2", "seeds: 2\nanalysis: {published: {digit: {average: [1, 2]}}}",
     "9:24: published values for unknown data set 'digit'"),
    ("seeds: 2", "seeds: 2\nexecution: {device: gpu}", "9:21: execution.device: expected "
     "auto | cpu | cuda | cuda:N, got 'gpu'"),
    ("seeds: 2", "seeds: 2\nexecution: {jobs: many}", "9:19: execution.jobs: expected "
     "auto | whole number >= 1, got 'many'"),
    ("seeds: 2", "seeds: 2\nexecution: {precision: fp16}", "9:24: execution.precision: expected "
     "fp32 | bf16, got 'fp16'"),
    ("seeds: 2", "seeds: 2\nprofiles: {smoke: 3}", "9:19: profiles.smoke: expected a mapping, "
     "got 3"),
    ("seeds: 2", "seeds: 2\nseeds: 3", "9:1: duplicate key 'seeds'"),
    ("lr: 0.1", "lr: 0.1, lr: 0.2", "7:35: duplicate key 'lr'"),
    ("seeds: 2", "seeds: !!str 2", "8:8: tags (!) are not read in a "
     "suite"),
    ("seeds: 2", "seeds: 2\n? [a]\n: 3", "9:3: a key must be text"),
    ("seeds: 2", "seeds: 2\n---\nseeds: 3", "9:1: a second YAML document"),
    ("seeds: 2", "seeds: *two", "8:8: unknown anchor 'two'"),
    ("seeds: 2", "seeds: &a [*a]", "8:12: 'a' contains itself"),
    ("seeds: 2", "<<: 3\nseeds: 2", "8:5: '<<' takes mappings, not 3"),
    ("seeds: 2", 'seeds: 2\ntitle: "\\ud800"', "9:8: text with half a character (a lone surrogate)"),
    ("seeds: 2", 'seeds: 2\ntitle: "\\UFFFFFFFF"', "1:1: not valid YAML: an escape names no "
     "character"),
    ("seeds: 2", "seeds: 2\ntitle: a\x07b", "9:9: not valid YAML: the character U+0007 is not allowed"),
    ("seeds: 2", "seeds: 2\ntitle: a: b", "9:9: not valid YAML: mapping values are not allowed "
     "here"),
    ("seeds: 2", "seeds: 2\n\ttitle: a", "9:1: not valid YAML: found character '\\t' that cannot "
     "start any token"),
    ("seeds: 2", "seeds: [1, 2", "9:9: not valid YAML: expected ',' or ']', but got ':'"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "by", "fault"), ONE_FAULT, ids=lambda value: str(value)[:40])
def test_a_fault_is_told_at_its_place_and_alone(load_text, line: str, by: str, fault: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_text(_replaced(line, by))
    extra = {f"s.yaml:{fault}"} ^ set(_headlines(caught.value))
    assert not extra


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
    assert caught.value.hint == "nothing was run; correct the 4 places above and try again"


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
    with pytest.raises(BadInput, match="the file is empty"):
        load_text(text)


@pytest.mark.parametrize(("text", "got"), [("[a]", "a list"), ("suite", "'suite'"), ("3", "3")])
def test_a_file_that_is_no_mapping_is_refused(load_text, text: str, got: str) -> None:
    with pytest.raises(BadInput, match=f"s.yaml:1:1: expected a mapping, got {got}"):
        load_text(text)


def test_published_values_of_two_data_sets_must_say_of_which(load_text) -> None:
    text = _replaced("data: digits", "data: [digits, cifar10]").replace(
        "seeds: 2", "seeds: 2\nanalysis: {published: {average: [1, 2]}}"
    )
    with pytest.raises(BadInput, match=r"s.yaml:9:12: published values of which data set\?"):
        load_text(text)


def test_a_missing_file_a_folder_and_a_file_in_another_encoding_are_told_apart(
    load_text, tmp_path: Path
) -> None:
    load_text()
    from conftest import CATALOGUES

    from poolbench.suite.load import load

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
