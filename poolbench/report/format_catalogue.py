"""The catalogue of formats, which a file's name can choose from too."""

from __future__ import annotations

from pathlib import Path

from poolbench.core.catalogue import Catalogue, FormatEntry


class FormatCatalogue(Catalogue[FormatEntry]):
    """A catalogue in which each suffix asks for one format."""

    def by_suffix(self, file: Path) -> str | None:
        """Return the format that a file's name asks for; ``None`` if it asks for none."""
        suffix = file.suffix.lower()
        return next((n for n, entry in self.items() if suffix and entry.suffix == suffix), None)

    def clash(self, entry: FormatEntry) -> str:
        """Return which format has the entry's suffix already; empty for none."""
        taken = self.by_suffix(Path(f"file{entry.suffix}"))
        return "" if taken is None else f"its suffix '{entry.suffix}' is that of '{taken}'"
