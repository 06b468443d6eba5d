"""What the networks of a study start from, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from poolbench.core.cell import Recipe
from poolbench.core.counted import counted, first_of
from poolbench.core.study import Study
from poolbench.core.weights import Weights

_SHOWN = 6


def about_weights(study: Study, dataset: str) -> Iterator[str]:
    """Say which variants start from which weights, whose they are, and how pixels are normalised.

    Args:
        study: The study.
        dataset: One of ``study.datasets``.
    """
    users: dict[tuple[str, str], list[str]] = {}
    known: dict[tuple[str, str], Weights] = {}
    rows = study.cells_on(dataset)
    for name, cells in rows.items():
        model = cells[0].model
        if model.weights is not None:
            key = model.network.name, model.weights.sha256
            users.setdefault(key, []).append(name)
            known.setdefault(key, model.weights)
    for (network, sha256), names in users.items():
        weights = known[network, sha256]
        who = "Every variant starts" if len(names) == len(rows) else _subject(names)
        license = weights.license or "not stated"
        origin = f"; licence: {license}; from {weights.source}" if weights.source else ""
        yield (
            f"{who} from the weights {weights} of {network}: sha256 {sha256}{origin}; pixels are "
            f"normalised {_normalisation(weights)}."
        )


def about_start(
    weights: Weights,
    *,
    classifier: Sequence[str],
    classes: tuple[int, int | None],
    fresh: Sequence[str],
    unused: Sequence[str],
    conversion: str = "",
) -> Iterator[str]:
    """Say which parts of a network do not start from its weights; without the full stop.

    Args:
        weights: The weights.
        classifier: Parameters of a classifier that stays random; none if it is loaded.
        classes: Number of classes of the weights and of the data; ``None`` if only reading the
            images would tell.
        fresh: Operators' own parameters that start as the operators say.
        unused: What the file has for operators that are not in the network.
        conversion: By what the file's tensors are changed first; empty if they are not.
    """
    if conversion:
        yield f"{weights} is in another form, and is converted by {conversion}"
    theirs, ours = counted(classes[0], "class", "classes"), classes[1]
    if ours is None:
        yield (
            f"The classifier starts from {weights} if the data have {theirs}, and random "
            "otherwise; how many they have is known once they are read"
        )
    elif classifier:
        yield (
            f"The classifier ({', '.join(classifier)}) starts random: {weights} has {theirs}, the "
            f"data have {ours}"
        )
    if fresh:
        yield f"Not in {weights}, and as the operator starts them: {first_of(fresh, _SHOWN)}"
    if unused:
        yield (
            f"In {weights} for operators that are not in the network, and not used: "
            f"{first_of(unused, _SHOWN)}"
        )


def about_parts(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield what a recipe does with a part of the network that it does not do with the others."""
    if recipe.frozen:
        yield "frozen", recipe.frozen
    for part, factor in (
        ("classifier", recipe.head_lr_factor),
        ("backbone", recipe.backbone_lr_factor),
        ("pooling", recipe.pool_lr_factor),
    ):
        if factor != 1:
            yield f"rate of the {part}", f"{factor:g} times"


def of_variants(sentences: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """End each sentence with the variants that it is true of."""
    for sentence, names in sentences.items():
        yield f"{sentence} ({first_of(names, _SHOWN)})."


def _subject(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'starts' if len(names) == 1 else 'start'}"


def _normalisation(weights: Weights) -> str:
    given = weights.normalisation
    if given is None:
        return "with mean and deviation of the training images"
    mean, std = (", ".join(f"{each:.4g}" for each in part) for part in (given.mean, given.std))
    whose = "" if weights.asked else ", as those weights want it"
    return f"with mean {mean} and deviation {std}{whose}"
