"""Groups of options: a command takes each group as one argument."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any

import typer

from poolbench.cli import options


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which cells of a suite to use, how to change the suite, and where runs and data are."""

    profile: options.Profile = None
    overrides: options.Overrides = None
    only: options.Only = None
    limit: options.Limit = None
    store: options.StorePath = options.DEFAULT_STORE
    data_root: options.DataRoot = None


@dataclass(frozen=True, kw_only=True)
class Running:
    """Where and how widely work runs, and whether progress is shown."""

    device: options.Device = None
    jobs: options.Jobs = None
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            help="local: worker processes; inline: this process; slurm; ray. Default: the suite's, "
            "or local.",
        ),
    ] = None
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for cells that others are working on.")
    ] = True
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False


def taking_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take groups of options as single arguments.

    Typer reads options from a command's signature, so it gets a signature in which each group is
    replaced by its fields.
    """
    parameters = inspect.signature(command, eval_str=True).parameters
    groups = {name: each.annotation for name, each in parameters.items() if _is_group(each)}
    fields = {name: inspect.signature(group, eval_str=True) for name, group in groups.items()}
    shown = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, own in parameters.items()
        for parameter in (fields[name].parameters.values() if name in groups else (own,))
    ]

    @functools.wraps(command)
    def called(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field: values.pop(field) for field in fields[name].parameters})
        command(**values)

    called.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    return called


def taking_plugins(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take ``--plugin``, which is done with when the command is called."""
    shown = inspect.Parameter(
        "plugin", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=options.Plugins
    )
    own = inspect.signature(command, eval_str=True).parameters.values()
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]

    @functools.wraps(command)
    def called(**values: Any) -> None:
        del values["plugin"]
        command(**values)

    called.__signature__ = inspect.Signature([*named, shown])  # type: ignore[attr-defined]
    return called


def _is_group(parameter: inspect.Parameter) -> bool:
    return is_dataclass(parameter.annotation)
