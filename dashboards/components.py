"""Components of pages: labelled controls, tables, notes."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
import dash_bootstrap_components as dbc
import pandas as pd
from dash import html

from dashboards.quantities import is_numeric

NO_ROWS = "No point is left: loosen the limits, the condition or the ranges"

Options = Mapping[str, str]
"""Labels of options by value."""

MOST_ROWS = 2000
"""Rows that a table in the browser shows; downloads contain all rows."""


def control(name: str, default: str) -> dict[str, str]:
    """Return the id of a component whose value is in the address unless it is `default`."""
    return {"type": "control", "name": name, "default": default}


def labelled(label: str, component: Any, tip: str = "") -> html.Div:
    """Return a control below its label; `tip` is the label's tooltip."""
    text = html.Span(label, title=tip or None, className="label")
    return html.Div(html.Label([text, component]), className="control")


def choice(
    name: str, label: str, options: Options, value: str, default: str, *, tip: str = ""
) -> html.Div:
    """Return a selection of one option."""
    box = dbc.Select(
        id=control(name, default),
        options=_as_options(options),
        value=value,
        placeholder=options.get("", ""),  # label of the empty value
    )
    return labelled(label, box, tip)


def choices(
    name: str, label: str, options: Options, value: Sequence[str], *, tip: str = "", empty: str = ""
) -> html.Details:
    """Return a folded list of check boxes; `empty` is shown if none is checked."""
    boxes = dbc.Checklist(id=control(name, ""), options=_as_options(options), value=list(value))
    chosen = ", ".join(options[key] for key in value if key in options)
    summary = html.Summary(
        html.Span(label, className="label"),
        title=tip or None,
        **{"data-chosen": chosen, "data-empty": empty or "none"},
    )
    group = html.Div(boxes, role="group", className="scrolled", **{"aria-label": label})
    return html.Details([summary, group], className="control choices")


def switches(name: str, options: Options, value: Sequence[str], default: Sequence[str]) -> Any:
    """Return check boxes for options that are on or off."""
    return dbc.Checklist(
        id=control(name, "|".join(default)),
        options=_as_options(options),
        value=list(value),
        className="switches",
    )


def _as_options(options: Options) -> list[dict[str, str]]:
    return [{"label": text, "value": key} for key, text in options.items()]


def text_box(
    name: str,
    label: str,
    value: str,
    placeholder: str,
    *,
    tip: str = "",
    pause_s: float | None = None,
) -> html.Div:
    """Return a text field; its value is taken on Enter, when it loses the focus, or in a pause.

    Args:
        name: name in the address.
        label: label above it.
        value: its text.
        placeholder: what an empty field shows.
        tip: the label's tooltip.
        pause_s: time without typing after which the value is taken; None for never.
    """
    box = dbc.Input(
        id=control(name, ""),
        value=value,
        placeholder=placeholder,
        debounce=True if pause_s is None else pause_s,
        type="text",
    )
    return labelled(label, box, tip)


def side(controls: Sequence[Any]) -> html.Details:
    """Return the controls of a page; where it is narrow, `dse.js` folds them."""
    return html.Details(
        [html.Summary("Controls"), html.Div(list(controls), className="stack")],
        className="side",
        open=True,
    )


def note(text: str, kind: str = "") -> html.P:
    """Return a paragraph of plain text; one of kind ``bad`` says what is wrong, and is read out."""
    said = {"role": "alert"} if kind == "bad" else {}
    return html.P(text, className=f"note {kind}".strip(), **said)


def wide(content: Any) -> html.Div:
    """Return content that scrolls sideways where the page is narrow, by the keyboard too."""
    return html.Div(content, className="wide", tabIndex="0")


def empty(title: str, what_to_do: str) -> html.Div:
    """Return the content of a page that has nothing to show."""
    return html.Div([html.H1(title), html.P(what_to_do)], className="empty", role="status")


def nothing_yet(study: str) -> html.Div:
    """Return the content of a page of a study without results."""
    then = "The page is filled as soon as dse run has stored the first result."
    return empty(f"{study} has no results yet", then)


def grid(name: str, frame: pd.DataFrame, *, selectable: bool = False, **options: Any) -> dag.AgGrid:
    """Return a table of texts and numbers with at most `MOST_ROWS` rows.

    Args:
        name: id of the component.
        frame: table; its columns are the headings.
        selectable: whether rows can be selected.
        options: further arguments of `dag.AgGrid`.
    """
    grid_options = {
        "domLayout": "normal",
        "rowSelection": {"mode": "multiRow", "enableClickSelection": False} if selectable else None,
        "pagination": True,
        "paginationPageSize": 50,
        # Screen readers need rows in the order in which they are shown, and all columns.
        "ensureDomOrder": True,
        "suppressColumnVirtualisation": True,
        "localeText": {"noRowsToShow": NO_ROWS},
    }
    return dag.AgGrid(
        id=name,
        rowData=records(frame) if len(frame) else None,  # None until a callback has filled it
        columnDefs=[definition(name, frame[name]) for name in headings(frame)],
        defaultColDef={
            "sortable": True,
            "filter": True,
            "resizable": True,
            "minWidth": 100,  # so that six columns fit beside the importance at 1366 px
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        columnSize="responsiveSizeToFit",
        dashGridOptions={key: value for key, value in grid_options.items() if value is not None},
        className="ag-theme-quartz grid",
        **options,
    )


def headings(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns."""
    return [str(name) for name in frame.columns]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON for the browser, null for NaN, which JSON does not have."""
    shown = frame.head(MOST_ROWS).astype(object)
    rows = shown.where(shown.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def definition(heading: str, column: "pd.Series[Any]") -> dict[str, Any]:
    """Return AG Grid's definition of a column: numbers right-aligned with four digits."""
    shown = {
        "type": "rightAligned",
        "valueFormatter": {"function": "dse_number(params.value)"},
        "filter": "agNumberColumnFilter",
    }
    # AG Grid takes a dot in the name of a field for a path into nested data.
    field = {"function": f"params.data[{heading!r}]"} if "." in heading else None
    kind: dict[str, Any] = {"headerName": heading, "headerTooltip": heading}
    kind |= {"valueGetter": field, "colId": heading} if field else {"field": heading}
    if heading == "point":
        kind["cellRenderer"] = "PointLink"
    return kind | (shown if is_numeric(column) else {})
