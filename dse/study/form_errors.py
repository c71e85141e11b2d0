"""Translate pydantic's errors about a study file into messages with its keys and lines."""

import re
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dse.contracts.errors import StudyError, nearest
from dse.contracts.parameters import shown
from dse.study.models import Section, Study
from dse.study.source import StudySource

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "a string",
    "tuple_type": "a list",
}


_FORMS = {
    "a list": "write [{}]",
    "a mapping": "write key: value, one a line, or {{key: value}}",
    "a string": "write it in quotes",
}
"""How what is expected is written; the braces stand for the value that was given."""


def form_mistakes(source: StudySource, error: ValidationError) -> list[StudyError]:
    """Return one error for each of pydantic's, with its place in the file."""
    details = filter(_is_independent, error.errors(include_url=False))
    return [_mistake(source, detail) for detail in details]


def _is_independent(details: ErrorDetails) -> bool:
    """Whether an error does not just follow from others.

    pydantic leaves wrong items out of a list and then reports the list as too short as well.
    """
    return details["type"] != "too_short" or len(details["input"]) < details["ctx"]["min_length"]


def _mistake(source: StudySource, details: ErrorDetails) -> StudyError:
    """Return one of pydantic's errors as a message about its place."""
    # for a wrong key of a mapping, pydantic adds "[key]" to the location
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
            message, hint = f"{shown(given)} is not legal", nearest(str(given), legal)
        case "string_pattern_mismatch":
            hint = f"a name matches {context['pattern']}"
            message = f"{shown(given)} is not a legal name"
        case "too_short":
            least = context["min_length"]
            message = (
                f"{shown(given)} needs at least {least} {'entry' if least == 1 else 'entries'}"
            )
            hint = "add one, or leave the key out if it is optional"
        case "value_error":
            message, _, allowed = str(context["error"]).partition("; allowed: ")
            hint = f"allowed: {allowed}" if allowed else ""
        case kind:
            message = (
                f"{shown(given)} should be {_EXPECTED[kind]}"
                if kind in _EXPECTED
                else details["msg"].replace("Input", shown(given), 1)
            )
            hint = _FORMS.get(_EXPECTED.get(kind, ""), "").format(shown(given))
    return source.mistake(place, message, hint)


def _keys_at(place: tuple[str | int, ...]) -> Iterable[str]:
    """Return the legal keys of the section at a place, found by following the models' types."""
    kind: Any = Study
    for part in place:
        kind = _bare(_fields(kind)[str(part)] if isinstance(kind, type(Section)) else _item(kind))
    return _fields(kind)


def _fields(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the types of a section's keys, by the name that study files use."""
    fields = kind.model_fields.items()
    return {field.alias or name: field.annotation for name, field in fields}


def _item(kind: Any) -> Any:
    """Return the item type of a list type, or the value type of a mapping type."""
    return next(item for item in reversed(get_args(kind)) if item is not Ellipsis)


def _bare(kind: Any) -> Any:
    """Return a type without `Annotated` metadata and ``| None``."""
    while get_origin(kind) in {Annotated, Union, UnionType}:
        kind = get_args(kind)[0]
    return kind
