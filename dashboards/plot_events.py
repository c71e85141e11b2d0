"""Read Plotly's click events."""

from typing import Any


def clicked_points(data: Any) -> list[int]:
    """Return the number of the clicked point, if a point of the page's own study was clicked.

    Markers of other studies carry their numbers as texts, since they are not points of this one.
    """
    points = [p["customdata"][0] for p in (data or {}).get("points", []) if p.get("customdata")]
    return [number for number in points if isinstance(number, int)][:1]
