"""JSON Schema (2020-12) of study files, with the parameters of the installed plug-ins.

Editors use it to complete and check a study (``# yaml-language-server: $schema=...``). Rules that
need the whole file, such as that an expression names known parameters, are left to
`dse.study.validate`.
"""

import inspect
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel

from dse.contracts.errors import ToolMissingError
from dse.contracts.parameters import Parameter
from dse.contracts.registry import Registry
from dse.study.models import BackendSection, Study, WorkloadSection

Schema: TypeAlias = dict[str, Any]
Readers: TypeAlias = Mapping[str, tuple[Parameter, ...] | None]
"""Parameters of each plug-in by its name; None for a plug-in that cannot be imported here."""

_TYPES = {
    int: "integer",
    float: "number",
    str: "string",
    bool: "boolean",
    list: "array",
    dict: "object",
}
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_WRITTEN_IN_A_LIST = (list, dict)
"""Types whose values cannot be written in `space` without a list around them: there, a list means
several values, and a mapping a domain such as ``{range: …}``."""


def study_json_schema(registry: Registry | None = None) -> Schema:
    """Return the schema of study files.

    Args:
        registry: workloads and backends that a study may name; without it, the schema accepts any
            name and any parameter.
    """
    schema = Study.model_json_schema()
    schema["title"], schema["description"] = "dse study", "What dse explores, and with what."
    schema["$schema"] = DRAFT
    schema["properties"]["space"]["additionalProperties"] = False
    describe(schema, Study, ("dse.study",))
    if registry is not None:
        _add_plugins(schema, registry)
    # the name is required in the model, but has a default: the name of the file
    schema["required"] = required = [key for key in schema["required"] if key != "name"]
    for key, part in schema["properties"].items():
        if key not in required:  # null: a section whose lines are all commented out
            schema["properties"][key] = {"anyOf": [part, {"type": "null"}]}
    return schema


def documented_arguments(kind: type) -> dict[str, str]:
    """Return the descriptions under ``Args:`` in a class's docstring by name, each on one line."""
    _, _, section = inspect.cleandoc(kind.__doc__ or "").partition("\nArgs:\n")
    section = section.partition("\n\n")[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", section, flags=re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in entries}


def parameter_schema(parameter: Parameter) -> Schema:
    """Return the schema of one value of a parameter."""
    unit = f" [{parameter.unit}]" if parameter.unit else ""
    schema: Schema = {"description": parameter.description + unit, "default": parameter.default}
    if parameter.choices:
        none = (None,) if parameter.optional else ()
        return {**schema, "enum": [*parameter.choices, *none]}
    kind = _TYPES[parameter.type]
    kinds = [
        kind,
        *(["string"] if parameter.file else []),
        *(["null"] if parameter.optional else []),
    ]
    schema["type"] = kinds if len(kinds) > 1 else kind
    bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
    if parameter.type in {int, float}:  # `Parameter.check` applies bounds to numbers only
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    return schema


def describe(schema: Schema, top: type[BaseModel], modules: Collection[str]) -> None:
    """Add descriptions to all sections and keys, taken from the docstrings of their models.

    Args:
        schema: a schema that pydantic made, changed in place.
        top: the model that it is the schema of.
        modules: beginnings of the names of the modules whose models are described.
    """
    parts = {top.__name__: schema, **schema["$defs"]}
    for model in _models(BaseModel):
        properties = parts.get(model.__name__, {}).get("properties", {})
        if not model.__module__.startswith(tuple(modules)):
            continue
        summary = inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0]
        if model is not top:
            parts.get(model.__name__, {})["description"] = summary
        for name, text in documented_arguments(model).items():
            properties.get(name, {})["description"] = text


def _models(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for child in kind.__subclasses__():
        yield child
        yield from _models(child)


def _add_plugins(schema: Schema, registry: Registry) -> None:
    workloads = _readers(registry.workload_names(), registry.workload_class)
    backends = _readers(registry.backend_names(), registry.backend_class)
    sections = (
        (WorkloadSection, "workload", workloads),
        (BackendSection, "backends", backends),
    )
    for section, key, readers in sections:
        _restrict(schema["$defs"][section.__name__], readers)
        _restrict_names(schema["properties"][key], readers)
    _restrict_space(schema["properties"]["space"], {**workloads, **backends})


def _readers(names: Iterable[str], load: Any) -> Readers:
    found: dict[str, tuple[Parameter, ...] | None] = {}
    for name in names:
        try:
            found[name] = load(name).parameters
        except ToolMissingError:  # a package that it needs is missing; `dse doctor` says which
            found[name] = None
    return found


def _restrict(section: Schema, readers: Readers) -> None:
    """Restrict a section to the plug-ins of `readers`, and its keys to the plug-in's parameters."""
    # `additionalProperties` sees only the `properties` beside it, so each branch repeats the keys
    own = dict.fromkeys(section["properties"], True)
    section["properties"]["name"] |= {"enum": list(readers)}
    section["allOf"] = [
        {
            "if": {"properties": {"name": {"const": name}}},
            "then": {
                "properties": own | {p.name: parameter_schema(p) for p in parameters},
                "additionalProperties": False,
            },
        }
        for name, parameters in readers.items()
        if parameters is not None
    ]


def _restrict_names(part: Schema, readers: Readers) -> None:
    """List the legal names where a plug-in's bare name can stand for its section."""
    for choice in part.get("items", part).get("anyOf", ()):
        if choice.get("type") == "string":
            choice["enum"] = list(readers)


def _restrict_space(space: Schema, readers: Readers) -> None:
    """List the parameters that plug-ins read.

    Other names remain legal if a plug-in cannot be imported, since it may read them.
    """
    found: dict[str, list[tuple[str, Parameter]]] = {}
    for reader, parameters in readers.items():
        for parameter in parameters or ():
            found.setdefault(parameter.name, []).append((reader, parameter))
    space["properties"] = {name: _domain(read) for name, read in sorted(found.items())}
    if None not in readers.values():
        (any_domain,) = space.pop("patternProperties").values()
        mappings = [n for n, read in found.items() if all(p.type is dict for _, p in read)]
        pattern = rf"^({'|'.join(sorted(mappings))})\..+\.\w+$"  # items, such as layers.fc1.bits
        space["patternProperties"] = {pattern: any_domain} if mappings else {}
        space.pop("propertyNames", None)


def _domain(read: list[tuple[str, Parameter]]) -> Schema:
    """Return the schema of one parameter's domain: a value, a list of values, or a `Domain`.

    Args:
        read: the parameter as each plug-in that reads it declares it, with the plug-in's name.
    """
    parameters = [parameter for _, parameter in read]
    values = _distinct(parameter_schema(parameter) for parameter in parameters)
    value = values[0] if len(values) == 1 else {"anyOf": values}
    many = {"type": "array", "items": value, "minItems": 1}
    domain = {
        "allOf": [
            {"$ref": "#/$defs/Domain"},
            {"properties": {"values": {"anyOf": [many, {"type": "null"}]}}},
        ]
    }
    bare = all(parameter.type not in _WRITTEN_IN_A_LIST for parameter in parameters)
    texts = " / ".join(_distinct(schema["description"] for schema in values))
    description = f"{texts} (read by {', '.join(reader for reader, _ in read)})"
    return {"description": description, "anyOf": [*([value] if bare else []), many, domain]}


def _distinct(items: Iterable[Any]) -> list[Any]:
    """Return items without duplicates, in order; schemas cannot be dict keys."""
    kept: list[Any] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return kept
