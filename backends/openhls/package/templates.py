"""Text files with places to fill in, ``@{name}``: Verilog and make both need dollar signs."""

import re
from importlib.resources import files

from backends.openhls import package

_PLACE = re.compile(r"@\{(\w+)\}")


def filled(name: str, /, **values: object) -> str:
    """Return a file of the folder `files` with its places filled in.

    Raises:
        KeyError: a value is missing; values that no place takes are left out.
    """
    text = files(package).joinpath("files", name).read_text(encoding="utf-8")
    return filled_text(text, **values)


def filled_text(text: str, /, **values: object) -> str:
    """Return a text with its places filled in; see `filled`."""
    return _PLACE.sub(lambda place: str(values[place[1]]), text)
