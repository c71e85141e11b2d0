"""The `dse` command: all command groups, and errors as exit codes."""

import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from dse import __version__
from dse.cli import (
    best,
    build,
    calibrate,
    compare,
    converge,
    dashboard,
    doctor,
    failures,
    farm,
    front,
    importance,
    metrics,
    offline,
    planning,
    reproduce,
    results,
    running,
    setup,
    solve,
    studies,
    sync,
    types,
)
from dse.cli.plugin_commands import plugin_command
from dse.cli.terminal import outlive_terminal
from dse.cli.usage_texts import Commands
from dse.contracts.entries import entry_points
from dse.contracts.registry import COMMANDS

if TYPE_CHECKING:
    from dse.contracts.errors import DseError

app = typer.Typer(
    name="dse",
    cls=Commands,
    help="Design-space exploration for machine learning on FPGAs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Rich would triple the time of --help
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dse {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Design-space exploration for machine learning on FPGAs."""


running.register(app)
planning.register(app)
results.register(app)
front.register(app)
best.register(app)
compare.register(app)
converge.register(app)
calibrate.register(app)
importance.register(app)
reproduce.register(app)
build.register(app)
failures.register(app)
offline.register(app)
farm.register(app)
dashboard.register(app)
doctor.register(app)
metrics.register(app)
setup.register(app)
solve.register(app)
studies.register(app)
sync.register(app)
types.register(app)
for entry in entry_points(group=COMMANDS):
    app.add_typer(plugin_command(entry), name=entry.name)


def _end_with(error: "DseError") -> NoReturn:
    sys.stderr.write(f"dse: error: {error}\n")
    raise SystemExit(error.exit_code) from None


def main() -> None:
    """Run a command; print an error as one message and leave with its exit code."""
    from dse.contracts.errors import DseError
    from dse.contracts.extras import missing_package

    outlive_terminal()
    try:
        app()
    except DseError as error:
        _end_with(error)
    except ModuleNotFoundError as error:  # an extra that is not installed, or a bug
        missing = missing_package(error)
        if missing is None:
            raise
        _end_with(missing)
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
