"""The published files of the classic data sets: their names and checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock

from poolbench.core.errors import EnvironmentFault
from poolbench.core.named import Named
from poolbench.core.user_cache import cache_folder
from poolbench.data.data_files import DataFiles

_md5 = partial(hashlib.md5, usedforsecurity=False)


@dataclass(frozen=True, kw_only=True)
class OfficialFiles:
    """The files of a data set as its authors published them.

    Args:
        dataset: Name in the catalogue.
        folder: Their folder below the data root, as in torchvision.
        md5: Published MD5 of each file, by file name.
    """

    dataset: str
    folder: str
    md5: Mapping[str, str]

    @property
    def checksum(self) -> str:
        """SHA-256 over the files' names and MD5s."""
        lines = "".join(f"{md5}  {name}\n" for name, md5 in self.md5.items())
        return hashlib.sha256(lines.encode()).hexdigest()

    def missing(self, root: Path) -> list[Path]:
        """Return the files that are missing below ``root``."""
        paths = [root / self.folder / name for name in self.md5]
        return [path for path in paths if not path.is_file()]

    def find(self, root: Path) -> DataFiles:
        """Return the files, unread.

        Raises:
            EnvironmentFault: Files are missing; all of them are named.
        """
        if missing := self.missing(root):
            listing = "\n  ".join(str(path) for path in missing)
            raise EnvironmentFault(
                f"the data set '{self.dataset}' is not on this machine; missing:\n  {listing}",
                "put the files there, name the folder that contains them with --data-root "
                "(or POOLBENCH_DATA), or add --download",
            )
        base = root / self.folder
        return DataFiles(base=base, paths=tuple(base / name for name in self.md5))

    def verify(self, root: Path) -> None:
        """Check that every file is there and is the published one.

        Raises:
            EnvironmentFault: Files are missing (all are named), or one is damaged.
        """
        self.find(root)
        for name, md5 in self.md5.items():
            path = root / self.folder / name
            with path.open("rb") as file:
                found = hashlib.file_digest(file, _md5).hexdigest()
            if found != md5:
                raise EnvironmentFault(
                    f"{path} is damaged: its MD5 is {found}, the published one is {md5}",
                    "delete it, then copy it again or add --download",
                )


def require(
    files: OfficialFiles, root: Path, *, download: bool, fetch: Callable[[Path], None]
) -> None:
    """Make sure that the files exist and are undamaged; download them first if that is allowed.

    Args:
        files: The files needed.
        root: The data root.
        download: Whether missing or damaged files may be downloaded.
        fetch: Downloads the files to the root it is given.

    Raises:
        EnvironmentFault: They are missing or damaged, or cannot be downloaded.
    """
    try:
        files.verify(root)
    except EnvironmentFault:
        if not download:
            raise
        _fetch_once(files, root, fetch)
        files.verify(root)


def files_root(root: Path | None) -> Path:
    """Return the folder of published files: the user's root, or one in the cache folder."""
    return root if root is not None else cache_folder() / "datasets"


def _fetch_once(files: OfficialFiles, root: Path, fetch: Callable[[Path], None]) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        # Several workers may start on one empty root; the first downloads, the others wait for it.
        with FileLock(root / f".{files.dataset}.lock"):
            try:
                files.verify(root)
            except EnvironmentFault:
                fetch(root)
    except (OSError, RuntimeError, EOFError) as error:
        raise EnvironmentFault(
            f"cannot download '{files.dataset}' to {root}: {error}",
            "check the connection and the disk space, or copy the files there by hand",
        ) from error


MNIST = OfficialFiles(
    dataset="mnist",
    folder="MNIST/raw",
    md5={
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
)

# The four files above after gunzip; some copies are stored that way.
MNIST_UNPACKED = OfficialFiles(
    dataset="mnist",
    folder="MNIST/raw",
    md5={
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
)

CIFAR10 = OfficialFiles(
    dataset="cifar10",
    folder="cifar-10-batches-py",
    md5={
        "data_batch_1": "c99cafc152244af753f735de768cd75f",
        "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
        "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
        "data_batch_4": "634d18415352ddfa80567beed471001a",
        "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        "test_batch": "40351d587109b95175f43aff81a1287e",
        "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    },
)

CIFAR100 = OfficialFiles(
    dataset="cifar100",
    folder="cifar-100-python",
    md5={
        "train": "16019d7e3df5f24257cddd939b257f8d",
        "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
        "meta": "7973b15100ade9c7d40fb424638fde48",
    },
)


def find_mnist(_: Named, root: Path | None) -> DataFiles:
    """Return the files of MNIST, packed or unpacked; raise ``EnvironmentFault`` without them."""
    base = files_root(root)
    return (MNIST if MNIST_UNPACKED.missing(base) else MNIST_UNPACKED).find(base)


def find_cifar10(_: Named, root: Path | None) -> DataFiles:
    """Return the files of CIFAR-10; raise ``EnvironmentFault`` without them."""
    return CIFAR10.find(files_root(root))


def find_cifar100(_: Named, root: Path | None) -> DataFiles:
    """Return the files of CIFAR-100; raise ``EnvironmentFault`` without them."""
    return CIFAR100.find(files_root(root))
