"""Values of the variables in `report_data.js`.

aoc 16 writes JSON objects, 17 and 18 write JSON inside single-quoted strings, and 20 and newer
write objects that are not strict JSON, because strings in them have JavaScript's escapes.
"""

import json
import re
from pathlib import Path
from typing import Any

from dse.runtime.report_files import ReportError

_VARIABLE = re.compile(r"(?:^|;|\n)\s*(?:var\s+)?(\w+)JSON\s*=\s*")


def variables(path: Path, text: str) -> dict[str, Any]:
    """Return the value of every variable ``<name>JSON`` by name, without those that are not JSON.

    Args:
        path: the file, for the error.
        text: its content.

    Raises:
        ReportError: there is no such variable.
    """
    found = {}
    starts = list(_VARIABLE.finditer(text))
    for index, match in enumerate(starts):
        end = starts[index + 1].start() if index + 1 < len(starts) else len(text)
        value = _value(text[match.end() : end].strip().rstrip(";").strip())
        if value is not None:
            found[match.group(1)] = value
    if not found:
        raise ReportError(path, "there is no variable …JSON with a value")
    return found


def _value(text: str) -> Any:
    """Return the value of an assignment's right side; None where it is not JSON."""
    if text.startswith("'"):
        end = _closing_quote(text)
        return None if end is None else loads(_unquoted(text[1:end]))
    return loads(text)


def _closing_quote(text: str) -> int | None:
    """Return the position of the first quote that no odd number of backslashes escapes."""
    found = re.search(r"(?<!\\)(?:\\\\)*'", text[1:])
    return None if found is None else found.end()


def _unquoted(text: str) -> str:
    """Return a single-quoted string's content with one level of JavaScript's escapes undone."""
    return re.sub(r"\\(['\"\\/])", r"\1", text)


def loads(text: str) -> Any:
    """Return the value of JSON, or of JSON with escaped single quotes; None where it is neither.

    Control characters in strings (`strict=False`) and text behind the value are accepted.
    """
    for form in (text, text.replace("\\'", "'")):
        try:
            return json.JSONDecoder(strict=False).raw_decode(form)[0]
        except (ValueError, RecursionError):
            continue
    return None
