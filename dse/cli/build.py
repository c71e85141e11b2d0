"""`dse build`: a point's circuit as a package that stands alone, or on a board."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console
from dse.cli.results import StudyName
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder
from dse.formatting import counted


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(build)


def build(
    point: Annotated[int, typer.Argument(metavar="POINT", help="Number of the point.")],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder to write; must be empty, or not there.")
    ],
    board: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Make a bitstream for this board, such as ulx3s-85f."),
    ] = None,
    study: StudyName = None,
    database: Database = DEFAULT_DATABASE,
    cache: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Write a point's circuit, ready to simulate and use.

    The folder holds Verilog, testbench, vectors, scripts and checksums, and needs nothing of dse.
    Its simulation has passed.
    """
    from dse.cli.point_page import no_such_point
    from dse.engine import building
    from dse.runtime.ending import tidy_end
    from dse.store.queries import Results

    results = Results(database)
    summary = results.study(study)
    points = {p.number for p in results.points(summary.name)}
    if point not in points:
        raise no_such_point(summary.name, point, points)
    stored = building.circuit_of(point, summary.name, results.evaluations(summary.name, point))
    building.checked_board(stored, board)
    building.free_folder(out)
    base = Path(summary.path).resolve().parent
    title = f"point {point} of study {summary.name}"
    screen = console(stderr=True)
    with tidy_end(), screen.status(f"building {title}"):
        said = building.build(stored, base, cache, out, title, board)
    for line in said:
        screen.print(line)
    files = sum(path.is_file() for path in out.rglob("*"))
    screen.print(f"{counted(files, 'file')} in {out}; start with {shlex.quote(str(out))}/README.md")
