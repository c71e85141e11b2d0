"""The sections of a study file and their keys, from the models that read them."""

from collections.abc import Iterator
from typing import Any

from dse.study.schema import study_json_schema
from generator.markdown import cell, code, generated, sentence, table

_SECTIONS = {
    "Study": "The file",
    "WorkloadSection": "workload",
    "Domain": "space: one parameter",
    "Range": "space: range",
    "Log2": "space: log2",
    "BackendSection": "backends: one entry",
    "Objective": "objectives: one entry",
    "SearchConfig": "search",
    "Budget": "search: budget",
    "Limit": "search: limits, one entry",
    "LadderStep": "search: ladder, one step",
}
_WHAT = """\
A study is one YAML file. Unknown keys are errors, and an error names the file, the line, the
path in the file and the nearest legal name. `dse init` writes a commented study to start from;
[parameters](parameters.md) lists what `workload`, `backends` and `space` can set.

Any value can be replaced for one run: `dse run study.yaml --set space.total_bits.values=[8,12]`.

For completion and checks in an editor, write the schema beside the study and name it in the
study's first line:

```sh
dse schema > study.schema.json
```

```yaml
# yaml-language-server: $schema=study.schema.json
```
"""


def page() -> str:
    """Return the page of the study file."""
    schema = study_json_schema()
    parts = {"Study": schema, **schema["$defs"]}
    body = "\n".join(_section(heading, parts[name]) for name, heading in _SECTIONS.items())
    return generated("Study file", _WHAT, f"{body}\n{_SHORT}\n{_EXPRESSIONS}")


def _section(heading: str, part: dict[str, Any]) -> str:
    required = part.get("required", ())
    rows = [
        (code(key), ", ".join(_types(value)), _default(key, value, required), _text(value))
        for key, value in part["properties"].items()
    ]
    intro = "" if heading == "The file" else sentence(cell(part.get("description", ""))) + "\n\n"
    return f"## {heading}\n\n{intro}{table(('Key', 'Type', 'Default', 'Meaning'), rows)}"


def _types(value: dict[str, Any]) -> Iterator[str]:
    if "$ref" in value:
        yield "mapping"
    elif "enum" in value:
        yield from (code(choice) for choice in value["enum"])
    elif "type" in value:
        yield {"array": "list", "object": "mapping", "string": "text", "null": ""}.get(
            value["type"], value["type"]
        )
    names = dict.fromkeys(name for part in value.get("anyOf", ()) for name in _types(part))
    yield from filter(None, names)


def _default(key: str, value: dict[str, Any], required: Any) -> str:
    if key in required:
        return "required"
    default = value.get("default")
    return "" if default in (None, [], "") or isinstance(default, dict) else code(default)


def _text(value: dict[str, Any]) -> str:
    parts: list[dict[str, Any]] = [p for p in value.get("anyOf", ()) if "description" in p]
    inner = parts[0] if parts else {}
    text = value.get("description") or inner.get("description", "")
    return sentence(cell(text.replace("``", "`"))) if text else ""


_SHORT = """\
## Short forms

| written | means |
|---|---|
| `total_bits: [8, 12]` | `total_bits: {values: [8, 12]}` |
| `reuse_factor: 8` | `reuse_factor: {values: [8]}` |
| `backends: [bittrue]` | `backends: [{name: bittrue}]` |
| `objectives: [auc]` | `objectives: [{metric: auc}]` |

A value that is itself a mapping or a list is written as the only element of a list:
`layer_precision: [{"edge_block_*": "fixed<8,3>"}]`.
"""

_EXPRESSIONS = """\
## Expressions

`coupled`, `constraints` and the options `--where` and `--constraint` take expressions: numbers,
texts in quotes, `true`, `false`, `null`, names, `+ - * / // % **`, comparisons (also chained),
`in`, `and`, `or`, `not`, `a if b else c`, and a few functions. They are parsed, never executed by
Python. A name in `coupled` and `constraints` is a parameter; in `--where` and `--constraint` it
is a parameter, a metric, or `backend.metric`.

Numbers are whole numbers of at most 64 bits, or finite numbers such as `1e30`; a larger result is
a mistake. Names of backends and metrics have letters, digits and `_`, so that `open.lut < 5` has
one meaning: a hyphen would be a minus.

## Overrides

`--set path=value` replaces a value for one run. The path has the keys of the file; items of
`backends` and `objectives` are given by name, and names of metrics may have dots:
`--set backends.estimate.part=xcku115`, `--set objectives.open.lut.direction=minimise`,
`--set search.limits.open.lut.max=1e5`.
"""
