"""The table of a front: what varies, digits aligned, and no wider than the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dse.cli.console import fits
from dse.formatting import aligned, value_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dse.analysis.comparison import Cell, Front

INTERVALS = "95 % intervals"
"""How intervals are named among what was left out."""


@dataclass(frozen=True)
class _Layout:
    """What a table shows.

    Args:
        parameters: names of the parameters that get a column.
        n_metrics: number of metrics that get a column, the first ones.
        intervals: whether metrics have their 95 % intervals.
        tall: whether heads have a line per word, and the unit one of its own.
    """

    parameters: tuple[str, ...]
    n_metrics: int
    intervals: bool = False
    tall: bool = False


def print_table(
    out: "Console", title: str, found: "Front", varying: Sequence[str]
) -> tuple[str, ...]:
    """Print a front, with as many columns as the terminal has room for.

    Intervals go first, then parameters from the last one on, which the number of the point stands
    for, then metrics from the last one on.

    Args:
        out: where to print.
        title: title above the table.
        found: the front.
        varying: names of the parameters that get a column.

    Returns:
        what was left out, to be named below the table.
    """
    layouts = list(_layouts(tuple(varying), len(found.comparison.columns)))
    tables = ((layout, _table(title, found, layout)) for layout in layouts)
    last = layouts[-1], _table(title, found, layouts[-1])
    layout, table = next((pair for pair in tables if fits(out, pair[1])), last)
    out.print(table)
    return tuple(_left_out(found, varying, layout))


def _layouts(varying: tuple[str, ...], n_metrics: int) -> Iterator[_Layout]:
    """Yield layouts, each narrower than the one before."""
    yield _Layout(varying, n_metrics, intervals=True)
    yield _Layout(varying, n_metrics)
    for kept in range(len(varying), -1, -1):
        yield _Layout(varying[:kept], n_metrics, tall=True)
    for kept in range(n_metrics - 1, 0, -1):
        yield _Layout((), kept, tall=True)


def _left_out(found: "Front", varying: Sequence[str], layout: _Layout) -> Iterator[str]:
    cells = (cell for row in found.rows for cell in row.cells)
    if not layout.intervals and any(cell.low is not None for cell in cells):
        yield INTERVALS
    yield from varying[len(layout.parameters) :]
    yield from found.comparison.names[layout.n_metrics :]


def _table(title: str, found: "Front", layout: _Layout) -> "Table":
    from rich.table import Table

    table = Table(title=title)
    compared = found.comparison
    named = list(zip(compared.names, compared.columns, strict=True))[: layout.n_metrics]
    metrics = [f"{name} ({column.unit})" if column.unit else name for name, column in named]
    for head in ("point", *layout.parameters, *metrics):
        text = tall_head(head) if layout.tall else head
        table.add_column(text, justify="right", vertical="bottom", overflow="fold")
    by_column = zip(*(row.cells[: layout.n_metrics] for row in found.rows), strict=True)
    texts = [_texts(cells, with_intervals=layout.intervals) for cells in by_column]
    for row, cells in zip(found.rows, zip(*texts, strict=True), strict=True):
        values = [value_text(row.parameters.get(name, "")) for name in layout.parameters]
        table.add_row(str(row.number), *values, *cells)
    return table


def tall_head(head: str) -> str:
    """Return a head in lines that break where its words do: ``reuse_`` above ``factor``."""
    return head.replace("_", "_\n").replace(".", ".\n").replace(" (", "\n(")


def _texts(cells: "Sequence[Cell]", *, with_intervals: bool) -> list[str]:
    """Return the texts of one column, all with the same decimals."""
    values = [cell.value for cell in cells]
    ends = [(cell.low, cell.high) for cell in cells]
    known = [end for pair in ends for end in pair if end is not None] if with_intervals else []
    texts = iter(aligned([*values, *known]))
    shown = [f"{'~' if cell.tie else ''}{next(texts)}" for cell in cells]
    if not with_intervals:
        return shown
    written = [[next(texts) for end in pair if end is not None] for pair in ends]
    return [
        f"{text} [{', '.join(pair)}]" if len(pair) == 2 else text
        for text, pair in zip(shown, written, strict=True)
    ]


def constants(found: "Front", varying: Sequence[str]) -> Mapping[str, Any]:
    """Return the parameters that have one value at every point of the study."""
    first = found.rows[0].parameters if found.rows else {}
    return {name: value for name, value in first.items() if name not in varying}
