from __future__ import annotations

import gzip
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from poolbench.core.errors import EnvironmentFault
from poolbench.data import DATASETS
from poolbench.data.mnist import read_idx
from poolbench.data.official import CIFAR10, CIFAR100, MNIST, OfficialFiles

# MD5 of "hello" and "world", from the coreutils' md5sum.
SMALL = OfficialFiles(
    dataset="small",
    folder="files",
    md5={"a": "5d41402abc4b2a76b9719d911017c592", "b": "7d793037a0760186574b0282f2f435e7"},
)


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, kind, array.ndim]) + lengths + array.tobytes()


def test_our_md5s_are_those_torchvision_knows() -> None:
    assert dict(datasets.MNIST.resources) == MNIST.md5
    for files, published in ((CIFAR10, datasets.CIFAR10), (CIFAR100, datasets.CIFAR100)):
        known = dict([*published.train_list, *published.test_list])
        known[published.meta["filename"]] = published.meta["md5"]
        assert known == files.md5
        assert published.base_folder == files.folder


@pytest.mark.parametrize("files", [MNIST, CIFAR10, CIFAR100], ids=lambda files: files.dataset)
def test_a_missing_set_names_every_file_and_what_to_do(
    files: OfficialFiles, tmp_path: Path
) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        DATASETS.resolve(files.dataset)(root=tmp_path, download=False)
    for name in files.md5:
        assert str(tmp_path / files.folder / name) in caught.value.message
    assert caught.value.exit_code == 6
    for advice in ("--data-root", "POOLBENCH_DATA", "--download"):
        assert advice in caught.value.hint


def test_only_the_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(b"hello")
    with pytest.raises(EnvironmentFault) as caught:
        SMALL.verify(tmp_path)
    assert str(tmp_path / "files" / "b") in caught.value.message
    assert str(tmp_path / "files" / "a") not in caught.value.message


@pytest.mark.parametrize("content", [b"World", b"worl", b"", b"<html>not found</html>"])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(b"hello")
    (tmp_path / "files" / "b").write_bytes(b"world")
    SMALL.verify(tmp_path)
    (tmp_path / "files" / "b").write_bytes(content)
    with pytest.raises(EnvironmentFault, match="files/b is damaged"):
        SMALL.verify(tmp_path)


def test_a_damaged_mnist_is_refused(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in MNIST.md5:
        (raw / name).write_bytes(gzip.compress(idx(np.zeros((2, 28, 28), np.uint8))))
    with pytest.raises(EnvironmentFault, match=r"train-images-idx3-ubyte\.gz is damaged"):
        DATASETS.resolve("mnist")(root=tmp_path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_idx_file_is_read_as_written(suffix: str, tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    path = tmp_path / f"images{suffix}"
    path.write_bytes(gzip.compress(idx(array)) if suffix else idx(array))
    assert np.array_equal(read_idx(path), array)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0",
        idx(np.zeros((2, 3), np.uint8))[:-1],
        idx(np.zeros((2, 3), np.uint8)) + b"\0",
        idx(np.zeros((2, 3), np.uint8), kind=13),
        b"<html>not found</html>",
    ],
)
def test_a_file_that_is_no_idx_array_is_named(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(data)
    with pytest.raises(EnvironmentFault, match="images is not an IDX file"):
        read_idx(path)


def test_a_cut_gzip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx(np.zeros((20, 30), np.uint8)))[:-9])
    with pytest.raises(EnvironmentFault, match=r"images\.gz is not an IDX file"):
        read_idx(path)


def test_a_download_without_a_server_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = (tmp_path / "nowhere").as_uri()
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{nowhere}/"])
    monkeypatch.setattr(datasets.CIFAR10, "url", f"{nowhere}/cifar-10-python.tar.gz")
    for name in ("mnist", "cifar10"):
        with pytest.raises(EnvironmentFault, match=f"cannot download '{name}'") as caught:
            DATASETS.resolve(name)(root=tmp_path / "data", download=True)
        assert "by hand" in caught.value.hint


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def mirror(published: Path) -> Iterator[str]:
    """Address of a server on this machine that hands out the real files of MNIST."""
    handler = partial(Silent, directory=str(published / MNIST.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_mnist_is_downloaded_once_and_read(
    mirror: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(datasets.MNIST, "mirrors", [mirror])
    first = DATASETS.resolve("mnist")(root=tmp_path / "data", download=True)
    monkeypatch.setattr(datasets.MNIST, "mirrors", [])
    again = DATASETS.resolve("mnist")(root=tmp_path / "data", download=True)
    assert first.digest() == again.digest()
    assert capsys.readouterr().out == ""


def test_a_download_replaces_a_damaged_file(
    mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.MNIST, "mirrors", [mirror])
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "t10k-images-idx3-ubyte.gz").write_bytes(b"<html>try again later</html>")
    arrays = DATASETS.resolve("mnist")(root=tmp_path, download=True)
    assert arrays.test_images.shape == (10000, 28, 28, 1)


def test_real_mnist_is_what_torchvision_reads(published: Path, tmp_path: Path) -> None:
    arrays = DATASETS.resolve("mnist")(root=published)
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in MNIST.md5:
        (raw / name[:-3]).write_bytes(
            gzip.decompress((published / MNIST.folder / name).read_bytes())
        )
    train = datasets.MNIST(str(tmp_path), train=True)
    assert np.array_equal(arrays.train_images[..., 0], train.data.numpy())
    assert np.array_equal(arrays.train_labels, train.targets.numpy())
    assert arrays.test_images.shape == (10000, 28, 28, 1)
    unpacked = DATASETS.resolve("mnist")(root=tmp_path)
    assert unpacked.digest() == arrays.digest()


def test_real_cifar10_has_a_thousand_test_images_a_class(published: Path) -> None:
    arrays = DATASETS.resolve("cifar10")(root=published)
    assert arrays.train_images.shape == (50000, 32, 32, 3)
    assert np.bincount(arrays.test_labels).tolist() == [1000] * 10
    assert arrays.classes[:2] == ("airplane", "automobile")
    # The published channel means of the training images.
    mean = arrays.train_images.mean((0, 1, 2)) / 255
    assert mean == pytest.approx([0.4914, 0.4822, 0.4465], abs=1e-4)


def test_a_damaged_copy_of_cifar10_is_named(published: Path, tmp_path: Path) -> None:
    shutil.copytree(published / CIFAR10.folder, tmp_path / CIFAR10.folder)
    with (tmp_path / CIFAR10.folder / "data_batch_3").open("r+b") as file:
        file.seek(12345)
        file.write(b"\xff\x00\xff")
    with pytest.raises(EnvironmentFault, match="data_batch_3 is damaged"):
        DATASETS.resolve("cifar10")(root=tmp_path)
