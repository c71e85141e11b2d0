"""Random networks of image layers, and random number formats for each of their layers."""

from collections.abc import Callable
from functools import partial
from typing import Any

import image_layers as layers
import numpy as np
from image_layers import Layer, Shape

from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings

Step = Callable[[str, str, Shape], Any]

_ROUNDING = ("TRN", "TRN_ZERO", "RND", "RND_ZERO", "RND_INF", "RND_MIN_INF", "RND_CONV")
_OVERFLOW = ("WRAP", "SAT", "SAT_ZERO", "SAT_SYM")
_WIDE = "fixed<60,30>"


def chain(first: Shape, *steps: Step) -> Network:
    """A network of the steps one after the other, all of whose values are in its output."""
    found: list[Layer] = []
    shapes: dict[str, Shape] = {}
    source, shape = "x", first
    for number, step in enumerate(steps):
        made = step(f"layer_{number}", source, shape)
        layer, shape = made if isinstance(made, tuple) else (made, shape)
        source = layer["name"]
        found.append(layer)
        shapes[source] = shape
    return layers.all_joined(found, shapes, first)


def image(seed: int) -> tuple[Network, Shape]:
    """A network of all families of layers on images of a random shape."""
    return _network(seed, 2)


def sequence(seed: int) -> tuple[Network, Shape]:
    """The same on sequences; these have causal convolutions too."""
    return _network(seed, 1)


def _network(seed: int, rank: int) -> tuple[Network, Shape]:
    rng = np.random.default_rng(seed)

    def sizes(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(n) for n in rng.integers(low, high + 1, rank))

    def pairs() -> tuple[tuple[int, int], ...]:
        return tuple((int(a), int(b)) for a, b in rng.integers(1, 4, (rank, 2)))

    def paddings() -> str:
        return str(rng.choice(["valid", "same", "causal"] if rank == 1 else ["valid", "same"]))

    def filters() -> int:
        return int(rng.integers(1, 4))

    def convolution(kind: str, **more: Any) -> Step:
        size = sizes(1, 3)
        sliding = {"size": size, "stride": sizes(1, 2), "padding": paddings(), **more}
        return partial(layers.convolution, rng=rng, kind=kind, n_filt=filters(), **sliding)

    def pooling(kind: str) -> Step:
        padding = str(rng.choice(["valid", "same"]))
        return partial(
            layers.pooling, kind=kind, size=sizes(1, 3), stride=sizes(1, 2), padding=padding
        )

    shape = (*sizes(7, 9), filters())
    steps: list[Step] = [
        convolution("Conv", size=sizes(2, 3), stride=(1,) * rank),
        partial(layers.normalisation, rng=rng),
        pooling("Max"),
        partial(layers.zero_padding, amounts=pairs()),
        convolution("DepthwiseConv", padding="same"),
        pooling("Average"),
        convolution("SeparableConv", stride=(1,) * rank, padding="same"),
        convolution("Conv", size=(1,) * rank),
        partial(layers.upsampling, factors=sizes(2, 3)),
        partial(layers.cropping, amounts=((1, 0),) * rank),
        partial(layers.global_pooling, kind=str(rng.choice(["Max", "Average"]))),
        partial(layers.normalisation, rng=rng),
    ]
    return chain(shape, *steps), shape


def number_formats(network: Network, seed: int) -> dict[str, Any]:
    """A random type for every value of every layer, for `layer_precision`."""
    rng = np.random.default_rng(seed)

    def kind(*, weights: bool = False) -> str:
        width, integer = int(rng.integers(5, 17)), int(rng.integers(1, 6))
        sign = "" if weights or rng.random() < 0.7 else "u"
        return f"{sign}fixed<{width},{integer},{rng.choice(_ROUNDING)},{rng.choice(_OVERFLOW)}>"

    found: dict[str, Any] = {"x": {"result": kind()}, "join_*": {"result": _WIDE}}
    for layer in network.layers:
        types = _TYPES.get(layer["class_name"].rstrip("12D"))
        if types is not None:
            found[layer["name"]] = {
                name: kind(weights=name in {"weight", "scale", "depthwise", "pointwise"})
                for name in types
            }
    return found


_SUMS = ("result", "accum", "weight", "bias")
_POOLS = ("result", "accum")
_TYPES = {
    "Conv": _SUMS,
    "DepthwiseConv": _SUMS,
    "SeparableConv": (
        "result", "bias", "depthwise", "pointwise",
        "depthwise_accum", "pointwise_accum", "depthwise_result",
    ),
    "BatchNormalization": ("result", "scale", "bias"),
    **{f"{name}Pooling": _POOLS for name in ("Max", "Average", "GlobalMax", "GlobalAverage")},
}  # fmt: skip
"""Types by class; those that move pixels keep the type of their input."""


def side_by_side_formats(network: Network, seed: int) -> dict[str, Any]:
    """A random type for every result and sum of layers side by side, joined without loss.

    Sums of layers with weights wrap: those that may saturate are no circuits.
    """
    rng = np.random.default_rng(seed)

    def kind(overflow: str = "") -> str:
        width, integer = int(rng.integers(4, 18)), int(rng.integers(0, 7))
        sign = "" if rng.random() < 0.7 else "u"
        modes = f"{rng.choice(_ROUNDING)},{overflow or rng.choice(_OVERFLOW)}"
        return f"{sign}fixed<{width},{integer},{modes}>"

    found: dict[str, Any] = {"join*": {"result": _WIDE}}
    for layer in network.layers:
        if layer["name"].startswith("join") or layer["class_name"] == "Reshape":
            continue
        found[layer["name"]] = {"result": "uint<3>" if layer["name"] == "index" else kind()}
        if layer["class_name"] in {"Dot", "Einsum", "EinsumDense", "LayerNormalization"}:
            wraps = "WRAP" if layer["class_name"] == "EinsumDense" else ""
            found[layer["name"]]["accum"] = kind(wraps)
    return found


def settings(network: Network, seed: int) -> Settings:
    """Random number formats in every layer, and the strategy by the parity of the seed."""
    strategy = {"strategy": "resource", "reuse_factor": seed % 5 + 1} if seed % 2 else {}
    formats = number_formats(network, seed)
    return Settings(12, 5, layer_precision=formats, parallelization_factor=seed % 3, **strategy)


def inputs(shape: Shape, seed: int, samples: int = 40) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Inputs that fill most types, and overflow some."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-3, 3, (samples, *shape)).astype(np.float32)
