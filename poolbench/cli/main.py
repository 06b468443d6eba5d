"""The program: its commands, and how an error becomes a message and an exit code."""

from __future__ import annotations

import errno
import importlib
import io
import os
import shlex
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from poolbench import __version__
from poolbench.cli.groups import taking_plugins
from poolbench.cli.output import tell
from poolbench.core.errors import BadInput, EnvironmentFault, Interrupted, PoolbenchError
from poolbench.core.limits import limit_fault
from poolbench.core.printable import SHOWN

_COMMANDS = (
    "train",
    "tune",
    "evaluate",
    "robustness",
    "watch",
    "plan",
    "report",
    "compare",
    "export",
    "drift",
    "contraction",
    "gradients",
    "precision",
    "theory",
    "list",
    "data",
    "bench",
    "doctor",
    "store",
)

app = typer.Typer(
    name="poolbench",
    help="Benchmark pooling operators in convolutional networks.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"poolbench {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Benchmark pooling operators in convolutional networks."""


for _name in _COMMANDS:
    importlib.import_module(f"poolbench.cli.{_name}_command").register(app)


def _let_all_take_plugins(commands: typer.Typer) -> None:
    """Give every command ``--plugin``: what is third-party is known wherever a name is."""
    for command in commands.registered_commands:
        if command.callback is not None:
            command.callback = taking_plugins(command.callback)
    for group in commands.registered_groups:
        if group.typer_instance is not None:
            _let_all_take_plugins(group.typer_instance)


_let_all_take_plugins(app)


def _terminate(number: int, _: object) -> None:
    raise Interrupted("terminated; finished work is kept", signal_number=number)


def _explain(error: PoolbenchError) -> None:
    # What was asked for, with Ctrl-C or a signal, is not an error.
    tell(error.message if isinstance(error, Interrupted) else f"error: {error.message}")
    if error.hint:
        tell(f"  {error.hint}")
    if isinstance(error, Interrupted):
        tell(f"  continue with: {shlex.join(['poolbench', *sys.argv[1:]])}")


def _ready_streams() -> None:
    """Make standard output accept every character, and reserve the numbers of closed streams.

    Output that does not go to a terminal is UTF-8 whatever the locale, as files are; a terminal
    with another encoding shows what it can, and names that are not UTF-8 are escaped. The next file
    opened would get the number of a closed stream, and every message with it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for good
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors=SHOWN)
        else:
            sys.stdout.reconfigure(encoding="utf-8", errors=SHOWN)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors=SHOWN)


def explained(error: Exception) -> PoolbenchError | None:
    """Return an error as users may see it; ``None`` for one that is a bug."""
    if isinstance(error, PoolbenchError):
        return error
    # Whatever is asked of such a name, on the way to saying that there is no such file.
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        return BadInput(f"the name of a file is too long: {str(error.filename)[:40]}...")
    return limit_fault(error)


def main() -> None:
    """Run the command line and exit with one of the documented codes."""
    _ready_streams()
    # Nothing here needs a second thread for it, and denied one, OpenBLAS sends a Ctrl-C.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except Exception as error:
        told = explained(error)
        if told is None:
            raise
        with suppress(EnvironmentFault):  # if standard error is full, the exit code still tells
            _explain(told)
        sys.exit(told.exit_code)
