"""A plug-in's data set is identified by its declared checksum, its files, or its images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import poolbench as pb
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.named import Named
from poolbench.core.plugins import load_plugins
from poolbench.data.fingerprint import fingerprint
from poolbench.data.presence import is_here
from tests.conftest import TINY, Done

PLUGIN = """\
import numpy as np
from poolbench.core.catalogue import DataEntry
from poolbench.core.errors import EnvironmentFault
from poolbench.core.options import Option
from poolbench.data import DATASETS
from poolbench.data.arrays import Arrays
from poolbench.data.data_files import DataFiles


def read(*, root, download, level=7):
    images = np.full((40, 8, 8, 1), level, np.uint8)
    images[::2, 2:5] = 200
    labels = np.arange(40) % 2
    return Arrays(train_images=images, train_labels=labels, test_images=images,
                  test_labels=labels, classes=("even", "odd"))


def find(source, root):
    if root is None or not (root / "blobs.bin").exists():
        raise EnvironmentFault("blobs.bin is missing", "put it below the data root")
    return DataFiles(base=root, paths=(root / "blobs.bin",))


def count(source):
    return 40, 40


DATASETS.add("blobs", DataEntry(target=f"{__name__}:read", summary="two kinds of blobs", FIELDS))
"""
LEVEL = 'options={"level": Option(kind=int, default=7, minimum=0, maximum=100)}'
SOURCE = Named(name="blobs", options={})


@pytest.fixture
def blobs(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the plug-in with the given fields."""

    def make(*fields: str) -> Path:
        path = tmp_path / "blobs.py"
        path.write_text(PLUGIN.replace("FIELDS", ", ".join(fields)))
        load_plugins([str(path)])
        return path

    return make


def test_without_checksum_and_files_it_is_identified_by_its_images(
    blobs: Callable[..., Path],
) -> None:
    blobs(LEVEL)
    of = [fingerprint(Named(name="blobs", options={"level": n}), None) for n in (7, 8, 7)]
    assert of[0] == of[2] != of[1]
    assert is_here(SOURCE, None)


def test_with_files_it_is_identified_by_them_and_said_to_be_missing(
    blobs: Callable[..., Path], tmp_path: Path
) -> None:
    blobs('find=f"{__name__}:find"')
    assert not is_here(SOURCE, tmp_path)
    with pytest.raises(EnvironmentFault, match=r"blobs\.bin is missing"):
        fingerprint(SOURCE, tmp_path)
    (tmp_path / "blobs.bin").write_bytes(b"one")
    assert is_here(SOURCE, tmp_path)
    first = fingerprint(SOURCE, tmp_path)
    (tmp_path / "blobs.bin").write_bytes(b"other")
    assert fingerprint(SOURCE, tmp_path) != first


def test_with_a_checksum_nothing_is_read(blobs: Callable[..., Path]) -> None:
    blobs('checksum="abc"')
    assert fingerprint(SOURCE, None) == "abc"


def test_a_reader_of_something_else_is_refused(
    blobs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "PLUGIN", PLUGIN.replace("return Arrays(", "return dict("))
    blobs()
    with pytest.raises(BadInput, match="returned a dict"):
        fingerprint(SOURCE, None)


def test_a_checksum_beside_a_path_is_refused(blobs: Callable[..., Path]) -> None:
    with pytest.raises(BadInput, match=r"has a checksum and an option `path`"):
        blobs('checksum="abc"', 'options={"path": Option(kind=str)}')


def test_it_is_trained_on_listed_counted_and_examined(
    poolbench: Callable[..., Done], blobs: Callable[..., Path], tiny: Path
) -> None:
    from poolbench.assembly.flop_counts import FlopCounts

    path = blobs(LEVEL, 'counts_of=f"{__name__}:count"')
    tiny.write_text(TINY.replace("{name: digits, limit: 200}", "{name: blobs, level: 9}"))
    one = ("--plugin", path, "--only", "average@0")
    done = poolbench("train", tiny, "--engine", "inline", *one)
    assert done.code == 0, done.err
    assert "Tiny · blobs" in done.out
    assert "blobs" in poolbench("doctor", "--plugin", path, "--format", "csv").out
    shown = poolbench("list", "data", "blobs", "--plugin", path).out
    assert "level" in shown
    assert "blobs.py (sha256:" in shown
    assert FlopCounts().of(pb.load_suite(tiny)) is not None


