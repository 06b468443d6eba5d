"""Which plug-in a catalogue entry is from: part of what a run is, kept with its name."""

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
        name: Of the file, without its folder; or of the distribution.
        version: ``sha256:`` and the hash of the file's bytes; or the distribution's version.
    """

    name: str
    version: str

    @classmethod
    def of_file(cls, name: str, sha256: str) -> PluginSource:
        """Return the source that is a file of this name and this hash."""
        return cls(name=name, version=f"{_OF_FILE}{sha256}")

    @property
    def is_file(self) -> bool:
        """Whether it is a file; else a distribution."""
        return self.version.startswith(_OF_FILE)

    @property
    def identity(self) -> str:
        """What changes a result: of a file its bytes alone, whatever it is called."""
        return self.version if self.is_file else f"{self.name} {self.version}"

    def __str__(self) -> str:
        return f"{self.name} ({self.version[:_SHOWN]})"


_loading: list[PluginSource] = []


@contextmanager
def loading(source: PluginSource) -> Iterator[None]:
    """Have what is added to catalogues meanwhile come from a plug-in."""
    _loading.append(source)
    try:
        yield
    finally:
        _loading.pop()


def source_being_loaded() -> PluginSource | None:
    """Return the plug-in that is loaded at the moment, if one is."""
    return _loading[-1] if _loading else None


def source_from_json(document: dict[str, Any] | None) -> PluginSource | None:
    """Read a source back from :func:`as_stored`; ``None`` for what is ours."""
    return None if document is None else PluginSource(**document)


def as_stored(item: Any) -> dict[str, Any]:
    """Return a dataclass as a JSON document, with ``plugin`` only where something is from one.

    Documents of runs without plug-ins stay what they were before runs knew of them.
    """
    return asdict(item, dict_factory=_without_nothing)


def as_identity(item: Any) -> dict[str, Any]:
    """Return a dataclass as what is hashed: as stored, but of plug-ins only their identity."""
    return asdict(item, dict_factory=_identified)


def _without_nothing(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key != "plugin" or value is not None}


def _identified(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = _without_nothing(pairs)
    if "plugin" in document:
        document["plugin"] = PluginSource(**document["plugin"]).identity
    return document
