"""Catalogue entries of the user's own pictures, in every layout."""

from __future__ import annotations

from collections.abc import Mapping

from poolbench.core.entries import PictureEntry
from poolbench.core.options import Option

_SPLIT = Option(
    kind=float,
    default=None,
    above=0.0,
    maximum=0.9,
    help="fraction of the pictures for testing, if nothing else says which; their content decides",
)


def _sizes(keep_px: Option) -> dict[str, Option]:
    size_px = Option(
        kind=int,
        default=64,
        minimum=1,
        help="side of the images in pixels, which are cut from the pictures",
    )
    return {"size_px": size_px, "keep_px": keep_px}


def own_pictures(keep_px: Option) -> Mapping[str, PictureEntry]:
    """Return the entries.

    Args:
        keep_px: The option of that name, which all pictures have.
    """
    return {
        "folder": PictureEntry(
            target="poolbench.data.folder:read_folder",
            find="poolbench.data.folder_files:find_pictures",
            summary="your own pictures: train/CLASS/*.png and test/CLASS/*.png (or val/)",
            revision=3,  # images are cut from larger pictures, which are upright since 2
            options={
                "path": Option(kind=str, help="the folder; a relative one is below the data root"),
                **_sizes(keep_px),
                "split": Option(
                    kind=float,
                    default=None,
                    above=0.0,
                    maximum=0.9,
                    help="fraction of the pictures for testing, of a folder without test/ (or "
                    "val/); which ones, their content decides",
                ),
            },
            license="yours",
        ),
        "picture-table": PictureEntry(
            target="poolbench.data.layouts.reading:read_listing",
            find="poolbench.data.layouts.picture_table:find_listed",
            summary="your own pictures, which a CSV or Parquet file lists with labels and splits",
            options={
                "path": Option(
                    kind=str,
                    help="the .csv, .tsv or .parquet file, below the data root; paths in it are "
                    "relative to its folder",
                ),
                **_sizes(keep_px),
                "path_column": Option(kind=str, default="path", help="column of the paths"),
                "label_column": Option(kind=str, default="label", help="column of the classes"),
                "split_column": Option(
                    kind=str,
                    default="split",
                    help="column of train, test or val (the test split where there is no other)",
                ),
                "split": _SPLIT,
            },
            license="yours",
        ),
        "webdataset": PictureEntry(
            target="poolbench.data.layouts.reading:read_listing",
            find="poolbench.data.layouts.webdataset:find_shards",
            summary="your own pictures in tar shards: 0001.jpg beside 0001.cls or 0001.json",
            options={
                "path": Option(kind=str, help="the folder of the shards, below the data root"),
                **_sizes(keep_px),
                "train": Option(
                    kind=str,
                    default="train*.tar",
                    help="shards for training: a pattern, such as train-{000..146}.tar",
                ),
                "test": Option(
                    kind=str, default="test*.tar", help="shards for testing, without `split`"
                ),
                "split": _SPLIT,
                "label": Option(
                    kind=str,
                    default="cls",
                    help="what holds the class: cls, or the name of a value in .json",
                ),
                "classes": Option(
                    kind=str,
                    default=None,
                    help="file in the folder with the name of class 0, 1, ... in each line",
                ),
            },
            license="yours",
            reference="https://github.com/webdataset/webdataset",
        ),
        "hugging-face": PictureEntry(
            target="poolbench.data.layouts.reading:read_listing",
            find="poolbench.data.layouts.hugging_face:find_rows",
            summary="your own pictures, as `datasets` saves them: save_to_disk, or Parquet files",
            options={
                "path": Option(kind=str, help="the folder, below the data root"),
                **_sizes(keep_px),
                "image_column": Option(kind=str, default="image", help="column of the pictures"),
                "label_column": Option(kind=str, default="label", help="column of the classes"),
                "train": Option(kind=str, default="train", help="split for training"),
                "test": Option(
                    kind=str,
                    default=None,
                    help="split for testing; default: test, or else validation",
                ),
                "split": _SPLIT,
            },
            license="yours",
            reference="https://huggingface.co/docs/datasets",
        ),
    }
