"""Plain texts for what Typer says about a wrong value on the command line."""

import re
from typing import Any

import typer
from typer.core import TyperGroup

_PLAIN = (
    (re.compile(r"^Value error, "), ""),
    (re.compile(r"^Input should be a valid integer.*"), "give a whole number."),
    (re.compile(r"^Input should be greater than or equal to (\S+?)\.?$"), r"give \1 or more."),
    (re.compile(r"^Input should be less than or equal to (\S+?)\.?$"), r"give \1 or less."),
)
"""Typer passes on the texts of pydantic, which are those of a validation library."""


class Commands(TyperGroup):
    """Group of commands whose errors about values read as the rest of dse's do."""

    def invoke(self, ctx: Any) -> Any:
        """Call the command.

        Raises:
            typer.BadParameter: a value is not legal.
        """
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = plain(error.message)
            raise


def plain(message: str) -> str:
    """Return a message about a wrong value in plain words."""
    for pattern, text in _PLAIN:
        message = pattern.sub(text, message)
    return message
