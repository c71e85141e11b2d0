"""Read Plotly's events: clicked points, and boxes that are dragged."""

from collections.abc import Callable, Mapping
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from dashboards.address import Address
from dashboards.routing import LOCATION


def clicked_points(data: Any) -> list[int]:
    """Return the number of the clicked point, if a point of the page's own study was clicked.

    Markers of other studies carry their numbers as texts, since they are not points of this one.
    """
    points = [p["customdata"][0] for p in (data or {}).get("points", []) if p.get("customdata")]
    return [number for number in points if isinstance(number, int)][:1]


def fill_from_box(
    app: Dash,
    figure: str,
    typed: Callable[[Address, Mapping[str, Any]], Mapping[str, str | list[str]]],
) -> None:
    """Type into the controls of a page what a box says that is dragged in a figure.

    Args:
        app: the application.
        figure: id of the figure.
        typed: returns what to type by name of the control, from the address and the box's range.
    """
    every = {"type": "control", "name": ALL, "default": ALL}

    @app.callback(
        Output(every, "value", allow_duplicate=True),
        Input(figure, "selectedData"),
        State(every, "id"),
        State(LOCATION, "search"),
        State("settled", "data"),
        prevent_initial_call=True,
    )
    def fill(
        selected: Any, _shown: list[Any], search: str, kept: dict[str, str] | None
    ) -> list[Any]:
        names = [one["id"]["name"] for one in ctx.outputs_list]
        box = (selected or {}).get("range")
        found = typed(Address.parse(search, kept), box) if box else {}
        return [found.get(name, no_update) for name in names]
