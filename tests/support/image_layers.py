"""Entries of hls4ml's layer list for sequences and images, and their values in plain NumPy loops.

The loops follow the definitions in Keras' documentation and share no code with the rules.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from golden_designs import given, reshape
from numpy.typing import NDArray

from backends.modelgraph.network import Network

Layer = dict[str, Any]
Values = NDArray[np.float64]
Shape = tuple[int, ...]

_EXTENTS = ("height", "width")
_SIDES = (("top", "bottom"), ("left", "right"))


def _axes(shape: Shape) -> tuple[str, ...]:
    """Names of the axes of a sequence (width) or an image (height, width)."""
    return _EXTENTS[-(len(shape) - 1) :]


def _pads(shape: Shape) -> tuple[tuple[str, str], ...]:
    return _SIDES[-(len(shape) - 1) :]


def _window(
    shape: Shape, size: Sequence[int], stride: Sequence[int], padding: str, prefix: str
) -> tuple[Layer, Shape]:
    """Attributes of a sliding window, and the pixels of the output."""
    found: Layer = {"data_format": "channels_last"}
    after = []
    for axis, sides, n, k, s in zip(
        _axes(shape), _pads(shape), shape[:-1], size, stride, strict=True
    ):
        before = max((-(-n // s) - 1) * s + k - n, 0) if padding == "same" else 0
        first, last = before // 2, before - before // 2
        if padding == "causal":
            first, last = k - 1, 0
        out = (n + first + last - k) // s + 1
        found |= {f"{prefix}_{axis}": k, f"stride_{axis}": s, f"in_{axis}": n, f"out_{axis}": out}
        found |= {f"pad_{sides[0]}": first, f"pad_{sides[1]}": last}
        after.append(out)
    return found, tuple(after)


def convolution(
    name: str,
    source: str,
    shape: Shape,
    rng: np.random.Generator,
    *,
    n_filt: int = 2,
    size: Sequence[int] = (3, 3),
    stride: Sequence[int] = (1, 1),
    padding: str = "valid",
    kind: str = "Conv",
) -> tuple[Layer, Shape]:
    """A convolution of random weights; kind: ``Conv``, ``DepthwiseConv`` or ``SeparableConv``."""
    rank = len(shape) - 1
    window, pixels = _window(shape, size, stride, padding, "filt")
    channels = shape[-1]
    n_filt = channels if kind == "DepthwiseConv" else n_filt
    layer = {
        "name": name,
        "class_name": f"{kind}{rank}D",
        "input_shape": [list(shape)],
        "use_bias": True,
        **window,
        "n_chan": channels,
        "n_filt": n_filt,
        "bias_data": rng.uniform(-0.5, 0.5, n_filt),
        "inputs": [source],
    }
    if kind == "Conv":
        layer["weight_data"] = rng.uniform(-1, 1, (*size, channels, n_filt))
    else:
        layer |= {"depthwise_data": rng.uniform(-1, 1, (*size, channels, 1)), "depth_multiplier": 1}
    if kind == "SeparableConv":
        layer["pointwise_data"] = rng.uniform(-1, 1, (*[1] * rank, channels, n_filt))
    return layer, (*pixels, n_filt)


def pooling(
    name: str,
    source: str,
    shape: Shape,
    *,
    kind: str = "Max",
    size: Sequence[int] = (2, 2),
    stride: Sequence[int] = (2, 2),
    padding: str = "valid",
) -> tuple[Layer, Shape]:
    """Pooling; kind: ``Max`` or ``Average``."""
    window, pixels = _window(shape, size, stride, padding, "pool")
    layer = {"name": name, "class_name": f"{kind}Pooling{len(shape) - 1}D", **window,
             "input_shape": [list(shape)], "n_filt": shape[-1], "inputs": [source]}  # fmt: skip
    if len(shape) == 2:
        layer |= {"n_in": layer["in_width"], "n_out": layer["out_width"]}
    return layer, (*pixels, shape[-1])


def global_pooling(
    name: str, source: str, shape: Shape, *, kind: str = "Max"
) -> tuple[Layer, Shape]:
    """Pooling of whole images; kind: ``Max`` or ``Average``."""
    extents = {f"in_{axis}": n for axis, n in zip(_axes(shape), shape[:-1], strict=True)}
    layer = {"name": name, "class_name": f"Global{kind}Pooling{len(shape) - 1}D", **extents,
             "n_in": shape[0], "n_filt": shape[-1], "input_shape": [list(shape)],
             "data_format": "channels_last", "inputs": [source]}  # fmt: skip
    return layer, (shape[-1],)


def zero_padding(
    name: str, source: str, shape: Shape, amounts: Sequence[tuple[int, int]]
) -> tuple[Layer, Shape]:
    return _around("ZeroPadding", "pad", name, source, shape, amounts, 1)


def cropping(
    name: str, source: str, shape: Shape, amounts: Sequence[tuple[int, int]]
) -> tuple[Layer, Shape]:
    return _around("Cropping", "crop", name, source, shape, amounts, -1)


def _around(
    kind: str, prefix: str, name: str, source: str, shape: Shape,
    amounts: Sequence[tuple[int, int]], sign: int,
) -> tuple[Layer, Shape]:  # fmt: skip
    layer = {"name": name, "class_name": f"{kind}{len(shape) - 1}D", "n_chan": shape[-1],
             "data_format": "channels_last", "inputs": [source]}  # fmt: skip
    after = []
    for axis, sides, n, pair in zip(_axes(shape), _pads(shape), shape[:-1], amounts, strict=True):
        layer |= {f"in_{axis}": n, f"out_{axis}": n + sign * sum(pair)}
        layer |= {f"{prefix}_{side}": amount for side, amount in zip(sides, pair, strict=True)}
        after.append(n + sign * sum(pair))
    return layer, (*after, shape[-1])


def upsampling(name: str, source: str, shape: Shape, factors: Sequence[int]) -> tuple[Layer, Shape]:
    after = tuple(n * factor for n, factor in zip(shape[:-1], factors, strict=True))
    layer = {"name": name, "class_name": f"UpSampling{len(after)}D", "algorithm": "nearest",
             "in_height": 1, "out_height": 1, "n_chan": shape[-1],
             "data_format": "channels_last", "inputs": [source]}  # fmt: skip
    for axis, n, out in zip(_axes(shape), shape[:-1], after, strict=True):
        layer |= {f"in_{axis}": n, f"out_{axis}": out}
    return layer, (*after, shape[-1])


def normalisation(name: str, source: str, shape: Shape, rng: np.random.Generator) -> Layer:
    n = shape[-1]
    return {
        "name": name,
        "class_name": "BatchNormalization",
        "n_in": int(np.prod(shape)),
        "n_filt": n if len(shape) > 1 else -1,
        "gamma_data": rng.uniform(0.6, 1.4, n),
        "beta_data": rng.uniform(-0.3, 0.3, n),
        "mean_data": rng.uniform(-0.3, 0.3, n),
        "variance_data": rng.uniform(0.6, 1.4, n),
        "epsilon": 1e-3,
        "inputs": [source],
    }


def dense(name: str, source: str, shape: Shape, rng: np.random.Generator, n_out: int) -> Layer:
    """A dense layer on the last axis."""
    return {
        "name": name,
        "class_name": "Dense",
        "input_shape": [list(shape)],
        "use_bias": True,
        "data_format": "channels_last",
        "weight_data": rng.uniform(-1, 1, (shape[-1], n_out)),
        "bias_data": rng.uniform(-0.5, 0.5, n_out),
        "n_in": shape[-1],
        "n_out": n_out,
        "inputs": [source],
    }


def all_joined(layers: list[Layer], shapes: dict[str, Shape], first: Shape) -> Network:
    """A network whose output holds the values of all layers, flattened and side by side.

    So a wrong bit of any layer is seen, also where the layer behind it would round it away.
    """
    tail: list[Layer] = []
    joined, size = "", 0
    for name, shape in shapes.items():
        flat, n = f"{name}_flat", int(np.prod(shape))
        if len(shape) > 1:
            tail.append(reshape(flat, name, list(shape), [n]))
        else:
            flat = name
        if joined:
            tail.append({"name": f"join_{name}", "class_name": "Concatenate", "axis": -1,
                         "op": "Concatenate1d", "input_shape": [[size], [n]],
                         "output_shape": [size + n], "inputs": [joined, flat]})  # fmt: skip
        joined, size = (f"join_{name}" if joined else flat), size + n
    return Network([given("x", *first), *layers, *tail], ["x"], [joined])


def reference(network: Network, x: Values) -> dict[str, Values]:
    """Outputs of all layers by name, in floating point."""
    found: dict[str, Values] = {}
    for layer in network.layers:
        sources = [found[name] for name in layer["inputs"]]
        found[layer["name"]] = _layer(layer, sources) if sources else x
    return found


def _layer(layer: Layer, sources: list[Values]) -> Values:
    kind = layer["class_name"].rstrip("12D")
    if kind == "Concatenate":
        return np.concatenate(sources, axis=-1)
    return _OF_ONE_INPUT.get(kind, _of_windows)(layer, sources[0])


def _reshaped(layer: Layer, data: Values) -> Values:
    return data.reshape(len(data), *layer["target_shape"])


def _dense(layer: Layer, data: Values) -> Values:
    return data @ layer["weight_data"] + layer["bias_data"]


def _normalised(layer: Layer, data: Values) -> Values:
    deviation = np.sqrt(layer["variance_data"] + layer["epsilon"])
    return (data - layer["mean_data"]) / deviation * layer["gamma_data"] + layer["beta_data"]


def _pooled_whole(layer: Layer, data: Values) -> Values:
    axes = tuple(range(1, data.ndim - 1))
    return data.max(axis=axes) if "Max" in layer["class_name"] else data.mean(axis=axes)


def _repeated(layer: Layer, data: Values) -> Values:
    for axis, name in enumerate(_axes(data.shape[1:]), start=1):
        data = data.repeat(layer[f"out_{name}"] // layer[f"in_{name}"], axis=axis)
    return data


def _cropped(layer: Layer, data: Values) -> Values:
    sides = zip(_axes(data.shape[1:]), _pads(data.shape[1:]), strict=True)
    for axis, (name, (before, after)) in enumerate(sides, start=1):
        kept = range(layer[f"crop_{before}"], layer[f"in_{name}"] - layer[f"crop_{after}"])
        data = data.take(kept, axis=axis)
    return data


def _padded(layer: Layer, data: Values) -> Values:
    """Data with NaN around it."""
    pads = [[layer[f"pad_{side}"] for side in sides] for sides in _pads(data.shape[1:])]
    return np.pad(data, ((0, 0), *pads, (0, 0)), constant_values=np.nan)


_OF_ONE_INPUT: dict[str, Callable[[Layer, Values], Values]] = {
    "Reshape": _reshaped,
    "Dense": _dense,
    "BatchNormalization": _normalised,
    "GlobalMaxPooling": _pooled_whole,
    "GlobalAveragePooling": _pooled_whole,
    "UpSampling": _repeated,
    "Cropping": _cropped,
    "ZeroPadding": lambda layer, data: np.nan_to_num(_padded(layer, data)),
}


def _of_windows(layer: Layer, data: Values) -> Values:
    """Convolution or pooling."""
    padded, kind = _padded(layer, data), layer["class_name"]
    prefix = "pool" if "Pooling" in kind else "filt"
    axes = _axes(padded.shape[1:])
    size, stride, pixels = (
        [layer[f"{name}_{axis}"] for axis in axes] for name in (prefix, "stride", "out")
    )
    found = []
    for pixel in np.ndindex(*pixels):
        part = tuple(slice(p * s, p * s + k) for p, s, k in zip(pixel, stride, size, strict=True))
        window = padded[(slice(None), *part)]
        found.append(_window_value(layer, window.reshape(len(window), -1, window.shape[-1])))
    return np.stack(found, axis=1).reshape(len(padded), *pixels, -1)


def _window_value(layer: Layer, window: Values) -> Values:
    """Value of one window (samples, positions, channels) of all samples."""
    kind = layer["class_name"]
    if kind.startswith("Max"):
        return np.nanmax(window, axis=1)
    if kind.startswith("Average"):
        return np.nanmean(window, axis=1)
    window, channels = np.nan_to_num(window), window.shape[-1]
    if kind.startswith("Conv"):
        weights = layer["weight_data"].reshape(-1, channels, layer["n_filt"])
        return np.einsum("npc,pcf->nf", window, weights) + layer["bias_data"]
    by_channel = np.einsum("npc,pc->nc", window, layer["depthwise_data"].reshape(-1, channels))
    if kind.startswith("Separable"):
        by_channel = by_channel @ layer["pointwise_data"].reshape(channels, layer["n_filt"])
    return by_channel + layer["bias_data"]
