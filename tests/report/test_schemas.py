"""What programs read is what the schemas say, and the schemas say something."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, validators

from poolbench.app.baseline_file import read_baseline
from poolbench.core.errors import BadInput
from poolbench.report.schemas import SCHEMAS, schema_text
from tests.app.stores import a_store, probed
from tests.conftest import Done
from tests.documents import altered, sealed

Program = Callable[..., Done]
COUNTS = {
    "average": [180, 181, 182, 184],
    "max": [150, 151, None, "-"],
    "lae": [190, 191, 192, 193],
}
PROBED = {"min": [100, 110], "median": [120, None]}


def faults(name: str, document: Any) -> list[str]:
    validator = Draft202012Validator(json.loads(schema_text(name)))
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_sound_and_printed_by_list(name: str, poolbench: Program) -> None:
    Draft202012Validator.check_schema(json.loads(schema_text(name)))
    assert poolbench("list", "schemas", name).out == schema_text(name)
    assert name in poolbench("list", "schemas").out
    assert poolbench("list", "schemas", "table").code == 2


@pytest.mark.parametrize(
    "command",
    [
        ("report",),
        ("report", "--margin", "0.5", "--rule", "holm", "--alpha", "0.2"),
        ("compare", "--fail-if", "accuracy < baseline - 1pp", "--allow", "diverged"),
        ("compare", "runs", "runs"),
        ("list",),
        ("list", "models", "wrn"),
        ("list", "runs"),
    ],
    ids=" ".join,
)
def test_every_json_of_a_command_is_what_the_schema_says(
    command: tuple[str, ...], poolbench: Program, tmp_path: Path
) -> None:
    published = {"digits": {"max": (98.5, 0.25)}}
    a_store(tmp_path / "runs", COUNTS, published=published)
    study = a_store(tmp_path / "runs", PROBED, title="Another study")
    probed(tmp_path / "runs", study, PROBED)
    done = poolbench(*command, "--format", "json")
    assert done.code == 0, done.err
    assert faults("tables", json.loads(done.out)) == []


def test_a_document_that_strays_from_the_schema_is_told(poolbench: Program, tmp_path: Path) -> None:
    a_store(tmp_path / "runs", COUNTS)
    document = json.loads(poolbench("report", "--format", "json").out)

    def changed(change: Callable[[dict[str, Any]], object]) -> Any:
        copied = copy.deepcopy(document)
        change(copied["tables"][0])
        return copied

    for change in (
        lambda table: table.pop("notes"),
        lambda table: table.update(footnotes=[]),
        lambda table: table["rows"][0].update(accuracy_mean=[1]),
        lambda table: table["detail"]["variants"][0].pop("values"),
        lambda table: table["detail"]["variants"][0].update(statuses=["fine"]),
        lambda table: table["detail"]["pairs"][0].update(p=1.5),
        lambda table: table["detail"].update(metric="loss"),
    ):
        assert faults("tables", changed(change))


def test_a_frozen_baseline_is_what_its_schema_says(poolbench: Program, tmp_path: Path) -> None:
    a_store(tmp_path / "runs", COUNTS)
    poolbench("store", "freeze", "-o", "b.json")
    document = json.loads((tmp_path / "b.json").read_text())
    assert faults("baseline", document) == []
    seeds = document["studies"][0]["conditions"][1]["seeds"]
    assert [seed["status"] for seed in seeds] == ["ok", "ok", "diverged", "missing"]
    assert [sorted(seed["values"]) for seed in seeds] == [
        ["accuracy", "error", "parameters"], ["accuracy", "error", "parameters"],
        ["parameters"], [],
    ]  # fmt: skip
    del document["studies"][0]["versions"]
    assert faults("baseline", document)


# Limits that the schema states in words.
_BEYOND_SCHEMAS = ("fit_64_bits", "recursion limit", "922337203685477", "17976931348623157")
# To JSON Schema 1.0 is an integer.
_STRICT = validators.extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ),
)


def test_the_schema_of_a_baseline_and_its_reader_agree(poolbench: Program, tmp_path: Path) -> None:
    published = {"digits": {"max": (98.5, 0.25)}}
    study = a_store(tmp_path / "runs", COUNTS, published=published, planned=(("max", "lae"),))
    probed(tmp_path / "runs", replace(study, cells=study.cells[:1]), {"average": [100]})
    poolbench("store", "freeze", "-o", "b.json")
    whole = json.loads((tmp_path / "b.json").read_text())
    check = _STRICT(json.loads(schema_text("baseline")))
    draw, outcomes = random.Random(17), Counter[tuple[bool, bool]]()
    documents = [altered(whole, draw) for _ in range(400)]
    for key in whole["studies"][0]["analysis"]:
        for value in (None, True, 0.5, -1, 2, "x", [], {}, [["x"]], {"x": {"x": [1]}}):
            documents.append(copy.deepcopy(whole))
            documents[-1]["studies"][0]["analysis"][key] = value
    for document in documents:
        data = sealed(document)
        (tmp_path / "b.json").write_bytes(data)
        try:
            _, newer = read_baseline(tmp_path / "b.json")
            is_read = True
        except BadInput as error:
            if any(words in error.message for words in _BEYOND_SCHEMAS):
                continue
            is_read, newer = False, ()
        is_valid = check.is_valid(json.loads(data))
        outcomes[is_valid, is_read] += 1
        # What the schema allows is read. The reader takes more: what older versions left out, and
        # what newer ones add.
        assert is_read or not is_valid, document
        assert not (is_valid and newer), newer
    assert min(outcomes[True, True], outcomes[False, False]) > 50, outcomes
