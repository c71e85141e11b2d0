"""Tables of parameters."""

import json

from dse.contracts.parameters import Parameter
from generator.markdown import cell, code, generated, table
from generator.plugins import Plugin, backends, plugin, workloads

_TYPES = {
    int: "integer",
    float: "number",
    str: "text",
    bool: "true or false",
    list: "list",
    dict: "mapping",
}


def page() -> str:
    """Return the page of all parameters, by workload and backend."""
    sections = [
        f"## Workload `{kind.name}` {{ #workload-{kind.name} }}\n\n{parameter_table(kind)}"
        for kind in workloads()
    ]
    sections += [
        f"## Backend `{kind.name}` {{ #backend-{kind.name} }}\n\n{parameter_table(kind)}"
        for kind in backends()
    ]
    what = (
        "Every parameter of every workload and backend of this installation. A parameter can be "
        "fixed in the section of its workload or backend, or be an axis of `space`; in `space` it "
        "goes to everything that reads it. `dse schema` prints the same as a JSON schema, with "
        "which editors complete and check study files."
    )
    return generated("Parameters", what, "\n".join(sections))


def parameter_table(kind: Plugin) -> str:
    """Return the parameters of one plug-in."""
    rows = [_row(parameter) for parameter in kind.parameters]
    return table(("Parameter", "Type", "Unit", "Default", "Legal values", "Meaning"), rows)


def table_of(name: str) -> str:
    """Return the parameters of the plug-in of a name."""
    return parameter_table(plugin(name))


def _row(parameter: Parameter) -> tuple[str, ...]:
    return (
        code(parameter.name),
        _TYPES[parameter.type],
        cell(parameter.unit),
        code(json.dumps(parameter.default, ensure_ascii=False)),
        legal(parameter),
        cell(parameter.description),
    )


def legal(parameter: Parameter) -> str:
    """Return which values are legal, beyond the type."""
    if parameter.choices:
        named = ", ".join(code(choice) for choice in parameter.choices)
    else:
        named = _bounds(parameter)
    null = "or `null`" if parameter.optional else ""
    return " ".join(filter(None, (named, null))) or "any"


def _bounds(parameter: Parameter) -> str:
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"at least {low:g}"
    if high is not None:
        return f"at most {high:g}"
    return "checked, see meaning" if parameter.validator else ""
