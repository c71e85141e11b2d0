"""Command groups of plug-ins, found by entry points of the group ``dse.commands``."""

from importlib.metadata import EntryPoint

import typer

from dse.contracts.registry import BROKEN


def plugin_command(entry: EntryPoint) -> typer.Typer:
    """Return the Typer application of a plug-in.

    If it cannot be imported, return a command that raises the reason, so that a broken plug-in
    does not disable the other commands.
    """
    try:
        app = entry.load()
    except BROKEN as error:
        return _unavailable(entry, error)
    if not isinstance(app, typer.Typer):
        return _unavailable(entry, TypeError("the entry point names no Typer application"))
    return app


def _unavailable(entry: EntryPoint, error: Exception) -> typer.Typer:
    from dse.contracts.errors import ToolMissingError
    from dse.contracts.extras import install_hint

    package = entry.dist.name if entry.dist else entry.module
    hint = install_hint(error, package) if isinstance(error, ImportError) else ""
    app = typer.Typer(help=f"Not available: {error}")

    @app.callback(invoke_without_command=True)
    def explain() -> None:
        raise ToolMissingError(
            f"the command '{entry.name}' cannot be imported: {error}",
            where=entry.value,
            hint=hint or "install what its package needs, or remove the package",
        )

    return app
