"""Types that a network declares itself, because it was trained with quantised values."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

TYPES = "own_types"
"""Key in hls4ml's layer list for the types that a layer declares, by name."""

_MOVES_VALUES = ("EdgeGather", "Reshape")
"""Layers that only move values."""

_WEIGHTED = ("Dense", "Conv1D", "Conv2D", "DepthwiseConv1D", "DepthwiseConv2D")

_FIXED = re.compile(r"(u?)fixed<(\d+),(-?\d+)")


def own_types(layers: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the types by layer of a network trained with quantised values; else nothing.

    Types that a layer does not declare follow from those of its inputs: sums are as wide as
    they need to be, and layers that only move values keep their inputs' type.

    Args:
        layers: hls4ml's layer list, in order of evaluation.
    """
    if not any(layer.get(TYPES) for layer in layers):
        return {}
    found = {layer["name"]: _declared(layer, layers) for layer in layers}
    for layer in layers:  # in order, so the types of a layer's inputs are known
        found[layer["name"]] |= _inferred(layer, found)
    return found


def _declared(layer: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the types that a layer declares.

    An input takes the type of the quantiser that is its only reader: a wider one would be
    rounded to it at once.
    """
    if layer["class_name"] != "InputLayer":
        return dict(layer.get(TYPES) or {})
    readers = [other for other in layers if layer["name"] in other.get("inputs", ())]
    alone = len(readers) == 1 and readers[0].get("activation") == "linear"
    return dict(readers[0].get(TYPES) or {}) if alone else {}


def _inferred(layer: Mapping[str, Any], found: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the types of a layer that keep every bit of its inputs.

    ``auto`` lets hls4ml infer a type, which it does for its own layers only: the sum of a
    custom layer needs its type written out.
    """
    if layer["class_name"] in _WEIGHTED and found[layer["name"]]:
        return {"accum": "auto", "result": "auto"}
    if layer["class_name"] == "Concatenate":
        return {"result": "auto"}
    source = found[layer["inputs"][0]].get("result", "auto") if layer.get("inputs") else "auto"
    if source == "auto":
        return {}
    if layer["class_name"] in _MOVES_VALUES:
        return {"result": source}
    if layer["class_name"] == "ScatterSum":
        return dict.fromkeys(("accum", "result"), summed_type(source, layer["n_edges"]))
    return {}


def summed_type(term: str, count: int) -> str:
    """Return the type of the exact sum of `count` terms of a fixed-point type."""
    sign, bits, integer = _FIXED.match(term).groups()  # type: ignore[union-attr]  # always matches: dse wrote it
    growth = math.ceil(math.log2(count))
    return f"{sign}fixed<{int(bits) + growth},{int(integer) + growth}>"
