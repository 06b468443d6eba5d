"""The plug-in of a catalogue entry: part of a run's identity, stored with the entry's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

_OF_FILE = "sha256:"
_SHOWN = len(_OF_FILE) + 12


@dataclass(frozen=True, kw_only=True)
class PluginSource:
    """A plug-in: a file, or an installed distribution.

    Args:
        name: Name of the file, without its folder, or of the distribution.
        version: ``sha256:`` and the hash of the file's bytes, or the distribution's version.
    """

    name: str
    version: str

    @classmethod
    def of_file(cls, name: str, sha256: str) -> PluginSource:
        """Return the source for a file of this name and SHA-256."""
        return cls(name=name, version=f"{_OF_FILE}{sha256}")

    @property
    def is_file(self) -> bool:
        """Whether it is a file rather than a distribution."""
        return self.version.startswith(_OF_FILE)

    @property
    def identity(self) -> str:
        """Its part of a run's identity: for a file its bytes alone, whatever its name."""
        return self.version if self.is_file else f"{self.name} {self.version}"

    def __str__(self) -> str:
        return f"{self.name} ({self.version[:_SHOWN]})"


_loading: list[PluginSource] = []


@contextmanager
def loading(source: PluginSource) -> Iterator[None]:
    """Attribute entries added within this context to a plug-in."""
    _loading.append(source)
    try:
        yield
    finally:
        _loading.pop()


def source_being_loaded() -> PluginSource | None:
    """Return the plug-in being loaded; ``None`` if there is none."""
    return _loading[-1] if _loading else None


def as_stored(item: Any) -> dict[str, Any]:
    """Return a dataclass as a JSON document, with ``plugin`` and ``network_label`` where there are.

    So documents of runs without them are the same as before they were recorded.
    """
    return asdict(item, dict_factory=_without_absent)


def as_identity(item: Any) -> dict[str, Any]:
    """Return a dataclass as the document to hash: as stored, but with only plug-ins' identities."""
    return asdict(item, dict_factory=_identified)


def _without_absent(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if value or key not in ("plugin", "network_label")}


def _identified(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = _without_absent(pairs)
    if "plugin" in document:
        document["plugin"] = PluginSource(**document["plugin"]).identity
    # Convolutions that keep the size keep the identity they had before a padding could be chosen.
    options = document.get("options", {})
    if options.get("padding", 0) is None:
        document["options"] = {key: options[key] for key in options if key != "padding"}
    return document
