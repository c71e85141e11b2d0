"""Figures of the dashboard for notebooks and papers, as Plotly figures.

Nothing heavy is imported before a figure is asked for. The figures are drawn by the dashboard's own
functions, so that a notebook, the dashboard and a report show the same.

Example:
    >>> import dse.plot
    >>> figure = dse.plot.front("bitwidth")
    >>> figure.show()
    >>> dse.plot.save(figure, "front.pdf", width="column", font_pt=8)
    >>> dse.plot.data(figure).to_csv("front.csv")
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

__all__ = ["data", "front", "parallel", "save", "scan", "timeline"]


def front(
    study: str | None = None, *, database: str = "results.db", theme: str = "light", **view: str
) -> "go.Figure":
    """Return the front of a study over all its objectives.

    Args:
        study: name; by default the study that was run last.
        database: a file or a database URL.
        theme: ``light`` or ``dark``.
        view: whatever the address of the page Front has after its ``?``, such as ``x="open.lut"``,
            ``colour="total_bits"``, ``where="total_bits <= 16"``, ``show="log_x|bars"``.

    Raises:
        dse.contracts.errors.StoreError: the database or the study does not exist.
        dse.contracts.errors.UsageError: the study has no results, or a name is ambiguous.
    """
    from dashboards import front_page_state as state

    source, address = _opened(database, study, view)
    drawn, _ = state.drawn(source, state.FrontPageState.of(source, address), theme, ())
    return drawn


def scan(
    study: str | None = None, *, database: str = "results.db", theme: str = "light", **view: str
) -> "go.Figure":
    """Return metrics against a parameter, or the published figure that the study reproduces.

    Args:
        study: name; by default the study that was run last.
        database: a file or a database URL.
        theme: ``light`` or ``dark``.
        view: as the address of the page Scans has it, such as ``x="total_bits"``, ``y="open.lut"``.

    Raises:
        dse.contracts.errors.StoreError: the database or the study does not exist.
    """
    from dashboards import scan_view

    source, address = _opened(database, study, view)
    return scan_view.drawn(source, scan_view.ScanPageState.of(source, address), theme)


def parallel(
    study: str | None = None, *, database: str = "results.db", theme: str = "light", **view: str
) -> "go.Figure":
    """Return parallel coordinates of parameters and objectives.

    Args:
        study: name; by default the study that was run last.
        database: a file or a database URL.
        theme: ``light`` or ``dark``.
        view: as the address of the page Parameters has it, such as ``colour="open.lut"``.

    Raises:
        dse.contracts.errors.StoreError: the database or the study does not exist.
    """
    from dashboards import parameter_rows
    from dashboards.figures import parallel as figures

    source, address = _opened(database, study, view)
    own = parameter_rows.Shown.of(source, address)
    return figures.parallel(own.frame, own.titles, own.colour, theme, own.ranges)  # type: ignore[arg-type]


def timeline(
    study: str | None = None, *, database: str = "results.db", theme: str = "light"
) -> "go.Figure":
    """Return when the evaluations of a study ran.

    Args:
        study: name; by default the study that was run last.
        database: a file or a database URL.
        theme: ``light`` or ``dark``.

    Raises:
        dse.contracts.errors.StoreError: the database or the study does not exist.
    """
    from dashboards.figures.timeline import timeline as figure
    from dse.analysis.spending import evaluations

    source, address = _opened(database, study, {})
    rows = evaluations(source.results, address.text("study"))
    return figure(rows[rows["first"]], theme)  # type: ignore[arg-type]


def save(
    figure: "go.Figure",
    file: str | Path,
    *,
    width: str | float = "column",
    height_mm: float = 0.0,
    font_pt: float = 8.0,
    dpi: float = 300.0,
) -> None:
    """Write a figure as PDF, SVG or PNG for a publication.

    Args:
        figure: one of the figures of this module.
        file: file to write; its ending says what it is.
        width: ``column`` (86 mm), ``page`` (178 mm), or millimetres.
        height_mm: height in millimetres; 0 for what panels and legend need.
        font_pt: size of the letters in points.
        dpi: dots per inch of a PNG.

    Raises:
        dse.contracts.errors.UsageError: a size or the ending makes no sense.
        dse.contracts.errors.ToolMissingError: the package kaleido or Chrome is missing.
    """
    from dashboards.exports import for_paper, write

    write(for_paper(figure, width, height_mm, font_pt), Path(file), dpi)


def data(figure: "go.Figure") -> "pd.DataFrame":
    """Return the numbers behind a figure, one row per drawn point.

    Args:
        figure: one of the figures of this module.

    Returns:
        Columns `series`, one for each axis under its name and with its unit, `point` where known,
        the ends of intervals (NAME `low`, NAME `high`), and colour and size under their names.
        Scans show several metrics: theirs are `metric`, `unit`, `value`, `low` and `high`.
    """
    from dashboards.numbers import data_of

    return data_of(figure)


def _opened(database: str, study: str | None, view: dict[str, str]) -> tuple[Any, Any]:
    """Return the database and the address of a page for these settings."""
    from dashboards.address import Address
    from dashboards.source import Source

    source = Source(database)
    return source, Address({**view, "study": source.study(study).name})
