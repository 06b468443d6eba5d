"""Preparing pictures: each is decoded once, whoever asks first, and goes on where it was."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from pathlib import Path

from filelock import FileLock, Timeout

from poolbench.core.errors import EnvironmentFault
from poolbench.core.limits import advice_on_limit
from poolbench.data.file_hashes import hash_files
from poolbench.data.pictures.cache import About, entry_folder, read_about, write_about
from poolbench.data.pictures.decoding_pool import DecodingPool, Unreadable
from poolbench.data.pictures.disk_room import check_room
from poolbench.data.pictures.kept_picture import ChangedPicture, KeptPicture
from poolbench.data.pictures.progress import Pace, Watcher
from poolbench.data.pictures.shard import (
    PICTURES,
    ShardIndex,
    index_path,
    pixels_path,
    read_index,
    write_shard,
)
from poolbench.data.pictures.source import PictureList, PictureSource
from poolbench.data.unreadable import unreadable_pictures

_LOGGER = logging.getLogger("poolbench.data")
_POLLED_EVERY_S = 0.5


def prepare(pictures: PictureList, watcher: Watcher) -> tuple[Path, list[ShardIndex]]:
    """Return the shards of pictures; decode first what is missing or damaged.

    Args:
        pictures: The pictures.
        watcher: Told of the progress; if it raises, the shards that are finished stay.

    Returns:
        Their folder, and what is in each.

    Raises:
        EnvironmentFault: Pictures cannot be read (all of them are named) or are not those that the
            data set was planned with, or the cache has no room for them or cannot be written.
    """
    everything = pictures.all
    parts = [everything[at : at + PICTURES] for at in range(0, len(everything), PICTURES)]
    folder = entry_folder(pictures)
    about = About(
        pictures=len(everything),
        shards=len(parts),
        keep_px=pictures.size.keep_px,
        example=everything[0].name,
    )
    shards = _sound(folder, parts)
    if None in shards:
        try:
            write_about(folder, about)
            with _alone(folder, watcher):
                shards = _sound(folder, parts)  # another process may have been at it
                _tell_damaged(folder, shards)
                _decode(pictures, folder, parts, shards, watcher)
        except OSError as error:
            advice = advice_on_limit(error)
            raise EnvironmentFault(
                f"cannot keep decoded pictures in {folder}: {error.strerror or error}",
                f"{advice}; or name another folder with POOLBENCH_CACHE"
                if advice
                else "name a folder that can be written with POOLBENCH_CACHE",
            ) from error
        shards = _sound(folder, parts)
    elif read_about(folder) != about:
        with suppress(OSError):  # the pictures are there; only `doctor` reads what is said of them
            write_about(folder, about)
    return folder, [shard for shard in shards if shard is not None]


def _sound(folder: Path, parts: Sequence[Sequence[PictureSource]]) -> list[ShardIndex | None]:
    """Return the shards; ``None`` for each that is missing or is not what was written."""
    found = [read_index(folder, number, len(part)) for number, part in enumerate(parts)]
    present = [pixels_path(folder, n) for n, shard in enumerate(found) if shard is not None]
    # Remembered like those of the pictures: a shard that did not change is not read again.
    hashes = hash_files(folder, present)
    for number, shard in enumerate(found):
        if shard and hashes[pixels_path(folder, number).name] != shard.sha256:
            found[number] = None
    return found


def _tell_damaged(folder: Path, shards: Sequence[ShardIndex | None]) -> None:
    for number, shard in enumerate(shards):
        if shard is None and index_path(folder, number).exists():
            _LOGGER.warning(
                "%s is damaged: decoding its pictures again", pixels_path(folder, number)
            )


def _decode(
    pictures: PictureList,
    folder: Path,
    parts: Sequence[Sequence[PictureSource]],
    shards: Sequence[ShardIndex | None],
    watcher: Watcher,
) -> None:
    missing = [number for number, shard in enumerate(shards) if shard is None]
    if not missing:
        return
    sources = list(chain.from_iterable(parts[number] for number in missing))
    total = sum(map(len, parts))
    check_room(folder, sources, total, pictures.size.keep_px, watcher)
    unreadable: list[tuple[Path | str, str]] = []
    pool = DecodingPool(pictures.size.keep_px, upright=pictures.upright)
    with pool.decoding(sources) as decoded:
        # Loading the decoders is no part of the pace.
        pace = Pace(total - len(sources), total, watcher)
        for number in missing:
            part = _readable(islice(decoded, len(parts[number])), unreadable, pace)
            # No half shard is mistaken for a whole one.
            with suppress(FileNotFoundError):
                index_path(folder, number).unlink()
            try:
                write_shard(folder, number, part)
            except _Incomplete:
                continue
            except ChangedPicture as changed:
                raise EnvironmentFault(
                    f"{changed} changed after this was planned",
                    "run the same command again: other pictures are another data set",
                ) from changed
    if unreadable:
        raise unreadable_pictures(unreadable)


class _Incomplete(Exception):
    """A shard has pictures that cannot be read."""


def _readable(
    decoded: Iterable[KeptPicture | Unreadable],
    unreadable: list[tuple[Path | str, str]],
    pace: Pace,
) -> Iterator[KeptPicture]:
    before = len(unreadable)
    for picture in decoded:
        pace.count()
        if isinstance(picture, Unreadable):
            unreadable.append((picture.source.name, picture.reason))
        else:
            yield picture
    if len(unreadable) > before:
        raise _Incomplete


@contextmanager
def _alone(folder: Path, watcher: Watcher) -> Iterator[None]:
    """Hold the lock of an entry; wait for another process that does."""
    lock, is_told = FileLock(folder / ".lock"), False
    while not lock.is_locked:
        try:
            lock.acquire(timeout=_POLLED_EVERY_S)
        except Timeout:
            if not is_told:
                watcher.notice("another process prepares the pictures: waiting for it")
            is_told = True
            watcher.progress("waiting for another process to prepare the pictures", 0.0)
    try:
        yield
    finally:
        lock.release()
