"""The values inside `report_data.js`: JSON, JSON in a quoted text, or almost JSON.

aoc 16 writes bare objects, 17 and 18 JSON inside single-quoted texts, 20 and newer bare objects
with JavaScript's escapes in them.
"""

import json
import re
from pathlib import Path
from typing import Any

from dse.runtime.report_files import ReportError

_VARIABLE = re.compile(r"(?:^|;|\n)\s*(?:var\s+)?(\w+)JSON\s*=\s*")


def variables(path: Path, text: str) -> dict[str, Any]:
    """Every variable ``<name>JSON`` of the file, by name; those that are no JSON are left out.

    Raises:
        ReportError: there is none.
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
    if text.startswith("'"):
        end = _closing_quote(text)
        return None if end is None else loads(_unquoted(text[1:end]))
    return loads(text)


def _closing_quote(text: str) -> int | None:
    found = re.search(r"(?<!\\)(?:\\\\)*'", text[1:])
    return None if found is None else found.end()


def _unquoted(text: str) -> str:
    """Undo JavaScript's escapes of a single-quoted text, one level."""
    return re.sub(r"\\(['\"\\/])", r"\1", text)


def loads(text: str) -> Any:
    """JSON, or JSON with JavaScript's escape of a single quote; None where it is neither."""
    for form in (text, text.replace("\\'", "'")):
        try:
            return json.JSONDecoder(strict=False).raw_decode(form)[0]
        except (ValueError, RecursionError):
            continue
    return None
