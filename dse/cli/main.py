"""The `dse` command."""

import sys

import typer

from dse.cli import data, results, running, setup

app = typer.Typer(
    name="dse",
    help="Design-space exploration for machine learning on FPGAs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
running.register(app)
results.register(app)
setup.register(app)
app.add_typer(data.app, name="data")


def main() -> None:
    """Entry point: errors become one message and an exit code."""
    from dse.errors import DseError  # noqa: PLC0415

    try:
        app()
    except DseError as error:
        sys.stderr.write(f"dse: error: {error}\n")
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
