"""Check requests for callbacks before Dash reads them: to an open port anything can be sent.

Dash trusts that a request comes from its own pages, and raises whatever the wrong type causes. A
request that no page sends is answered with status 400 here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from dash import Dash
from dash.exceptions import DependencyException
from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

PATH = "/_dash-update-component"
_LARGEST_BODY = 64 * 2**20  # bytes; the figure of the page Parameters has some megabytes

Id = str | dict[str, str]
Number = Annotated[int | float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Property(_Strict):
    id: Id
    property: str


class _Value(_Property):
    value: Any = None


class _Request(_Strict):
    """Body of a request for a callback; components of a pattern are in a list of their own."""

    output: str
    outputs: _Property | list[_Property | list[_Property]]
    inputs: list[_Value | list[_Value]]
    state: list[_Value | list[_Value]] = []
    changedPropIds: list[str] = []  # noqa: N815  (Dash's name)


Point = Annotated[int, Field(ge=0, le=2**53)]


class _Row(_Strict):
    point: Point


class _Marker(_Strict):
    customdata: list[Any] | None = None


class _Area(_Strict):
    x: list[Number] = Field(min_length=2)
    y: list[Number] = Field(min_length=2)


class _Event(_Strict):
    """What Plotly reports of a click or a selection."""

    points: list[_Marker] = []
    range: _Area | None = None
    lassoPoints: _Area | None = None  # noqa: N815  (Plotly's name)


class _Named(_Strict):
    type: str
    name: str


class _Told(_Strict):
    evaluations: int
    failures: int
    state: str


_TYPES: Mapping[str, Any] = {
    "pathname": Annotated[str, Field(pattern="^/")],
    "search": str | None,
    "n_clicks": int | None,
    "n_intervals": int | None,
    "id": _Named,
    "stamp.data": str | None,
    "written.data": str | None,
    "entered.data": list[str | Number] | None,
    "theme.data": Literal["light", "dark"],
    "narrow.data": Annotated[Number, Field(ge=0, le=1000)] | None,
    "settled.data": dict[str, str] | None,
    "selection.data": list[Point] | None,
    "told.data": dict[str, _Told] | None,
    "front-drawn.data": list[str | None] | None,
    "selectedRows": list[_Row] | None,
    "clickData": _Event | None,
    "selectedData": _Event | None,
}
"""Types of values by ``property`` or ``id.property``; callbacks check those that are not here."""

_CHECKS = {name: TypeAdapter(kind) for name, kind in _TYPES.items()}


def checked(app: Dash) -> None:
    """Answer requests that no page sends with status 400, and all errors with a line of text."""
    server = app.server
    server.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    server.register_error_handler(HTTPException, _as_text)
    server.register_error_handler(DependencyException, lambda _: _as_text(NotFound()))

    @server.before_request
    def check() -> Response | None:
        if request.path != PATH or request.method != "POST":
            return None
        try:
            _check(_Request.model_validate(_json(), strict=True), app.callback_map)
        except ValueError as error:  # pydantic's errors are ValueErrors
            where = _places(error) if isinstance(error, ValidationError) else str(error)
            return _as_text(BadRequest(f"no page of the dashboard sends this request: {where}"))
        return None


def _json() -> Any:
    try:
        return request.get_json()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _as_text(error: HTTPException) -> Response:
    text = f"dse: {error.code} {error.name}: {error.description}\n"
    return Response(text, error.code, mimetype="text/plain")


def _places(error: ValidationError) -> str:
    """Return the first places where a request is wrong, without what it contains there."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    places = (".".join(map(str, one["loc"][:4])) or "body" for one in errors[:3])
    return ", ".join(f"{place[:100]} is wrong" for place in places)


def _check(asked: _Request, callbacks: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare a request with the callback that it names.

    Raises:
        ValueError: there is no such callback, or it has other inputs, outputs or types.
    """
    callback = callbacks.get(asked.output)
    if callback is None or "callback" not in callback:
        raise ValueError("there is no such callback")
    _compare("outputs", _outputs_of(asked.output), _listed(asked))
    _compare("inputs", callback["inputs"], asked.inputs)
    _compare("state", callback["state"], asked.state)
    for value in _flat([*asked.inputs, *asked.state]):
        _check_value(value)
    for changed in asked.changedPropIds:
        name = changed.rpartition(".")[0]
        if name.startswith("{") and not isinstance(json.loads(name), dict):
            raise ValueError("changedPropIds is wrong")


def _listed(asked: _Request) -> Sequence[Any]:
    """Return the outputs, one entry for each that the callback has."""
    several = asked.output.startswith("..")
    if several and isinstance(asked.outputs, list):
        return asked.outputs
    return [asked.outputs]  # a list where the one output is a pattern


def _outputs_of(output: str) -> list[dict[str, str]]:
    """Return id and property of each output of Dash's name of a callback."""
    parts = [part.rpartition(".") for part in output.strip(".").split("...")]
    return [{"id": name, "property": prop} for name, _, prop in parts]


def _compare(what: str, declared: Sequence[Mapping[str, str]], given: Sequence[Any]) -> None:
    if len(declared) != len(given):
        raise ValueError(f"{what} is wrong")
    for spec, one in zip(declared, given, strict=True):
        if not _fits(spec, one):
            raise ValueError(f"{what} is wrong: {spec['id']}.{spec['property']}")


def _fits(spec: Mapping[str, str], given: Any) -> bool:
    """Whether an entry is the declared component, or a list of those of a pattern."""
    # the property of an output that several callbacks share ends in "@" and a digest
    name = spec["property"].partition("@")[0]
    pattern = json.loads(spec["id"]) if spec["id"].startswith("{") else None
    if isinstance(given, _Property):
        same = given.id == spec["id"] and given.property.partition("@")[0] == name
        return pattern is None and same
    return pattern is not None and all(
        isinstance(one, _Property)
        and one.property.partition("@")[0] == name
        and _matches(pattern, one.id)
        for one in given
    )


def _matches(pattern: Mapping[str, Any], given: Id) -> bool:
    """Whether an id has the pattern's texts, and any text where the pattern has a wildcard."""
    return (
        isinstance(given, dict)
        and given.keys() == pattern.keys()
        and all(isinstance(wild, list) or given[key] == wild for key, wild in pattern.items())
    )


def _flat(values: Sequence[_Value | list[_Value]]) -> Iterator[_Value]:
    for one in values:
        yield from one if isinstance(one, list) else (one,)


def _check_value(given: _Value) -> None:
    """Check the type of a value.

    Raises:
        ValueError: it is another type.
    """
    name = f"{given.id}.{given.property}"
    check = _CHECKS.get(name) or _CHECKS.get(given.property)
    try:
        if check:
            check.validate_python(given.value, strict=True)
    except ValidationError:
        raise ValueError(f"the value of {name[:100]} is wrong") from None
