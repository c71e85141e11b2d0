"""Convolutions and poolings of ONNX."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.onnx.graph import Node
from backends.modelgraph.onnx.quantisers import Weights
from backends.modelgraph.onnx.walk import Place, Walk

_SIDES = {1: ("left", "right"), 2: ("top", "left", "bottom", "right")}
"""Names of paddings by the number of axes, in ONNX' order: all starts, then all ends."""

_AXES = {1: ("width",), 2: ("height", "width")}


def convolution(walk: Walk, node: Node) -> None:
    """Add a convolution, or a depthwise one, of a sequence or an image.

    Raises:
        EvaluationError: hls4ml has no such convolution; the message says which setting.
    """
    kernel = walk.weights(node.inputs[1])
    if kernel is None:
        raise node.refused("its kernel is computed")
    place = walk.channels_last(walk.place(node))
    filters, inner, *sizes = kernel.values.shape
    groups = int(node.attributes.get("group", 1))
    channels = place.shape[0]
    if groups not in {1, channels} or (groups > 1 and filters != channels):
        hint = "use group=1, or one group and one filter per channel (depthwise)"
        raise node.refused(f"it has {groups} groups of {inner} channels", hint)
    bias = walk.bias(node)
    window = _window(walk, node, place, sizes, "filt")
    window |= {"n_filt": filters, "n_chan": channels, "use_bias": bias is not None}
    window["bias_data"] = None if bias is None else np.asarray(bias.values, np.float32)
    types = kernel.types("weight") | ({} if bias is None else bias.types("bias"))
    depthwise = groups > 1
    class_name = f"{'Depthwise' if depthwise else ''}Conv{len(sizes)}D"
    more = {**window, **_kernel(kernel, depthwise), TYPES: types}
    walk.give(node.outputs[0], walk.add(node.name, class_name, [place], **more), place)


def _kernel(kernel: Weights, depthwise: bool) -> dict[str, Any]:
    """Return a kernel (filters, channels, …) as hls4ml has it: (…, channels, filters)."""
    values = np.asarray(kernel.values, np.float32)
    axes = range(2, values.ndim)
    if depthwise:  # (channels, 1, …) to (…, channels, 1)
        return {"depthwise_data": values.transpose(*axes, 0, 1).copy(), "depth_multiplier": 1}
    return {"weight_data": values.transpose(*axes, 1, 0).copy()}


def pooling(walk: Walk, node: Node) -> None:
    """Add a pooling by the largest or the mean value."""
    if len([name for name in node.outputs if name]) > 1:
        raise node.refused("hls4ml has no output of the places of the largest values")
    place = walk.channels_last(walk.place(node))
    sizes = [int(size) for size in node.attributes["kernel_shape"]]
    window = _window(walk, node, place, sizes, "pool")
    window |= {"n_filt": place.shape[0], "n_chan": place.shape[0]}
    if len(sizes) == 1:
        window |= {"n_in": window["in_width"], "n_out": window["out_width"]}
    if node.op == "AveragePool":
        window["count_pad"] = bool(node.attributes.get("count_include_pad", 0))
    kind = "Max" if node.op == "MaxPool" else "Average"
    name = walk.add(node.name, f"{kind}Pooling{len(sizes)}D", [place], **window)
    walk.give(node.outputs[0], name, place)


def whole_pooling(walk: Walk, node: Node) -> None:
    """Add a pooling over all pixels."""
    whole(walk, node, "Max" if node.op == "GlobalMaxPool" else "Average")


def whole(walk: Walk, node: Node, kind: str) -> None:
    """Add a pooling over all pixels, whose output has no pixels: a reshaping adds them."""
    place = walk.channels_last(walk.place(node))
    channels, *sizes = place.shape
    _check_axes(node, sizes)
    entry = whole_entry(sizes, channels)
    name = walk.add(node.name, f"Global{kind}Pooling{len(sizes)}D", [place], **entry)
    tensor, flat = node.outputs[0], (channels,)
    reader = walk.graph.sole_reader(tensor)
    flattens = reader is not None and reader.op in {"Flatten", "Reshape", "Squeeze"}
    if reader is not None and flattens and walk.shape(reader.outputs[0]) == flat:
        walk.done.add(reader.name)
        tensor = reader.outputs[0]
    if walk.shape(tensor) == flat:
        walk.give(tensor, name)
        return
    pooled = walk.given[name] = Place(tensor, name, flat, (0,))
    like = Place(tensor, name, walk.shape(tensor), place.order)
    shaped = walk.add(f"{node.name}_reshape", "Reshape", [pooled], target_shape=like.built)
    walk.give(tensor, shaped, like)


def whole_entry(sizes: Sequence[int], channels: int) -> dict[str, Any]:
    """Return the keys of a pooling over all pixels."""
    strides = {f"stride_{axis}": size for axis, size in zip(_AXES[len(sizes)], sizes, strict=True)}
    entry: dict[str, Any] = {
        **_named(sizes, "in"),
        **_named([1 for _ in sizes], "out"),
        **_named(sizes, "pool"),
        **strides,
        **_pads([0] * 2 * len(sizes)),
        "data_format": "channels_last",
        "n_filt": channels,
        "n_chan": channels,
    }
    if len(sizes) == 1:
        entry |= {"n_in": sizes[0], "n_out": 1}
    return entry


