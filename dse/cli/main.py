"""The `dse` command."""

import sys
from importlib.metadata import entry_points
from typing import Annotated

import typer

from dse import __version__
from dse.cli import (
    best,
    converge,
    corrections,
    dashboard,
    failures,
    farm,
    front,
    importance,
    metrics,
    planning,
    reproduce,
    results,
    running,
    setup,
    studies,
)
from dse.cli.plugin_commands import plugin_command
from dse.contracts.registry import COMMANDS

app = typer.Typer(
    name="dse",
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
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Design-space exploration for machine learning on FPGAs."""


running.register(app)
planning.register(app)
results.register(app)
front.register(app)
best.register(app)
converge.register(app)
corrections.register(app)
importance.register(app)
reproduce.register(app)
failures.register(app)
farm.register(app)
dashboard.register(app)
metrics.register(app)
setup.register(app)
studies.register(app)
for entry in entry_points(group=COMMANDS):
    app.add_typer(plugin_command(entry), name=entry.name)


def main() -> None:
    """Entry point: errors become one message and an exit code."""
    from dse.contracts.errors import DseError

    try:
        app()
    except DseError as error:
        sys.stderr.write(f"dse: error: {error}\n")
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
