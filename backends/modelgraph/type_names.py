"""Check types written in hls4ml's notation, without importing hls4ml."""

import re
from collections.abc import Mapping
from typing import Any

from dse.contracts.errors import nearest
from dse.contracts.parameters import Assignment

MAIN_TYPES = ("default", "result", "weight", "bias", "accum")
"""Types that hls4ml reads from the key `Precision` of a layer."""

TABLE_TYPES = ("table", "exp_table", "inv_table", "inv_inp")
"""Types that hls4ml reads only from keys of their own, such as `table_t`."""

LAYER_TYPES = (*MAIN_TYPES, *TABLE_TYPES)
"""Types of a layer that `layer_precision` can set."""

# Group 2 of both patterns is the width; in fixed, 3 are the integer bits, 5 and 9 the modes
_MODES = r"(,(TRN(_ZERO)?|RND(_ZERO|_INF|_MIN_INF|_CONV)?)(,(WRAP|SAT(_ZERO|_SYM)?))?)?"
_FIXED = re.compile(rf"(ap_)?u?fixed<(\d+),(-?\d+){_MODES}>")
_INTEGER = re.compile(r"(ap_)?u?int<(\d+)>")
_EXAMPLES = "such as fixed<16,6>, ufixed<8,2,RND,SAT> or int<8>"
_WIDEST = 64  # as the maximum of total_bits


def type_problem(given: Any) -> str:
    """Return what is wrong with a type; empty if it is valid."""
    text = str(given).replace(" ", "")
    found = _FIXED.fullmatch(text) or _INTEGER.fullmatch(text)
    if found is None:
        return f"not a type; types are written {_EXAMPLES}"
    if not 1 <= int(found.group(2)) <= _WIDEST:
        return f"a type has 1 to {_WIDEST} bits"
    return ""


def precision_problem(given: Any) -> str:
    """Return what is wrong with a value of `precision`; empty if it is valid."""
    text = _plain(given)
    if text in {"uniform", "profiled"}:
        return ""
    if _FIXED.fullmatch(text) is None or "ufixed" in text:
        legal = "uniform, profiled, or a signed type such as ap_fixed<16,6,AP_RND,AP_SAT>"
        return f"legal: {legal}"
    return type_problem(text)


def parts_of_precision(given: Any) -> Assignment:
    """Return the parameters that a type given as `precision` stands for, `precision` included."""
    found = _FIXED.fullmatch(_plain(given))
    if found is None:
        return {"precision": given}
    return {
        "precision": "uniform",
        "total_bits": int(found.group(2)),
        "integer_bits": int(found.group(3)),
        "rounding": found.group(5) or "TRN",
        "overflow": found.group(9) or "WRAP",
    }


def _plain(given: Any) -> str:
    """Return a type without spaces, and its modes without the prefix of Vivado's names."""
    return str(given).replace(" ", "").replace("AP_", "")


def layer_types_problem(given: Mapping[str, Any]) -> str:
    """Return what is wrong with a value of `layer_precision`; empty if it is valid."""
    for pattern, types in given.items():
        by_name = types if isinstance(types, dict) else {"default": types}
        for name, text in by_name.items():
            if name not in LAYER_TYPES:
                return f"{pattern}: there is no type '{name}' ({nearest(name, LAYER_TYPES)})"
            if text != "auto" and (reason := type_problem(text)):
                return f"{pattern}: {text!r}: {reason}"
    return ""
