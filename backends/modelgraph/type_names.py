"""hls4ml's way to write types, checked without importing hls4ml."""

import re
from collections.abc import Mapping
from typing import Any

from dse.contracts.errors import nearest

MAIN_TYPES = ("default", "result", "weight", "bias", "accum")
"""Types that hls4ml reads from a layer's `Precision`."""

TABLE_TYPES = ("table", "exp_table", "inv_table", "inv_inp")
"""Types that it reads only from keys of their own, such as `table_t`."""

LAYER_TYPES = (*MAIN_TYPES, *TABLE_TYPES)
"""Types of a layer that `layer_precision` can set."""

_MODES = r"(,(TRN(_ZERO)?|RND(_ZERO|_INF|_MIN_INF|_CONV)?)(,(WRAP|SAT(_ZERO|_SYM)?))?)?"
_FIXED = re.compile(rf"(ap_)?u?fixed<(\d+),(-?\d+){_MODES}>")
_INTEGER = re.compile(r"(ap_)?u?int<(\d+)>")
_EXAMPLES = "such as fixed<16,6>, ufixed<8,2,RND,SAT> or int<8>"
_WIDEST = 64


def type_problem(given: Any) -> str:
    """What is wrong with a type; empty for nothing."""
    text = str(given).replace(" ", "")
    found = _FIXED.fullmatch(text) or _INTEGER.fullmatch(text)
    if found is None:
        return f"not a type; types are written {_EXAMPLES}"
    if not 1 <= int(found.group(2)) <= _WIDEST:
        return f"a type has 1 to {_WIDEST} bits"
    return ""


def layer_types_problem(given: Mapping[str, Any]) -> str:
    """What is wrong with a value of `layer_precision`; empty for nothing."""
    for pattern, types in given.items():
        by_name = types if isinstance(types, dict) else {"default": types}
        for name, text in by_name.items():
            if name not in LAYER_TYPES:
                return f"{pattern}: there is no type '{name}' ({nearest(name, LAYER_TYPES)})"
            if text != "auto" and (reason := type_problem(text)):
                return f"{pattern}: {text!r}: {reason}"
    return ""
