"""`dse dashboard` and `dse report`: results in a browser, by a server or as one file."""

from pathlib import Path
from typing import Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console, writing


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (dashboard, report):
        app.command()(command)


def dashboard(
    database: Database = DEFAULT_DATABASE,
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT", help="Port to listen on; 0 takes any free one.", min=0, max=65535
        ),
    ] = 8050,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Address to listen on; default: this machine alone.",
        ),
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Further name that visitors use in the address, such as of a proxy.",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            envvar="DSE_TOKEN",
            help="Token that visitors must give; default: a new one, in the printed address.",
        ),
    ] = None,
) -> None:
    """Show the results in a browser, also during a run.

    Ctrl-C ends the server.
    """
    import logging

    from dashboards.serve import serve

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line per request

    def ready(address: str) -> None:
        console(stderr=True).print(f"dashboard of {database}: {address}  (Ctrl-C ends it)")

    try:
        serve(database, host, port, token, ready, allowed=allow_host or ())
    except KeyboardInterrupt:
        console(stderr=True).print("dashboard ended")


def report(
    study: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the study; default: the last one that ran."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write (.html).")] = Path(
        "report.html"
    ),
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Write a page about a study that opens without a server."""
    from dashboards.report import write_report
    from dse.contracts.errors import UsageError

    if out.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"cannot write {out.suffix or out}", hint="legal: .html")
    with writing(out):
        name = write_report(database, study, out)
    console(stderr=True).print(f"{name} in {out}")
