"""`dse doctor`: backends that this machine can run, and versions of their tools."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, JsonFlag, console, grid, print_json
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder

if TYPE_CHECKING:
    from pathlib import Path

    from dse.contracts.backend import Probe
    from dse.contracts.registry import Registry


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    database: Database = DEFAULT_DATABASE,
    cache: CacheFolder = DEFAULT_CACHE,
    as_json: JsonFlag = False,
) -> None:
    """Show what can run here, and how to install the rest."""
    from dse.contracts.registry import Registry

    registry = Registry.installed()
    environment = _environment(database, cache)
    rows = [_row(name, probe(registry, name)) for name in registry.backend_names()]
    if as_json:
        print_json({**environment, "backends": rows})
        return
    _print(environment, rows)


def probe(registry: "Registry", name: str) -> "Probe":
    """Return whether a backend can run here; one that cannot be imported cannot."""
    from dse.contracts.backend import Probe
    from dse.contracts.errors import ToolMissingError

    try:
        return registry.backend_class(name)().probe()
    except ToolMissingError as error:
        return Probe(available=False, tool="", reason=error.message, install=error.hint)


def _row(name: str, found: "Probe") -> dict[str, str]:
    todo = "" if found.available else f"{found.reason}: {found.install}"
    runs = "yes" if found.available else "no"
    tool = f"{found.tool} ({found.origins})" if found.origins else found.tool
    return {"backend": name, "runs": runs, "tool": tool, "to do": todo}


def _environment(database: str, cache: "Path") -> dict[str, Any]:
    """Return versions of dse, Python and Ray, paths of database and cache, and plug-ins."""
    from dse import __version__
    from dse.contracts.extras import DISTRIBUTION, install_hint
    from dse.contracts.registry import LAYERS, METRICS, WORKLOADS, named_in
    from dse.store.database import Database as StoredDatabase

    store = StoredDatabase.of(database)
    missing = install_hint(ImportError(name="ray"))  # as if its import had failed
    groups = {"workloads": WORKLOADS, "layers of plug-ins": LAYERS, "metrics": METRICS}
    found = {name: ", ".join(named_in(group)) or "none" for name, group in groups.items()}
    return {
        "dse": f"{__version__} ({DISTRIBUTION})",
        "Python": f"{platform.python_version()} on {platform.platform(terse=True)}",
        "Ray": _version("ray") or f"not installed, so one evaluation at a time: {missing}",
        "results": f"{store.file or store.shown}{'' if store.exists else ' (not there yet)'}",
        "cache": f"{cache.resolve()}{'' if cache.exists() else ' (not there yet)'}",
        **found,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _print(environment: dict[str, Any], rows: list[dict[str, str]]) -> None:
    out = console()
    for name, text in environment.items():
        out.print(f"{name}: {text}")
    table = grid("backend", "runs", "tool", "to do")
    for row in rows:
        table.add_row(*row.values())
    out.print(table)
