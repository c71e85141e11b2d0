"""`dse failures`: why evaluations of a study failed."""

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, grid, print_json
from dse.cli.results import StudyName

_SHOWN = 6  # example points per reason


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(failures)


def failures(
    study: StudyName = None, database: Database = DEFAULT_DATABASE, as_json: JsonFlag = False
) -> None:
    """Show why evaluations failed, the most frequent reason first."""
    from dse.store.queries import Results

    results = Results(database)
    name = results.study(study).name
    groups = results.failures(name)
    if as_json:
        print_json([vars(group) for group in groups])
        return
    out = console()
    if not groups:
        out.print(f"{name}: no failures")
        return
    columns = ("points", "backend", "kind", "reason", "what to do", "such as points")
    table = grid(*columns, title=f"{name}: failures", right=("points",))
    for group in groups:
        some = ", ".join(map(str, group.points[:_SHOWN]))
        more = ", …" if len(group.points) > _SHOWN else ""
        count = str(len(group.points))
        table.add_row(count, group.backend, group.kind, group.message, group.hint, f"{some}{more}")
    out.print(table)
