"""A picture of a front: the first metric over each of the others."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse.cli.console import writing

if TYPE_CHECKING:
    from dse.analysis.comparison import Front


def write_picture(file: Path, title: str, found: "Front") -> None:
    """Write a front as an SVG drawing, one panel for each metric but the first.

    Raises:
        UsageError: the file is no .svg, cannot be written, or only one metric is compared.
    """
    from dse.cli.svg_plot import figure
    from dse.contracts.errors import UsageError

    if file.suffix.lower() != ".svg":
        raise UsageError(f"cannot draw {file}", where="--picture", hint="such as front.svg")
    if len(found.comparison.columns) < 2:
        raise UsageError("one metric makes no picture", where="--picture", hint="name two or more")
    with writing(file):
        file.write_text(figure(list(_panels(title, found))), encoding="utf-8")


def _panels(title: str, found: "Front") -> Iterator[dict[str, Any]]:
    compared = found.comparison
    for index, name in enumerate(compared.names[1:], start=1):
        column = compared.columns[index]
        unit = f" / {column.unit}" if column.unit else ""
        front = sorted([row.cells[index].value, row.cells[0].value] for row in found.rows)
        everything = sorted(compared.values[:, [index, 0]].tolist())
        others = [pair for pair in everything if pair not in front]
        grey = {"label": "dominated", "kind": "paper", "points": others, "joined": False}
        series = [grey] if others else []
        series.append({"label": "front", "kind": "ours", "points": front, "joined": False})
        yield {
            "title": title,
            "x": f"{name}{unit}",
            "y": compared.names[0],
            "log": [],
            "missing": "",
            "series": series,
        }
