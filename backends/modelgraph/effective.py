"""Requested and effective configuration of every layer: what was asked, what hls4ml resolved."""

import math
from typing import Any

from backends.modelgraph.builder import requested_types
from backends.modelgraph.job_graph import Converted
from backends.modelgraph.names import own_name, own_name_of
from backends.modelgraph.nodes import (
    effective_reuse,
    effective_reuse_factors,
    is_weighted,
    reuse_factors,
    types_of,
)
from backends.modelgraph.settings import Settings
from dse.contracts.parameters import Value


def effective(made: Converted, *, hardware: bool, own_circuit: bool = False) -> dict[str, Value]:
    """Return by layer, as JSON, what was requested and what hls4ml resolved.

    Args:
        made: the converted network.
        hardware: include reuse factor, strategy and parallelisation, which have no meaning
            for an evaluation of outputs alone.
        own_circuit: give the reuse factor of circuits that dse builds or counts itself
            (`effective_reuse`); else the one that hls4ml passes to an HLS tool.
    """
    layers: dict[str, Value] = {}
    for layer in made.graph.get_layers():
        resolved: dict[str, Value] = {"class": layer.class_name, **types_of(layer)}
        requested: dict[str, Value] = {"result": _requested_result(layer, made.settings)}
        if hardware and is_weighted(layer):
            requested |= _requested_hardware(layer, made.settings)
            resolved |= _resolved_hardware(layer)
            if own_circuit:
                resolved["reuse_factor"] = effective_reuse(layer)
        elif hardware and (factors := reuse_factors(layer)):
            asked = made.settings.of_layer(own_name(layer))
            requested |= dict.fromkeys(factors, asked.reuse_factor)
            requested["strategy"] = asked.strategy
            resolved |= effective_reuse_factors(layer) if own_circuit else factors
            resolved["strategy"] = str(layer.get_attr("strategy"))
        layers[own_name(layer)] = {"requested": requested, "effective": resolved}
    told: dict[str, Value] = {"warnings": list(made.warnings)} if made.warnings else {}
    return {"layers": layers | _merged(made), **told}


def _merged(made: Converted) -> dict[str, Value]:
    """Return the layers that hls4ml merged into the one before them, and whose type they have.

    They are no nodes any more. A type that the study asked for is compared with the type of the
    layer that does their work.
    """
    entries = {layer["name"]: layer for layer in made.network.layers}
    nodes = {node.name: node for node in made.graph.get_layers()}
    asked = requested_types(made.network, made.settings)
    found: dict[str, Value] = {}
    for name, entry in entries.items():
        if name in nodes or not entry.get("inputs"):
            continue
        into = entry["inputs"][0]
        while into not in nodes and entries[into].get("inputs"):
            into = entries[into]["inputs"][0]
        place = own_name_of(entries[into])
        requested: dict[str, Value] = {}
        resolved: dict[str, Value] = {"class": entry["class_name"], "merged_into": place}
        types = asked.get(name, {})
        kind = types.get("result", types.get("default", "auto"))
        if into in nodes and kind != "auto":
            backend = made.graph.config.backend
            requested["result"] = str(backend.convert_precision_string(kind))
            resolved["result"] = types_of(nodes[into])["result"]
        found[own_name_of(entry)] = {"requested": requested, "effective": resolved}
    return found


def _requested_result(layer: Any, settings: Settings) -> Value:
    """Return the output type that the configuration asks for, in hls4ml's spelling.

    Layers that hls4ml adds itself have no entry there and take the default type.
    """
    given = layer.model.config.config["HLSConfig"]["LayerName"].get(layer.name, {})
    types = given.get("Precision", {})
    asked: str = types.get("result", types.get("default", settings.default_type))
    if asked == "auto":
        return "auto"
    return str(layer.model.config.backend.convert_precision_string(asked))


def _requested_hardware(layer: Any, settings: Settings) -> dict[str, Value]:
    asked = settings.of_layer(own_name(layer))
    at_once = 1 if settings.io_type == "io_stream" else _rows(layer)
    return {
        "reuse_factor": asked.reuse_factor,
        "strategy": asked.strategy,
        "parallelization_factor": settings.parallelization_factor or at_once,
    }


def _resolved_hardware(layer: Any) -> dict[str, Value]:
    return {
        "reuse_factor": int(layer.get_attr("reuse_factor")),
        "strategy": str(layer.get_attr("strategy")),
        "parallelization_factor": int(layer.get_attr("parallelization_factor", 1) or 1),
    }


def _rows(layer: Any) -> int:
    return math.prod(layer.get_output_variable().shape[:-1])
