"""The bytes of documents: other programs read them, and checksums are of them."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest

from poolbench.core.record import Epoch, Timing
from poolbench.store.documents import (
    Damaged,
    epochs_from_lines,
    seal,
    timings_from_lines,
    to_bytes,
    to_lines,
    unseal,
)


def test_a_document_is_indented_json_in_utf_8() -> None:
    assert to_bytes({"name": "é", "n": [1]}) == '{\n "name": "é",\n "n": [\n  1\n ]\n}\n'.encode()


def test_a_seal_is_the_sha256_of_the_content_in_one_spelling() -> None:
    expected = hashlib.sha256(b'{"a":1,"b":[2,null]}').hexdigest()
    for document in ({"a": 1, "b": (2, None)}, {"b": [2, None], "a": 1}):
        sealed = json.loads(seal(document))
        assert sealed.pop("sha256") == expected
        assert sealed == {"a": 1, "b": [2, None]}
        assert unseal(seal(document)) == sealed


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"{}", b'{"sha256": ""}'])
def test_what_was_never_sealed_is_damaged(data: bytes) -> None:
    with pytest.raises(Damaged):
        unseal(data)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_file_holds_what_json_has_no_number_for(value: float) -> None:
    timing = Timing(epoch=1, duration_s=value, images=1)
    writers: list[tuple[Any, Any]] = [
        (to_bytes, {"x": value}), (seal, {"x": value}), (to_lines, [timing])
    ]  # fmt: skip
    for write, document in writers:
        with pytest.raises(ValueError, match="not JSON compliant"):
            write(document)


def test_lines_name_their_fields_in_order_and_are_read_back() -> None:
    epochs = [
        Epoch(epoch=k, loss=0.5, lr=0.1, validation_accuracy=None, pooling={"b": 1.0, "a": 2.0})
        for k in (1, 2)
    ]
    first, second, end = to_lines(epochs).split(b"\n")
    assert first == (
        b'{"epoch": 1, "loss": 0.5, "lr": 0.1, "pooling": {"a": 2.0, "b": 1.0}, '
        b'"validation_accuracy": null}'
    )
    assert (json.loads(second)["epoch"], end) == (2, b"")
    assert epochs_from_lines(to_lines(epochs)) == tuple(epochs)
    timings = (Timing(epoch=1, duration_s=2.0, images=100),)
    assert timings_from_lines(to_lines(timings)) == timings
