"""`dse reproduce`: evaluate a stored point again and compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dse.cli.console import DEFAULT_DATABASE, Database, console, grid
from dse.cli.results import StudyName
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder
from dse.formatting import number

if TYPE_CHECKING:
    from rich.console import Console

    from dse.engine.reproduce import Reproduction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(reproduce)


def reproduce(
    point: Annotated[int, typer.Argument(metavar="POINT", help="Number of the point.")],
    study: StudyName = None,
    database: Database = DEFAULT_DATABASE,
    cache: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Run a point again and compare; nothing is stored.

    Its settings are those that are recorded with its results.
    """
    import tempfile

    from dse.analysis.utilisation import without_shares
    from dse.cli.point_page import no_such_point
    from dse.contracts.errors import StoreError, TooManyFailuresError
    from dse.engine.reproduce import reproduce as again
    from dse.engine.worker import Folders
    from dse.runtime.cache import open_cache
    from dse.store.queries import Results

    results = Results(database)
    summary = results.study(study)
    stored = [e for e in results.evaluations(summary.name, point) if e.status == "done"]
    points = {p.number: p.metrics for p in results.points(summary.name)}
    if point not in points:
        raise no_such_point(summary.name, point, points)
    numbers = points[point]
    if not stored:
        raise StoreError(
            f"point {point} of '{summary.name}' has no result", hint=f"dse show {point}"
        )
    out, base = console(), Path(summary.path).resolve().parent
    found = []
    with tempfile.TemporaryDirectory(prefix="dse-") as scratch:
        folders = Folders(open_cache(cache), Path(scratch))
        for evaluation in stored:
            own = {m.name: m for m in numbers if m.evaluation_id == evaluation.id}
            metrics = {name: own[name] for name in own if name in without_shares(own.keys())}
            found.append(again(evaluation, metrics, base, folders))
            _print(out, found[-1], evaluation.tool)
    if not all(one.holds for one in found):
        raise TooManyFailuresError("not reproduced", hint="the tables show what differs")
    out.print("reproduced: all repeatable metrics are equal")


def _print(out: "Console", found: "Reproduction", tool: str) -> None:
    if found.failure is not None:
        out.print(f"{found.backend}: {found.failure.kind}: {found.failure.message}")
        return
    right = ("stored", "again")
    table = grid("metric", *right, "", title=found.backend, right=right)
    for one in found.comparisons:
        now = "" if one.again is None else number(one.again, one.unit)
        verdict = "same" if one.same else "differs" if one.repeatable else "measured"
        table.add_row(one.metric, number(one.stored, one.unit), now, verdict)
    out.print(table)
    if tool != found.tool:
        out.print(f"stored with {tool}; now {found.tool}")
