"""Rules of the weights beyond the layers that they were read off: wider, and said to be."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from backends.modelgraph.vendor_hls.features import DenseLayer
from backends.modelgraph.vendor_hls.predicted import Answer, Answers, Predicted
from backends.modelgraph.vendor_hls.tools import VITIS_2021, VITIS_2023, VIVADO, Target

Ranges = Mapping[str, tuple[int, int]]
"""Smallest and largest published value by property."""

_CONSTANT, _STORED = "constant", "stored"

PUBLISHED: Mapping[tuple[str, str], Ranges] = {
    (VIVADO.name, _CONSTANT): {"n_in": (32, 96), "n_out": (32, 96)},
    (VIVADO.name, _STORED): {
        "n_in": (32, 256), "n_out": (32, 256), "reuse factor": (384, 1280),
    },
    (VITIS_2021.name, _CONSTANT): {"n_in": (3, 561), "n_out": (2, 64)},
    (VITIS_2023.name, _STORED): {
        "n_in": (24, 128), "n_out": (8, 128), "reuse factor": (1024, 4093),
    },
}  # fmt: skip
"""By tool and where the weights are; what is not here says itself that it was not published."""

REUSE_FACTORS = {VIVADO.name: (1, 512, 1024), VITIS_2021.name: (1, 2, 100)}
"""Of constant weights, which take turns in ways that differ from one to the next."""

APART = 1.06
"""Factor by which counts of another size may differ: as those of another version do."""


def beyond(answers: Answers, layer: DenseLayer, target: Target) -> Answers:
    """Return what rules say, wider and extrapolated where the layer is unlike the published ones.

    Look-up tables and flip-flops know the ranges of their own fits.
    """
    phrases = tuple(_outside(layer, target))
    if not phrases:
        return answers
    return {
        name: _wider(name, answer, layer, phrases) if name not in {"lut", "ff"} else answer
        for name, answer in answers.items()
    }


def _outside(layer: DenseLayer, target: Target) -> Iterator[str]:
    stored = layer.strategy == "resource" and layer.reuse > 1
    given = {"n_in": layer.n_in, "n_out": layer.n_out, "reuse factor": layer.reuse}
    ranges = PUBLISHED.get((target.tool.name, _STORED if stored else _CONSTANT), {})
    for name, (low, high) in ranges.items():
        if not low <= given[name] <= high:
            yield f"{name} {given[name]} (data: {low} to {high})"
    tried = REUSE_FACTORS.get(target.tool.name, (layer.reuse,))
    if not stored and layer.reuse not in tried:
        listed = ", ".join(map(str, tried))
        yield f"reuse factor {layer.reuse} of constant weights (data: {listed})"
    if not stored and target.tool is VITIS_2023:
        yield "constant weights (data: stored weights)"


def _wider(name: str, answer: Answer, layer: DenseLayer, phrases: tuple[str, ...]) -> Answer:
    if not isinstance(answer, Predicted):
        return answer
    said = tuple(dict.fromkeys((*answer.extrapolated, *phrases)))
    if name.endswith("_cycles"):
        # a layer that fits fewer cycles than it has inputs adds up several products in each
        tree = math.ceil(math.log2(max(layer.n_in, 2))) * (layer.strategy == "resource")
        low, high = max(answer.low - 1, name == "interval_cycles"), answer.high + 1 + tree
    else:
        low, high = max(answer.low / APART - 1, 0), answer.high * APART + 1
    return replace(answer, low=low, high=high, extrapolated=said)
