"""Where the weights of a suite are, and what they are: hash, normalisation, licence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from poolbench.core.document import Damaged, parse
from poolbench.core.errors import BadInput, EnvironmentFault
from poolbench.core.regular_file import read_regular, sha256_of_file
from poolbench.core.weights import PIXELS, Normalisation, Weights
from poolbench.weights.published import HUGGING_FACE, Published, published
from poolbench.weights.reading import read_state

_CONFIG = "config.json"
_LARGEST_CONFIG = 1 << 20
# What timm writes before a folder, and the names of the files in it.
_FOLDER = "local-dir:"
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,})\.")


def find_weights(
    network: str, asked: Weights, root: Path | None, *, download: bool = False
) -> Weights:
    """Return weights with the hash of their file and all that is known of them.

    Args:
        network: Name of the network.
        asked: As the suite names them.
        root: The data root, below which relative paths are.
        download: Whether to fetch published weights that are not on this machine.

    Raises:
        BadInput: There are no such weights, or the file holds none, or nothing tells how pixels
            were normalised for them.
        EnvironmentFault: The file is missing, cannot be read, or is not the one expected.
    """
    if asked.tag:
        known = published(network, asked.tag)
        if download and not any(file.is_file() for file in known.files):
            _download(known, network)
            known = published(network, asked.tag)
        path = _present(known, network)
        named = replace(
            asked,
            tag=known.tag,
            normalisation=known.normalisation,
            license=known.license,
            source=known.source,
        )
        sha256 = _hash_of(path, asked.sha256)
        _check_published(path, sha256)
        return replace(named, sha256=sha256)
    path = _file(asked, root)
    found = replace(asked, sha256=_hash_of(path, asked.sha256))
    return found if asked.asked else replace(found, normalisation=_own_normalisation(path, asked))


def weights_file(network: str, weights: Weights, root: Path | None) -> Path:
    """Return the file of weights.

    Args:
        network: Name of the network.
        weights: The weights.
        root: The data root, below which relative paths are.

    Raises:
        EnvironmentFault: It is missing, or is not the one that they were found in.
    """
    if weights.tag:
        path = _present(published(network, weights.tag), network)
    else:
        path = _file(weights, root)
    _hash_of(path, weights.sha256)
    return path


def checkpoint_path(typed: str) -> Path:
    """Return the path of weights that are named on their own, not in a suite.

    Args:
        typed: A file or a folder; a relative path is below the current folder.

    Raises:
        BadInput: It is spelt as for timm.
        EnvironmentFault: There is none.
    """
    _check_spelling(typed)
    path = Path(typed).absolute()
    if not path.exists():
        raise EnvironmentFault(
            f"there is no file of weights {path}", "a relative path is below the current folder"
        )
    return path


def _check_spelling(typed: str) -> None:
    if typed.startswith(_FOLDER):
        raise BadInput(
            f"'{typed}' is a folder as timm spells it",
            f"leave out '{_FOLDER}': {typed.removeprefix(_FOLDER)}",
        )


def _present(known: Published, network: str) -> Path:
    path = next((file for file in known.files if file.is_file()), None)
    if path is None:
        place = (
            f", or put {known.files[-1].name} in {known.files[-1].parent}" if known.files else ""
        )
        raise EnvironmentFault(
            f"the weights '{known.tag}' of {network} are not on this machine",
            f"fetch them with --download{place}",
        )
    return path


def _download(known: Published, network: str) -> None:
    try:
        known.download()
    except Exception as error:  # libraries raise whatever their own libraries do
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise EnvironmentFault(
            f"the weights '{known.tag}' of {network} cannot be fetched from {known.source}: "
            f"{reason}",
            "try again, or name a file: weights: {file: x.safetensors}",
        ) from error


def _file(weights: Weights, root: Path | None) -> Path:
    _check_spelling(weights.file)
    path = Path(weights.file)
    path = path if path.is_absolute() or root is None else root / path
    if path.is_dir():
        inside = [path / name for name in HUGGING_FACE]
        found = next((each for each in inside if each.is_file()), None)
        if found is None:
            raise EnvironmentFault(
                f"there are no weights in {path}: no {' and no '.join(HUGGING_FACE)}",
                "name a folder as Hugging Face keeps it, or a file",
            )
        return found
    if not path.is_file():
        is_relative = not Path(weights.file).is_absolute()
        hint = "a relative path is below --data-root (or POOLBENCH_DATA)" if is_relative else ""
        raise EnvironmentFault(f"there is no file of weights {path}", hint)
    return path


def _hash_of(path: Path, expected: str) -> str:
    try:
        sha256 = sha256_of_file(path)
    except (OSError, Damaged) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFault(f"cannot read {path}: {reason}", "check its permissions") from error
    if expected and sha256 != expected:
        raise EnvironmentFault(
            f"{path} is not the file of weights expected: its sha256 is {sha256}, not {expected}",
            "copy or download it again, or correct `sha256`",
        )
    return sha256


def _check_published(path: Path, sha256: str) -> None:
    """Check a file against the beginning of its hash in its name, as torchvision does."""
    named = _HASH_IN_NAME.search(path.name)
    if named and not sha256.startswith(named[1]):
        raise EnvironmentFault(
            f"{path} is not the published file: its sha256 begins with {sha256[: len(named[1])]}, "
            f"not with {named[1]}",
            "delete it and fetch it again with --download; weights of your own are named by their "
            "file: weights: {file: x.pth}",
        )


def _own_normalisation(path: Path, asked: Weights) -> Normalisation:
    """Return what a file says of its network's pixels: a run's own, or Hugging Face's config."""
    told = _of_config(path.parent / _CONFIG) if Path(asked.file).name != path.name else None
    told = told or _of_run(_state(path))
    if told is None:
        raise BadInput(
            f"{path} does not tell how pixels were normalised for its network",
            "add `normalise: imagenet`, or `data` for the training images' own mean and deviation, "
            "or {mean: [...], std: [...]}",
        )
    return told


def _state(path: Path) -> Mapping[str, Tensor]:
    try:
        return read_state(path).tensors
    except OSError as error:
        raise EnvironmentFault(f"cannot read {path}: {error.strerror or error}") from error


def _of_run(state: Mapping[str, Tensor]) -> Normalisation | None:
    if not all(name in state for name in PIXELS):
        return None
    mean, std = (tuple(map(float, state[name].flatten().tolist())) for name in PIXELS)
    return Normalisation(mean=mean, std=std)


def _of_config(path: Path) -> Normalisation | None:
    try:
        document = parse(read_regular(path, at_most=_LARGEST_CONFIG))
    except (OSError, Damaged):
        return None
    config: Any = document.get("pretrained_cfg", document) if isinstance(document, dict) else {}
    mean, std = (_numbers(config.get(key)) if isinstance(config, dict) else () for key in PIXELS)
    return Normalisation(mean=mean, std=std) if mean and std else None


def _numbers(value: Any) -> tuple[float, ...]:
    is_list = isinstance(value, list) and all(isinstance(each, int | float) for each in value)
    return tuple(map(float, value)) if is_list else ()
