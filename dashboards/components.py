"""Pieces that pages are made of: labelled controls, tables, notes."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_bootstrap_components as dbc
import pandas as pd
from dash import html

from dashboards.quantities import is_numeric

Options = Mapping[str, str]
"""What can be chosen: labels by value."""

MOST_ROWS = 2000
"""In a table of the browser; the download has all."""


def control(name: str, default: str) -> dict[str, str]:
    """Id of a component whose value is a text of the address; `default` is not written there."""
    return {"type": "control", "name": name, "default": default}


def labelled(label: str, component: Any, tip: str = "") -> html.Div:
    """A control below its label."""
    text = html.Span(label, title=tip or None, className="label")
    return html.Div(html.Label([text, component]), className="control")


def choice(
    name: str, label: str, options: Options, value: str, default: str, *, tip: str = ""
) -> html.Div:
    """One of several."""
    box = dbc.Select(
        id=control(name, default),
        options=_listed(options),
        value=value,
        placeholder=options.get("", ""),  # what an empty value is shown as
    )
    return labelled(label, box, tip)


def choices(
    name: str, label: str, options: Options, value: Sequence[str], *, tip: str = "", empty: str = ""
) -> html.Details:
    """Any number of several, folded; `empty` says what none of them means."""
    boxes = dbc.Checklist(id=control(name, ""), options=_listed(options), value=list(value))
    chosen = ", ".join(options[key] for key in value if key in options)
    summary = html.Summary(
        html.Span(label, className="label"),
        title=tip or None,
        **{"data-chosen": chosen, "data-empty": empty or "none"},
    )
    group = html.Div(boxes, role="group", className="scrolled", **{"aria-label": label})
    return html.Details([summary, group], className="control choices")


def switches(name: str, options: Options, value: Sequence[str], default: Sequence[str]) -> Any:
    """Things that are on or off."""
    return dbc.Checklist(
        id=control(name, "|".join(default)),
        options=_listed(options),
        value=list(value),
        className="switches",
    )


def _listed(options: Options) -> list[dict[str, str]]:
    return [{"label": text, "value": key} for key, text in options.items()]


def text_box(name: str, label: str, value: str, placeholder: str, *, tip: str = "") -> html.Div:
    """A line of text, taken when one leaves it or presses Enter."""
    box = dbc.Input(
        id=control(name, ""), value=value, placeholder=placeholder, debounce=True, type="text"
    )
    return labelled(label, box, tip)


def note(text: str, kind: str = "") -> html.P:
    """A sentence, literally."""
    return html.P(text, className=f"note {kind}".strip())


def empty(title: str, what_to_do: str) -> html.Div:
    """Instead of a page that has nothing to show."""
    return html.Div([html.H1(title), html.P(what_to_do)], className="empty", role="status")


def nothing_yet(study: str) -> html.Div:
    """Instead of a page of a study without results."""
    then = "The page fills as soon as dse run stores the first result."
    return empty(f"{study} has no numbers yet", then)


def grid(name: str, frame: pd.DataFrame, *, selectable: bool = False, **options: Any) -> dag.AgGrid:
    """A table of texts and numbers, the first `MOST_ROWS` rows.

    Args:
        name: id of the component.
        frame: its columns are the headings.
        selectable: rows can be marked.
        options: go to AG Grid.
    """
    grid_options = {
        "domLayout": "normal",
        "rowSelection": {"mode": "multiRow", "enableClickSelection": False} if selectable else None,
        "pagination": True,
        "paginationPageSize": 50,
        "ensureDomOrder": True,
        "suppressColumnVirtualisation": True,
    }
    return dag.AgGrid(
        id=name,
        rowData=records(frame),
        columnDefs=[definition(name, frame[name]) for name in headings(frame)],
        defaultColDef={
            "sortable": True,
            "filter": True,
            "resizable": True,
            "minWidth": 118,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        columnSize="responsiveSizeToFit",
        dashGridOptions={key: value for key, value in grid_options.items() if value is not None},
        className="ag-theme-quartz grid",
        **options,
    )


def headings(frame: pd.DataFrame) -> list[str]:
    """Of its columns."""
    return [str(name) for name in frame.columns]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for the browser, nothing for NaN."""
    shown = frame.head(MOST_ROWS).astype(object)
    rows = shown.where(shown.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def definition(heading: str, column: "pd.Series[Any]") -> dict[str, Any]:
    """How a column is shown: numbers to the right, with four significant digits."""
    shown = {
        "type": "rightAligned",
        "valueFormatter": {"function": "dse_number(params.value)"},
        "filter": "agNumberColumnFilter",
    }
    field = {"function": f"params.data[{heading!r}]"} if "." in heading else None
    kind: dict[str, Any] = {"headerName": heading, "headerTooltip": heading}
    kind |= {"valueGetter": field, "colId": heading} if field else {"field": heading}
    if heading == "point":
        kind["cellRenderer"] = "PointLink"
    return kind | (shown if is_numeric(column) else {})
