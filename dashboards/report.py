"""Write a report of a study: one HTML file with figures, front and failures."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from plotly.offline import get_plotlyjs

from dashboards import front_page_state, scan_view
from dashboards.address import Address
from dashboards.source import Source
from dse.contracts.errors import StoreError
from dse.formatting import number


def write_report(database: str, study: str | None, out: Path) -> str:
    """Write the report.

    The file includes Plotly's JavaScript, so that it can be read without server and network.

    Args:
        database: file or SQLAlchemy URL.
        study: name of the study; None for the last changed one.
        out: file to write.

    Returns:
        Name of the study.

    Raises:
        StoreError: if the study does not exist or has no results yet.
    """
    source = Source(database)
    summary = source.study(study)
    address = Address({"study": summary.name})
    view = front_page_state.FrontPageState.of(source, address)
    if not any(quantity.column for quantity in view.known.values()):
        hint = f"dse run {summary.path or 'STUDY'}"
        raise StoreError("no result is stored yet", where=summary.name, hint=hint)
    drawn, sentence = front_page_state.drawn(source, view, "light", ())
    table, _ = front_page_state.rows(view, [])
    scan = scan_view.drawn(source, scan_view.ScanPageState.of(source, address), "light")
    environment = Environment(loader=PackageLoader("dashboards", "assets"), autoescape=True)
    environment.filters["numeral"] = number
    page = environment.get_template("report.html.jinja").render(
        study=summary,
        now=datetime.now(UTC),
        sentence=sentence,
        plotly=get_plotlyjs(),
        figures=[_html(drawn), _html(scan)],
        table=table,
        failures=source.results.failures(summary.name),
        tools=sorted({m.tool for p in source.results.points(summary.name) for m in p.metrics}),
    )
    out.write_text(page, encoding="utf-8")
    return summary.name


def _html(figure: Any) -> str:
    text: str = figure.to_html(full_html=False, include_plotlyjs=False)
    return text
