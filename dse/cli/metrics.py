"""`dse metrics`: the catalogue of metrics, those of plug-ins included."""

import typer

from dse.cli.console import JsonFlag, console, grid, print_json

_COLUMNS = ("metric", "label", "unit", "better", "meaning", "defined by")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(metrics)


def metrics(as_json: JsonFlag = False) -> None:
    """List every metric that dse and the installed plug-ins define."""
    from dse.contracts.registry import installed_metrics

    known = installed_metrics()
    if as_json:
        print_json(
            [{**vars(info), "defined_by": known.owner(name)} for name, info in known.items()]
        )
        return
    table = grid(*_COLUMNS)
    for name, info in known.items():
        better = "smaller" if info.direction == "minimise" else "larger"
        owner = known.owner(name)
        table.add_row(name, info.title, info.unit, better, info.description, owner)
    console().print(table)
