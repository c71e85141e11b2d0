"""The commands, their arguments and options."""

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from dse.cli.main import app
from generator.markdown import cell, code, generated, sentence, table

_TYPES = {str: "text", int: "integer", float: "number", Path: "path"}


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name, such as ``data simulate``."""
    yield from _below("", typer.main.get_command(app))


def page() -> str:
    """Return the page of all commands."""
    body = "\n".join(_section(name, command) for name, command in commands())
    what = (
        "Every command with its arguments and options. `dse COMMAND --help` prints the same. "
        "Commands that read results take the study that ran last where `--study` does not name one."
    )
    return generated("Commands", what, body)


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for part, child in command.commands.items():
        if not child.hidden:
            yield from _below(f"{name} {part}".strip(), child)


def _section(name: str, command: Any) -> str:
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    usage = " ".join([f"dse {name}", *(_usage(p) for p in shown)])
    rows = [(_names(p), _kind(p), _default(p), _help(p)) for p in shown]
    options = table(("Argument or option", "Type", "Default", "Meaning"), rows) if rows else ""
    help_text = sentence(cell(command.help or ""))
    return f"## dse {name}\n\n{help_text}\n\n```text\n{usage}\n```\n\n{options}"


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _usage(parameter: Any) -> str:
    if _is_argument(parameter):
        name = parameter.name.upper()
        return str(name) if parameter.required else f"[{name}]"
    value = "" if _kind(parameter) == "flag" else " …"
    text = f"{parameter.opts[0]}{value}"
    return text if parameter.required else f"[{text}]"


def _names(parameter: Any) -> str:
    if _is_argument(parameter):
        return code(parameter.name.upper())
    return ", ".join(code(name) for name in (*parameter.opts, *parameter.secondary_opts))


def _kind(parameter: Any) -> str:
    annotation = parameter.type_descriptor.annotation
    if typing.get_origin(annotation) is list:
        return f"{_type_name(typing.get_args(annotation)[0])}, repeatable"
    return "flag" if annotation is bool else _type_name(annotation)


def _type_name(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(code(choice) for choice in typing.get_args(annotation))
    return _TYPES.get(annotation, str(getattr(annotation, "__name__", annotation)))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default in (None, False):
        return ""
    return code(parameter.default)


def _help(parameter: Any) -> str:
    text = sentence(cell(parameter.help)) if parameter.help else ""
    variable = f"Environment: {code(parameter.envvar)}." if parameter.envvar else ""
    return " ".join(filter(None, (text, variable)))
