"""What a page shows as PDF, drawn by a browser on the server, its numbers, and other layouts."""

import json
from collections.abc import Mapping
from threading import Lock
from typing import Any

import plotly.graph_objects as go
from flask import Flask, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from dashboards.exports import drawn, lettered
from dashboards.figures.style import in_light
from dashboards.numbers import data_of
from dse.contracts.errors import ToolMissingError

PATH, NUMBERS, LAYOUT = "/picture.pdf", "/numbers.csv", "/layout.json"
_TRACES = frozenset({"scatter", "scattergl", "scatter3d", "bar"})
"""Kinds of traces that the dashboard draws; some of the others load maps from other servers."""
_MOST_GL = 5000
"""Points up to which a trace is drawn as vectors where the page has an image of it."""
_drawing = Lock()
"""One picture is drawn at a time, in the thread of its request: others are answered meanwhile."""
_LONGEST_WAIT_S = 60.0

Px = Field(gt=10, le=10_000)


class _Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    width: float = Px
    height: float = Px
    letters: float = Field(default=0, ge=0, le=100)
    """Size of the letters in pixels of a figure that is laid out anew; 0 for one as it is."""
    name: str = Field(default="dse", max_length=200)
    """Name of the file, which is the title of a PDF."""


def served(server: Flask) -> None:
    """Answer requests for a PDF of a figure, for it at another width, or for its numbers.

    Sizes are in CSS pixels.
    """

    @server.post(PATH)
    def picture() -> Response:
        asked = _asked()
        return Response(_drawn(_figure(asked), asked.name), mimetype="application/pdf")

    @server.post(LAYOUT)
    def layout() -> Response:
        shown = _figure(_asked())
        shown.layout.template = None
        return Response(shown.to_json(), mimetype="application/json")

    @server.post(NUMBERS)
    def numbers() -> Response:
        return Response(_numbers(_figure(_asked())), mimetype="text/csv")


def _asked() -> _Asked:
    try:
        return _Asked.model_validate(request.get_json(), strict=True)
    except RecursionError:
        raise BadRequest("it is nested too deeply") from None
    except ValidationError as error:
        places = {".".join(map(str, one["loc"][:2])) or "body" for one in error.errors()[:3]}
        raise BadRequest(f"this is no figure: {', '.join(sorted(places))[:200]} is wrong") from None


def _figure(asked: _Asked) -> go.Figure:
    """Return the figure, which loads nothing from anywhere.

    Raises:
        BadRequest: it is none that the dashboard draws.
    """
    data, layout = _on_paper(asked) if asked.letters else (asked.data, asked.layout)
    layout = {**layout, "template": "none"}
    if not all(trace.get("type", "scatter") in _TRACES for trace in data):
        raise BadRequest(f"only traces of {', '.join(sorted(_TRACES))} are drawn")
    if not _is_own(layout.get("images")):
        raise BadRequest("images have to be part of the figure")
    try:
        figure = go.Figure([_as_vectors(trace) for trace in data], layout)
        if asked.letters:
            return lettered(figure, asked.width, asked.letters)
    except (ValueError, TypeError) as error:
        raise BadRequest(f"this is no figure: {str(error).strip()[:200]}") from None
    return figure.update_layout(width=asked.width, height=asked.height)


def _on_paper(asked: _Asked) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return data and layout of a figure for a publication: on white, whatever the theme."""
    data, layout = json.loads(in_light(json.dumps([asked.data, asked.layout])))
    return data, {**layout, "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff"}


def _numbers(figure: go.Figure) -> str:
    """Return the numbers as CSV.

    Raises:
        BadRequest: they are not of a figure that the dashboard drew.
    """
    try:
        return data_of(figure).to_csv(index=False)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise BadRequest(f"this is no figure: {str(error).strip()[:200]}") from None


def _is_own(images: Any) -> bool:
    """Whether all images are in the figure itself."""
    return images is None or (
        isinstance(images, list)
        and all(
            isinstance(one, dict) and str(one.get("source", "")).startswith("data:image/")
            for one in images
        )
    )


def _as_vectors(trace: Mapping[str, Any]) -> dict[str, Any]:
    x = trace.get("x")
    few = isinstance(x, list) and len(x) <= _MOST_GL
    return {**trace, "type": "scatter"} if trace.get("type") == "scattergl" and few else {**trace}


def _drawn(figure: go.Figure, title: str) -> bytes:
    """Return the PDF.

    Raises:
        ServiceUnavailable: no browser is installed, or others wait already.
    """
    if not _drawing.acquire(timeout=_LONGEST_WAIT_S):
        raise ServiceUnavailable("other pictures are drawn; try again")
    try:
        return drawn(figure, "pdf", title=title)
    except ToolMissingError as error:
        raise ServiceUnavailable(f"{error.message}. {error.hint}") from error
    finally:
        _drawing.release()
