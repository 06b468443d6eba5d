"""Gates as annotations in GitHub Actions.

References:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from poolbench.report.studies.gates import Ruling
from poolbench.report.table import printable

_LEVELS = {"fails": "error", "undecided": "warning", "passes": "notice"}


def workflow_commands(rulings: Sequence[Ruling]) -> Iterator[str]:
    """Yield one workflow command per ruling: an error, a warning or a notice."""
    for ruling in rulings:
        title = f"gate {ruling.judgement.outcome}: {ruling.gate.text}"
        yield (
            f"::{_LEVELS[ruling.judgement.outcome]} title={_property(title)}"
            f"::{_data(ruling.sentence)}"
        )


def _data(text: str) -> str:
    # No line end is left, so no name can start a command of its own.
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
