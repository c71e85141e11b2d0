"""Types that a network brings along, because it was trained with them."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

TYPES = "own_types"
"""Key of a layer's own types by name, in hls4ml's layer list."""

_WIRES = ("EdgeGather", "Reshape")
_FIXED = re.compile(r"(u?)fixed<(\d+),(-?\d+)")


def own_types(layers: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Types by layer of a network that was trained with quantised values; else nothing.

    What a layer does not bring follows from what it reads: sums are as wide as they need, and
    layers that only move values keep their types.
    """
    if not any(layer.get(TYPES) for layer in layers):
        return {}
    found = {layer["name"]: _own(layer, layers) for layer in layers}
    for layer in layers:
        found[layer["name"]] |= _following(layer, found)
    return found


def _own(layer: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What a layer brings; an input has the type of the quantiser that alone reads it."""
    if layer["class_name"] != "InputLayer":
        return dict(layer.get(TYPES) or {})
    readers = [other for other in layers if layer["name"] in other.get("inputs", ())]
    alone = len(readers) == 1 and readers[0].get("activation") == "linear"
    return dict(readers[0].get(TYPES) or {}) if alone else {}


def _following(layer: Mapping[str, Any], found: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What a layer's types have to be, so that nothing is lost."""
    if layer["class_name"] == "Dense" and found[layer["name"]]:
        return {"accum": "auto", "result": "auto"}
    if layer["class_name"] == "Concatenate":
        return {"result": "auto"}
    source = found[layer["inputs"][0]].get("result", "auto") if layer.get("inputs") else "auto"
    if source == "auto":
        return {}
    if layer["class_name"] in _WIRES:
        return {"result": source}
    if layer["class_name"] == "ScatterSum":
        return dict.fromkeys(("accum", "result"), summed_type(source, layer["n_edges"]))
    return {}


def summed_type(term: str, count: int) -> str:
    """The type that holds the sum of so many terms of a fixed-point type."""
    sign, bits, integer = _FIXED.match(term).groups()  # type: ignore[union-attr]  # ours
    growth = math.ceil(math.log2(count))
    return f"{sign}fixed<{int(bits) + growth},{int(integer) + growth}>"