def _window(
    walk: Walk, node: Node, place: Place, sizes: Sequence[int], kind: str
) -> dict[str, Any]:
    """Return the sizes, strides and paddings of a window under hls4ml's names.

    Raises:
        EvaluationError: hls4ml has no such window.
    """
    _check_axes(node, sizes)
    dilations = [int(d) for d in node.attributes.get("dilations", ())]
    if any(dilation != 1 for dilation in dilations):
        raise node.refused(f"hls4ml has no dilation {dilations}", "use dilation 1")
    strides = [int(s) for s in node.attributes.get("strides", [1] * len(sizes))]
    given, made = place.shape[1:], walk.shape(node.outputs[0])[1:]
    pads = _paddings(node, given, made, sizes, strides)
    half = len(sizes)
    for axis, length in enumerate(made):
        room = given[axis] + pads[axis] + pads[axis + half] - sizes[axis]
        if room // strides[axis] + 1 != length:
            raise node.refused("its last window reaches beyond the padding", "use ceil_mode=False")
    return {
        **_named(given, "in"),
        **_named(made, "out"),
        **_named(sizes, kind),
        **{f"stride_{axis}": s for axis, s in zip(_AXES[half], strides, strict=True)},
        **_pads(pads),
        "data_format": "channels_last",
    }


def _check_axes(node: Node, sizes: Sequence[int]) -> None:
    if len(sizes) not in _AXES:
        raise node.refused(f"hls4ml has none over {len(sizes)} axes, only over 1 or 2")


def _named(sizes: Sequence[int], prefix: str) -> dict[str, int]:
    """Return sizes under names such as ``in_height``."""
    axes = _AXES[len(sizes)]
    return {f"{prefix}_{axis}": int(size) for axis, size in zip(axes, sizes, strict=True)}


def _pads(pads: Sequence[int]) -> dict[str, int]:
    sides = _SIDES[len(pads) // 2]
    return {f"pad_{side}": int(pad) for side, pad in zip(sides, pads, strict=True)}


def _paddings(
    node: Node,
    given: Sequence[int],
    made: Sequence[int],
    sizes: Sequence[int],
    strides: Sequence[int],
) -> list[int]:
    """Return the paddings: those given, or what the output's size needs."""
    mode = node.attributes.get("auto_pad", "NOTSET")
    if mode == "NOTSET":
        return [int(pad) for pad in node.attributes.get("pads", [0] * 2 * len(sizes))]
    if mode == "VALID":
        return [0] * 2 * len(sizes)
    needed = [
        max((m - 1) * s + k - g, 0) for g, m, k, s in zip(given, made, sizes, strides, strict=True)
    ]
    less, more = [pad // 2 for pad in needed], [math.ceil(pad / 2) for pad in needed]
    return [*less, *more] if mode == "SAME_UPPER" else [*more, *less]


def padding(walk: Walk, node: Node) -> None:
    """Add a frame of zeros.

    Raises:
        EvaluationError: it adds something else, or to other axes.
    """
    place = walk.channels_last(walk.place(node))
    rank = len(place.shape) + 1
    given = node.attributes.get("pads")
    pads = np.ravel(np.asarray(walk.constant(node, 1) if given is None else given)).tolist()
    value = walk.constant(node, 2) if given is None else node.attributes.get("value", 0.0)
    zeros = node.attributes.get("mode", "constant") == "constant" and not np.any(value or 0)
    outside = [*pads[:2], *pads[rank : rank + 2]]
    if not zeros or any(outside) or min(pads) < 0 or len(pads) != 2 * rank or rank not in {3, 4}:
        hint = "pad with zeros along the axes of pixels"
        raise node.refused("hls4ml has no such padding", hint)
    sides = [*pads[2:rank], *pads[rank + 2 :]]
    entry = {
        **_pads(sides),
        **_named(place.shape[1:], "in"),
        **_named(walk.shape(node.outputs[0])[1:], "out"),
        "n_chan": place.shape[0],
        "data_format": "channels_last",
    }
    name = walk.add(node.name, f"ZeroPadding{rank - 2}D", [place], **entry)
    walk.give(node.outputs[0], name, place)


def upsampling(walk: Walk, node: Node) -> None:
    """Add a repetition of pixels.

    Raises:
        EvaluationError: pixels are interpolated, or their number does not grow by a whole factor.
    """
    place = walk.channels_last(walk.place(node))
    given, made = place.shape[1:], walk.shape(node.outputs[0])[1:]
    factors = [m / g for m, g in zip(made, given, strict=True)]
    whole = all(factor == int(factor) for factor in factors)
    mode = node.attributes.get("mode", "nearest")
    if mode != "nearest" or not whole or len(given) not in _AXES:
        hint = "repeat pixels by whole factors: mode nearest"
        raise node.refused(f"hls4ml has no resizing '{mode}' by {factors}", hint)
    axes = _AXES[len(given)]
    entry: dict[str, Any] = {
        "in_height": 1,
        "out_height": 1,
        **_named(given, "in"),
        **_named(made, "out"),
        **{f"{axis}_factor": int(f) for axis, f in zip(axes, factors, strict=True)},
        "algorithm": "nearest",
        "n_chan": place.shape[0],
        "data_format": "channels_last",
    }
    name = walk.add(node.name, f"UpSampling{len(given)}D", [place], **entry)
    walk.give(node.outputs[0], name, place)


OPERATIONS: Mapping[str, Any] = {
    "Conv": convolution,
    "MaxPool": pooling,
    "AveragePool": pooling,
    "GlobalMaxPool": whole_pooling,
    "GlobalAveragePool": whole_pooling,
    "Pad": padding,
    "Resize": upsampling,
    "Upsample": upsampling,
}
