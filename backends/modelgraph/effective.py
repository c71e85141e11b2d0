"""Requested and effective configuration of every layer: what was asked, what hls4ml resolved."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.modelgraph.settings import Settings
from dse.contracts.parameters import Value

_WEIGHTED = (
    "Dense", "Conv1D", "Conv2D", "PointwiseConv1D", "PointwiseConv2D", "DepthwiseConv1D",
    "DepthwiseConv2D",
)  # fmt: skip


def is_weighted(layer: Any) -> bool:
    """Whether a layer of the ModelGraph multiplies by weights."""
    return layer.class_name in _WEIGHTED


def weight_matrix(layer: Any) -> NDArray[np.float64]:
    """Return a layer's weights as (n_in, n_out).

    hls4ml stores those of the resource strategy transposed (pass ApplyResourceStrategy).
    """
    data = np.asarray(layer.weights["weight"].data, dtype=np.float64)
    if layer.get_attr("_weights_transposed", False):
        return data.reshape(data.shape[0], -1).T
    return data.reshape(-1, data.shape[-1])


def effective_reuse(layer: Any) -> int:
    """Return the reuse factor of a layer with weights, at most its number of products.

    One multiplier that computes all products is the most that can be shared.
    """
    return min(int(layer.get_attr("reuse_factor")), int(weight_matrix(layer).size))


def types_of(layer: Any) -> dict[str, str]:
    """Return a layer's resolved types by short name: result, weight, bias, accum, table."""
    return {name.removesuffix("_t"): str(kind.precision) for name, kind in layer.types.items()}


def effective(
    graph: ModelGraph,
    settings: Settings,
    *,
    hardware: bool,
    own_circuit: bool = False,
    warnings: Sequence[str] = (),
) -> dict[str, Value]:
    """Return by layer, as JSON, what was requested and what hls4ml resolved.

    Args:
        graph: the converted model.
        settings: the requested parameters.
        hardware: include reuse factor, strategy and parallelisation, which have no meaning
            for an evaluation of outputs alone.
        own_circuit: give the reuse factor of circuits that dse builds or counts itself
            (`effective_reuse`); else the one that hls4ml passes to an HLS tool.
        warnings: hls4ml's warnings during conversion; left out where there are none.
    """
    layers: dict[str, Value] = {}
    for layer in graph.get_layers():
        resolved: dict[str, Value] = {"class": layer.class_name, **types_of(layer)}
        requested: dict[str, Value] = {"result": _requested_result(layer, settings)}
        if hardware and is_weighted(layer):
            requested |= _requested_hardware(layer, settings)
            resolved |= _resolved_hardware(layer)
            if own_circuit:
                resolved["reuse_factor"] = effective_reuse(layer)
        layers[layer.name] = {"requested": requested, "effective": resolved}
    told: dict[str, Value] = {"warnings": list(warnings)} if warnings else {}
    return {"layers": layers, **told}


def _requested_result(layer: Any, settings: Settings) -> Value:
    """Return the output type that the configuration asks for, in hls4ml's spelling.

    Layers that hls4ml adds itself have no entry there and take the default type.
    """
    given = layer.model.config.config["HLSConfig"]["LayerName"].get(layer.name, {})
    types = given.get("Precision", {})
    asked: str = types.get("result", types.get("default", settings.precision))
    if asked == "auto":
        return "auto"
    return str(layer.model.config.backend.convert_precision_string(asked))


def _requested_hardware(layer: Any, settings: Settings) -> dict[str, Value]:
    rows = _rows(layer)
    return {
        "reuse_factor": settings.reuse_factor,
        "strategy": settings.strategy,
        "parallelization_factor": settings.parallelization_factor or rows,
    }


def _resolved_hardware(layer: Any) -> dict[str, Value]:
    return {
        "reuse_factor": int(layer.get_attr("reuse_factor")),
        "strategy": str(layer.get_attr("strategy")),
        "parallelization_factor": int(layer.get_attr("parallelization_factor", 1) or 1),
    }


def _rows(layer: Any) -> int:
    return math.prod(layer.get_output_variable().shape[:-1])