LAYOUT = """\
from poolbench.core.catalogue import PictureEntry
from poolbench.core.options import Option
from poolbench.data import DATASETS
from poolbench.data.file_hashes import hash_files
from poolbench.data.layouts.listing import Labelled, listing_of
from poolbench.data.pictures.source import PictureFile


def find(source, root):
    hashes = hash_files(root, sorted(root.glob("*.png")))
    pictures = [
        Labelled(PictureFile(root / name, sha256), name, name.split("-")[0], "train")
        for name, sha256 in hashes.items()
    ]
    return listing_of(root, pictures, fraction=0.5)


DATASETS.add("named", PictureEntry(
    target="poolbench.data.layouts.reading:read_listing",
    summary="pictures named after their class",
    options={"size_px": Option(kind=int, default=8)},
    FIELDS
))
"""


def test_a_layout_of_pictures_takes_a_function_that_finds_them(
    poolbench: Callable[..., Done], tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    for label in ("ant", "bee"):
        for number in range(10):
            shade = (40 * (label == "bee"), 5 * number, 0)
            Image.new("RGB", (9, 12), shade).save(tmp_path / "pictures" / f"{label}-{number}.png")
    path = tmp_path / "named.py"
    path.write_text(LAYOUT.replace("FIELDS", "find=f'{__name__}:find',"))
    tiny.write_text(TINY.replace("{name: digits, limit: 200}", "named"))
    options = ("--plugin", path, "--data-root", tmp_path / "pictures", "--only", "average@0")
    done = poolbench("train", tiny, "--engine", "inline", *options)
    assert done.code == 0, done.err
    assert "Tiny · named" in done.out
    told = " ".join((poolbench("plan", tiny, *options[:4]).out).split())
    assert "Classes of named: ant, bee" in told


def test_pictures_that_nothing_finds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "named.py").write_text(LAYOUT.replace("FIELDS", ""))
    with pytest.raises(BadInput, match="is of pictures, and has no `find`"):
        load_plugins([str(tmp_path / "named.py")])


@pytest.mark.parametrize("fields", [(), ("shape=(1, 8, 8)",)])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_checkpoint_is_not_refused_for_what_is_unknown_before_the_images_are_read(
    poolbench: Callable[..., Done],
    blobs: Callable[..., Path],
    tmp_path: Path,
    classes: int,
    fields: tuple[str, ...],
) -> None:
    import torch

    plugin = ("--plugin", blobs(*fields))
    body = pb.model("wrn", depth=8, width=1, in_channels=1, image_size=8, num_classes=classes)
    torch.save(body.state_dict(), tmp_path / "net.pt")
    asked = ["--model", "{name: wrn, depth: 8, width: 1}", "--data", "blobs", "--normalise", "data"]
    done = poolbench("evaluate", "net.pt", *asked, *plugin, "--pools", "head=max", "-j", 1)
    if classes == 2:  # as many as the images turn out to have
        assert done.code == 0, done.err
    else:
        assert done.code == 3
        assert "the classifier of the weights has 3 classes, the data have 2" in done.err


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ((), "Whether net.pt fits is known once the images of blobs are read"),
        (
            ("shape=(1, 8, 8)",),
            "The classifier starts from net.pt if the data have 2 classes, and random otherwise",
        ),
    ],
)
def test_a_plan_says_what_of_weights_is_unknown_before_the_images_are_read(
    poolbench: Callable[..., Done],
    blobs: Callable[..., Path],
    tiny: Path,
    fields: tuple[str, ...],
    told: str,
) -> None:
    import torch

    body = pb.model("wrn", depth=8, width=1, in_channels=1, image_size=32, num_classes=2)
    torch.save(body.state_dict(), tiny.parent / "net.pt")
    tiny.write_text(
        TINY.replace("{name: digits, limit: 200}", "{name: blobs}").replace(
            "width: 1}", "width: 1, weights: {file: net.pt, normalise: data}}"
        )
    )
    done = poolbench("plan", tiny, "--plugin", blobs(*fields), "--data-root", tiny.parent)
    assert done.code == 0, done.err
    assert told in " ".join((done.out + done.err).split())
