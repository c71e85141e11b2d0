"""`dse studies`: the studies that installed packages contain."""

from typing import TYPE_CHECKING, Any

import typer

from dse.cli.console import JsonFlag, console, grid, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from dse.contracts.backend import Probe
    from dse.study.models import Study


_COLUMNS = ("study", "what it shows", "workload", "points", "backends", "cannot run here")
_FEW_COLUMNS = ("study", "points", "what it shows")
_WIDE = 120
"""Columns of a terminal that has room for all of `_COLUMNS`."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(studies)


def studies(as_json: JsonFlag = False) -> None:
    """List the shipped studies.

    `dse run NAME` runs one, `dse init --from NAME` copies it.
    """
    from dse.study.shipped import shipped_studies
    from dse.study.validate import load_study

    found = {path: load_study(path) for path in shipped_studies().values()}
    probes = _probes({name for study in found.values() for name in _backends(study)})
    rows = [_row(path, study, probes) for path, study in found.items()]
    if as_json:
        print_json(rows)
    else:
        _print(rows)


def _probes(names: set[str]) -> "dict[str, Probe]":
    """Probe each backend once, however many studies use it: a probe may start a tool."""
    from dse.cli.doctor import probe
    from dse.contracts.registry import Registry

    registry = Registry.installed()
    return {name: probe(registry, name) for name in sorted(names)}


def _backends(study: "Study") -> list[str]:
    return [backend.name for backend in study.backends]


def _row(path: "Path", study: "Study", probes: "dict[str, Probe]") -> dict[str, Any]:
    used = {name: probes[name] for name in _backends(study)}
    return {
        "study": study.name,
        "description": " ".join(study.description.split()),
        "workload": study.workload.name,
        "points": _points(study),
        "backends": list(used),
        "tools": {name: found.tool for name, found in used.items() if found.available},
        "missing": {
            name: f"{found.reason}: {found.install}"
            for name, found in used.items()
            if not found.available
        },
        "path": str(path),
    }


def _points(study: "Study") -> int | None:
    """Return the number of points of a grid; None for a search."""
    from dse.study.space import Space

    return Space(study).size if study.search.method == "grid" else None


def _print(rows: list[dict[str, Any]]) -> None:
    out = console()
    columns = _COLUMNS if out.width >= _WIDE else _FEW_COLUMNS
    table = grid(*columns, right=("points",))
    for row in rows:
        shown = {
            "study": row["study"],
            "what it shows": row["description"],
            "workload": row["workload"],
            "points": "searched" if row["points"] is None else f"{row['points']:,}",
            "backends": ", ".join(row["backends"]),
            "cannot run here": ", ".join(row["missing"]),
        }
        table.add_row(*(shown[name] for name in columns))
    out.print(table)
    if columns is _FEW_COLUMNS:
        out.print(f"workloads and backends: in a terminal of {_WIDE} columns, or --json")
    missing = {name: how for row in rows for name, how in row["missing"].items()}
    for name, how in missing.items():
        out.print(f"{name}: {how}")
