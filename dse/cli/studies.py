"""`dse studies`: the studies that installed packages bring."""

from typing import TYPE_CHECKING, Any

import typer

from dse.cli.console import JsonFlag, console, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from dse.study.models import Study


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(studies)


def studies(as_json: JsonFlag = False) -> None:
    """List the shipped studies; `dse run NAME` runs one, `dse init --from NAME` copies it."""
    from rich.table import Table

    from dse.study.shipped import shipped_studies

    rows = [_row(path) for path in shipped_studies().values()]
    if as_json:
        print_json(rows)
        return
    table = Table("study", "what it shows", "points", "backends")
    for row in rows:
        points = "searched" if row["points"] is None else f"{row['points']:,}"
        table.add_row(row["study"], row["description"], points, ", ".join(row["backends"]))
    console().print(table)


def _row(path: "Path") -> dict[str, Any]:
    from dse.study.validate import load_study

    study = load_study(path)
    return {
        "study": study.name,
        "description": " ".join(study.description.split()),
        "workload": study.workload.name,
        "points": _points(study),
        "backends": [backend.name for backend in study.backends],
        "path": str(path),
    }


def _points(study: "Study") -> int | None:
    """Points of a grid; None where a search chooses them."""
    from dse.study.space import Space

    return Space(study).size if study.search.method == "grid" else None
