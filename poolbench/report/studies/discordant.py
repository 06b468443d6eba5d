"""The test images that tell two variants apart most: as a table, and as a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poolbench.report.pictures import Pictures, Tile
from poolbench.report.table import Column, Table, TableCell, text_cell
from poolbench.stats.answers import Answers, AnswersCompared

MOST = 9
"""Images shown of a pair."""


@dataclass(frozen=True, kw_only=True)
class Discordant:
    """What two variants make of one image.

    Args:
        index: Index among the test images, from 0.
        label: Its class.
        right: How many seeds get it right, of the candidate and of the baseline.
        seeds: Number of seeds of each.
        answers: What each answers, the most frequent first: ``cat 4, dog 1``.
    """

    index: int
    label: str
    right: tuple[int, int]
    seeds: tuple[int, int]
    answers: tuple[str, str]


def discordant_images(
    compared: AnswersCompared, answers: Mapping[str, Answers], classes: Sequence[str] = ()
) -> list[Discordant]:
    """Return the images with the largest difference of the shares of seeds that get them right.

    Args:
        compared: The pair; without one if it is not comparable.
        answers: Of each variant.
        classes: Names of the classes; numbers stand for them if there are none.
    """
    if compared.images is None:
        return []
    pair = compared.images
    both = answers[compared.b], answers[compared.a]
    return [
        Discordant(
            index=int(index),
            label=_named(int(both[0].label[index]), classes),
            right=(int(pair.candidate[index]), int(pair.baseline[index])),
            seeds=(pair.n_candidate, pair.n_baseline),
            answers=(_told(both[0], index, classes), _told(both[1], index, classes)),
        )
        for index in pair.most_discordant(MOST)
    ]


def discordant_table(
    compared: AnswersCompared,
    images: Sequence[Discordant],
    *,
    title: str,
    notes: Sequence[str] = (),
) -> Table:
    """Return a row for each image.

    Args:
        compared: The pair.
        images: Of the pair.
        title: Title, one line.
        notes: Further notes.
    """
    names = compared.b, compared.a
    columns = [
        Column(title="image", fields=("image",)),
        Column(title="class", fields=("class",), is_text=True),
    ]
    for name, role in zip(names, ("candidate", "baseline"), strict=True):
        columns += [
            Column(title=f"{name}: seeds right", fields=(f"{role}_right", f"{role}_seeds")),
            Column(title=f"{name} answers", fields=(f"{role}_answers",), is_text=True),
        ]
    rows = []
    for each in images:
        row = [TableCell(values=(each.index,), text=str(each.index)), text_cell(each.label)]
        for right, seeds, said in zip(each.right, each.seeds, each.answers, strict=True):
            row += [TableCell(values=(right, seeds), text=f"{right} of {seeds}"), text_cell(said)]
        rows.append(tuple(row))
    return Table(
        title=title,
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            f"{_of_how_many(compared, images)}, those with the largest difference of the shares of "
            "seeds that get them right; image: its index among the test images, from 0",
            *notes,
        ),
    )


def discordant_chart(
    compared: AnswersCompared,
    images: Sequence[Discordant],
    pixels: NDArray[np.uint8],
    *,
    name: str,
    title: str,
) -> Pictures:
    """Return the images with what each variant makes of them.

    Args:
        compared: The pair.
        images: Of the pair.
        pixels: Of these images, ``(len(images), H, W, C)`` with one or three channels.
        name: Stem of its file.
        title: Title, one line.
    """
    return Pictures(
        name=name,
        title=title,
        caption=f"{_of_how_many(compared, images)}: the class, and by how many seeds which class "
        f"was answered, {compared.b} above {compared.a}.",
        tiles=tuple(
            Tile(
                pixels=picture,
                heading=each.label,
                lines=(f"{compared.b}: {each.answers[0]}", f"{compared.a}: {each.answers[1]}"),
            )
            for each, picture in zip(images, pixels, strict=True)
        ),
    )


def _of_how_many(compared: AnswersCompared, images: Sequence[Discordant]) -> str:
    differing = 0 if compared.images is None else compared.images.gained + compared.images.lost
    return f"{len(images)} of the {differing:,} images that tell the two apart are shown"


def _told(answers: Answers, index: int, classes: Sequence[str]) -> str:
    counts = Counter(answers.predicted[:, index].tolist())
    # The most frequent first, of equally frequent ones the lowest class.
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{_named(label, classes)} {number}" for label, number in ordered)


def _named(label: int, classes: Sequence[str]) -> str:
    return classes[label] if label < len(classes) else f"class {label}"
