"""`dse farm`: submit the jobs of a farm folder to SLURM, watch, cancel and collect them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console
from dse.formatting import counted

if TYPE_CHECKING:
    from dse.engine.emitting import Farm

_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder that dse emit wrote.")]

app = typer.Typer(name="farm", help="Run emitted jobs on SLURM.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app)


@app.command()
def submit(
    folder: _Folder,
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- OPTIONS", help="Further options of sbatch."),
    ] = None,
) -> None:
    """Submit the jobs that have no result yet, as a job array.

    Again, it submits those that failed, were cancelled or ran out of time.
    """
    from dse.engine import slurm

    farm = _farm(folder)
    slurm.check_folder(folder)
    lines = slurm.submit(farm, folder, options or ())
    left = f"; the other {len(farm.jobs) - len(lines)} are done or under way"
    text = f"{counted(len(lines), 'job')} submitted{left if len(lines) < len(farm.jobs) else ''}"
    console(stderr=True).print(f"{text}; see dse farm status {folder}")


@app.command()
def status(folder: _Folder) -> None:
    """Show how many jobs are done, failed, running, pending or not submitted."""
    from dse.engine import slurm

    found = slurm.status(_farm(folder), folder)
    out = console()
    for state, number in slurm.counts(found).items():
        out.print(f"{number:6}  {state}")
    ended = [one for one in found if one.state in {slurm.JobState.FAILED, slurm.JobState.ENDED}]
    for one in ended[:_SHOWN]:
        reason = f": {one.detail}" if one.detail else ""
        out.print(f"{folder / one.folder}: {one.state}{reason}")
    if len(ended) > _SHOWN:
        out.print(f"and {len(ended) - _SHOWN} more")


_SHOWN = 10  # failed jobs that are named


@app.command()
def cancel(folder: _Folder) -> None:
    """Cancel the jobs that are running or pending; results stay."""
    from dse.engine import slurm

    _farm(folder)
    console(stderr=True).print(f"{counted(slurm.cancel(folder), 'job')} cancelled")


@app.command()
def collect(folder: _Folder, database: Database = DEFAULT_DATABASE) -> None:
    """Store the results that are there, as dse import does; partial ones too."""
    from dse.cli.offline import import_

    _farm(folder)
    import_(folder, database=database)


def _farm(folder: Path) -> "Farm":
    """Return the manifest of a farm folder.

    Raises:
        UsageError: there is no such folder, or dse emit did not write it.
    """
    from dse.contracts.errors import UsageError
    from dse.engine import emitting

    if not (folder / emitting.MANIFEST).is_file():
        hint = "dse emit STUDY --backend NAME --out FOLDER writes one"
        raise UsageError("is not a farm folder", where=str(folder), hint=hint)
    return emitting.load(folder)
