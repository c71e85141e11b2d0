"""The layers of a design in words: which numbers each can hold, and whether they sufficed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dse.analysis.overflow import LayerOverflow, overflows
from dse.formatting import counted
from dse.store.queries import StoredEvaluation

HEADINGS = ("layer", "kind", "its results hold", "weights", "sums", "values that did not fit")
_TYPE = re.compile(r"(u?)(fixed|int)<(-?\d+)(?:,(-?\d+))?(?:,.*)?>")


def in_words(text: str) -> str:
    """Return a type in words: bits, range and step; the text itself where it is another one.

    >>> in_words("fixed<6,3,TRN,WRAP,0>")
    '6 bits, −4 to 3.875 in steps of 0.125'
    """
    found = _TYPE.fullmatch(text.replace(" ", ""))
    if not found:
        return text
    unsigned, width = bool(found[1]), int(found[3])
    whole = int(found[4]) if found[2] == "fixed" and found[4] else width
    step = 2.0 ** (whole - width)
    top = 2.0 ** (whole if unsigned else whole - 1)
    low = "0" if unsigned else f"−{top:.6g}"
    return f"{counted(width, 'bit')}, {low} to {top - step:.6g} in steps of {step:.6g}"


def bits(text: str) -> str:
    """Return the bits of a type in words, such as ``16 bits (6 integer)``."""
    found = _TYPE.fullmatch(text.replace(" ", ""))
    if not found:
        return text
    return f"{found[3]} bits" + (f" ({found[4]} integer)" if found[4] else "")


def layer_rows(evaluations: Sequence[StoredEvaluation]) -> list[list[str]]:
    """Return a row per layer for the headings; none where no backend has stored the layers.

    Args:
        evaluations: of one point. The types are those of the first backend that has any, the
            counts of overflows those of the one that counted.
    """
    stored = (e.effective["layers"] for e in evaluations if e.effective.get("layers"))
    layers: Mapping[str, Mapping[str, Any]] = next(stored, {})
    counted_by = next((e for e in evaluations if "overflows" in e.effective), None)
    lost = {one.layer: one for one in overflows(counted_by.effective)} if counted_by else {}
    none = "none" if counted_by else "not counted"
    return [_row(name, one, lost.get(name), none) for name, one in layers.items()]


def _row(name: str, layer: Mapping[str, Any], lost: LayerOverflow | None, none: str) -> list[str]:
    built = layer.get("effective") or {}
    types = {key: str(built[key]) for key in ("result", "weight", "accum") if key in built}
    return [
        name,
        str(built.get("class", "")),
        in_words(types["result"]) if "result" in types else "",
        bits(types["weight"]) if "weight" in types else "",
        bits(types["accum"]) if "accum" in types else "",
        f"{lost.share_text} {lost.how}" if lost else none,
    ]
