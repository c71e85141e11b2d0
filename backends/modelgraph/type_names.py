"""Check types written in hls4ml's notation, without importing hls4ml."""

import re
from collections.abc import Mapping
from typing import Any

from dse.contracts.errors import nearest

MAIN_TYPES = ("default", "result", "weight", "bias", "accum")
"""Types that hls4ml reads from the key `Precision` of a layer."""

TABLE_TYPES = ("table", "exp_table", "inv_table", "inv_inp")
"""Types that hls4ml reads only from keys of their own, such as `table_t`."""

LAYER_TYPES = (*MAIN_TYPES, *TABLE_TYPES)
"""Types of a layer that `layer_precision` can set."""

# Group 2 of both patterns is the width
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
