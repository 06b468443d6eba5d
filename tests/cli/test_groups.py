"""Groups of options: spelled once, and the same for every command that takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from poolbench.cli.groups import taking_groups
from tests.conftest import Done


@dataclass(frozen=True, kw_only=True)
class Weather:
    wind: Annotated[int, typer.Option("--wind", "-w", help="In knots.")] = 3
    clouds: Annotated[list[str] | None, typer.Option("--cloud", help="Repeats.")] = None


def test_a_command_is_given_its_group_and_typer_the_fields() -> None:
    seen: list[object] = []
    app = typer.Typer()

    @app.command()
    @taking_groups
    def sail(
        boat: str,
        *,
        weather: Weather,
        crew: Annotated[int, typer.Option("--crew")] = 2,
    ) -> None:
        """Leave the harbour."""
        seen.extend([boat, weather, crew])

    run = CliRunner().invoke
    assert run(app, ["sloop", "-w", "12", "--cloud", "grey", "--crew", "1"]).exit_code == 0
    assert run(app, ["sloop"]).exit_code == 0
    assert seen == ["sloop", Weather(wind=12, clouds=["grey"]), 1, "sloop", Weather(), 2]
    page = run(app, ["--help"], env={"COLUMNS": "100"}).output
    assert page.index("In knots.") < page.index("--cloud") < page.index("--crew")
    assert "Leave the harbour." in page
    assert run(app, ["sloop", "--weather", "fine"]).exit_code == 2


@pytest.mark.parametrize(
    "command", ["train", "robustness", "plan", "report", "drift", "export", "compare"]
)
def test_every_command_about_a_suite_takes_the_same_options(
    command: str, poolbench: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    page = poolbench(command, "--help").out
    for option in ("profile", "set", "only", "limit", "store", "data-root", "plugin"):
        assert f"--{option} " in page, option


@pytest.mark.parametrize("command", [["report"], ["drift"], ["compare", "max", "lae"]])
def test_changes_to_no_suite_are_refused(
    command: list[str], poolbench: Callable[..., Done], tiny: Path
) -> None:
    done = poolbench(*command, "--profile", "smoke", "--only", "lae*")
    assert done.code == 2
    assert "--profile and --only without a SUITE" in done.err
