"""pydantic's errors about a study file, in words of the study file."""

import re
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dse.contracts.errors import StudyError, nearest
from dse.study.models import Section, Study
from dse.study.source import StudySource

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "a text",
    "tuple_type": "a list",
}


def form_mistakes(source: StudySource, error: ValidationError) -> list[StudyError]:
    """Translate pydantic's errors, each with its place in the file."""
    details = filter(_own, error.errors(include_url=False))
    return [_mistake(source, detail) for detail in details]


def _own(details: ErrorDetails) -> bool:
    """False for a list that pydantic finds too short only because its items are wrong."""
    return details["type"] != "too_short" or len(details["input"]) < details["ctx"]["min_length"]


def _mistake(source: StudySource, details: ErrorDetails) -> StudyError:
    """One of pydantic's errors in plain words, with its place."""
    place = tuple(part for part in details["loc"] if part != "[key]")
    given, context = details["input"], details.get("ctx", {})
    key = str(place[-1]) if place else ""
    match details["type"]:
        case "missing":
            message, hint = f"'{key}' is missing", ""
        case "extra_forbidden":
            message, hint = f"unknown key '{key}'", nearest(key, _keys_at(place[:-1]))
            if place[0] == "space":
                hint += "; a mapping as the one value is written [{…}]"
        case "literal_error":
            legal = re.findall(r"'([^']*)'", context["expected"])
            message, hint = f"{given!r} is not legal", nearest(str(given), legal)
        case "string_pattern_mismatch":
            hint = f"a name matches {context['pattern']}"
            message = f"{given!r} is not a legal name"
        case "too_short":
            message, hint = f"{given!r} needs at least {context['min_length']} entries", ""
        case "value_error":
            message, _, allowed = str(context["error"]).partition("; allowed: ")
            hint = f"allowed: {allowed}" if allowed else ""
        case kind:
            shown = "null" if given is None else repr(given)
            message = (
                f"{shown} should be {_EXPECTED[kind]}"
                if kind in _EXPECTED
                else details["msg"].replace("Input", shown, 1)
            )
            hint = ""
    return source.mistake(place, message, hint)


def _keys_at(place: tuple[str | int, ...]) -> Iterable[str]:
    """Legal keys of the section at a place."""
    kind: Any = Study
    for part in place:
        kind = _bare(_fields(kind)[str(part)] if isinstance(kind, type(Section)) else _item(kind))
    return _fields(kind)


def _fields(kind: type[BaseModel]) -> dict[str, Any]:
    fields = kind.model_fields.items()
    return {field.alias or name: field.annotation for name, field in fields}


def _item(kind: Any) -> Any:
    """The type of what a list or mapping holds."""
    return next(item for item in reversed(get_args(kind)) if item is not Ellipsis)


def _bare(kind: Any) -> Any:
    """The type expression without metadata and `| None`."""
    while get_origin(kind) in {Annotated, Union, UnionType}:
        kind = get_args(kind)[0]
    return kind
