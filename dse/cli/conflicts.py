"""What two databases state differently for equal work, as a table."""

from typing import TYPE_CHECKING

from dse.cli.console import console, grid
from dse.formatting import counted, number, point_text

if TYPE_CHECKING:
    from dse.store.merge import Merged

_SHOWN = 20  # rows of the table


def tell_conflicts(done: "Merged", ours: str, theirs: str) -> None:
    """Print what differs; leave with exit code 4 where numbers do.

    Args:
        done: what a merge did.
        ours: name of the database that was written.
        theirs: name of the database that was read.
    """
    from dse.contracts.errors import DataError

    out = console(stderr=True)
    for study in done.edited:
        out.print(f"{study}: its file differs in the two databases; each keeps its own")
    if not done.conflicts:
        return
    keys = {conflict.key for conflict in done.conflicts}
    said = "one key and other numbers; each database keeps its own"
    title = f"{counted(len(keys), 'result')} with {said}"
    table = grid("key", "backend", "point", "metric", ours, "made", theirs, "made", title=title)
    for conflict in done.conflicts[:_SHOWN]:
        table.add_row(
            conflict.key[:12],
            conflict.backend,
            point_text(conflict.parameters),
            conflict.metric,
            _shown(conflict.ours),
            conflict.our_origin,
            _shown(conflict.theirs),
            conflict.their_origin,
        )
    out.print(table)
    if len(done.conflicts) > _SHOWN:
        out.print(f"{len(done.conflicts) - _SHOWN} more; dse sync --list FILE writes all")
    raise SystemExit(DataError.exit_code)


def _shown(value: float | None) -> str:
    return "none" if value is None else number(value)
