"""The table of a front: what varies, digits aligned, and no wider than the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dse.formatting import aligned, value_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dse.analysis.comparison import Cell, Front


def print_table(out: "Console", title: str, found: "Front", varying: Sequence[str]) -> bool:
    """Print a front; return whether all 95 % intervals fitted.

    Args:
        out: where to print.
        title: title above the table.
        found: the front.
        varying: names of the parameters that get a column.
    """
    from rich.measure import Measurement

    whole = _table(title, found, varying, with_intervals=True)
    fits = Measurement.get(out, out.options.update(width=10_000), whole).maximum <= out.width
    out.print(whole if fits else _table(title, found, varying, with_intervals=False))
    return fits


def _table(title: str, found: "Front", varying: Sequence[str], *, with_intervals: bool) -> "Table":
    from rich.table import Table

    table = Table(title=title)
    compared = found.comparison
    units = [f" ({column.unit})" if column.unit else "" for column in compared.columns]
    metrics = [f"{name}{unit}" for name, unit in zip(compared.names, units, strict=True)]
    for head in ("point", *varying, *metrics):
        table.add_column(head, justify="right", overflow="fold")
    by_column = zip(*(row.cells for row in found.rows), strict=True)
    texts = [_texts(cells, with_intervals=with_intervals) for cells in by_column]
    for row, cells in zip(found.rows, zip(*texts, strict=True), strict=True):
        values = [value_text(row.parameters.get(name, "")) for name in varying]
        table.add_row(str(row.number), *values, *cells)
    return table


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
