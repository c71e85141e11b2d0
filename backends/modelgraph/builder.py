"""Convert a network with settings to hls4ml's ModelGraph.

The ModelGraph's resolved types are the effective ones; every backend reads them there.
"""

import contextlib
import fnmatch
import io
import math
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hls4ml
from hls4ml.model import ModelGraph
from hls4ml.model.attributes import TypeAttribute
from hls4ml.model.types import FixedPrecisionType

from backends.modelgraph.adder_graph import STRATEGY
from backends.modelgraph.declared_types import TYPES, own_types
from backends.modelgraph.distributed_hls4ml import additions_written
from backends.modelgraph.layers.registry import broken_plugins, set_up_hls4ml
from backends.modelgraph.names import own_name, own_name_of
from backends.modelgraph.network import Network
from backends.modelgraph.optimizer_passes import QUANTISED, TYPED, replace_passes, windows_written
from backends.modelgraph.reuse_factor import legal_reuse_factor
from backends.modelgraph.settings import DEFAULT_PART, Settings
from backends.modelgraph.type_names import TABLE_TYPES
from dse.contracts.errors import EvaluationError, FailureKind, nearest

PROJECT = "myproject"
"""Project name, hls4ml's default: it is the name of the top function and of files."""
INDEX_LAYERS = ("EdgeGather", "ScatterSum")
"""Layers whose second input holds node numbers."""

DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
"""Convolutions for which hls4ml's firmware has no resource strategy."""

EINSTEIN_SUMS = ("EinsumDense", "Einsum")

NEVER_STREAMED = (*EINSTEIN_SUMS, "LayerNormalization")
"""Layers for which hls4ml has no firmware in a stream."""

LATENCY_ONLY = (*DEPTHWISE, *EINSTEIN_SUMS)
"""Layers that hls4ml builds with the latency strategy, whatever is asked for.

For Einstein sums it has no legal reuse factors, and assertions (vivado/passes/einsum*.py).
"""

CONVOLUTIONS = ("Conv1D", "Conv2D", *DEPTHWISE)

INFERRED = (
    "Dense", "Conv1D", "Conv2D", "Concatenate", "Reshape", "BatchNormalization",
    "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D",
)  # fmt: skip
"""Layers whose results and accumulators are as wide as they need with granularity "name"."""

TABLE_ACTIVATIONS = ("sigmoid", "tanh", "softmax", "softplus", "softsign", "elu", "selu")
"""Activations that hls4ml computes by look-up table."""


def build_graph(
    network: Network,
    settings: Settings,
    directory: Path,
    *,
    part: str = DEFAULT_PART,
    clock_period_ns: float = 5.0,
    tool: str = "Vitis",
) -> tuple[ModelGraph, tuple[str, ...]]:
    """Convert a network for Vitis or Vivado HLS.

    Args:
        network: hls4ml's layer list; it is not changed.
        settings: requested types, reuse factor, strategy, parallel or streamed data.
        directory: output folder of the HLS project.
        part: FPGA part.
        clock_period_ns: requested clock period.
        tool: hls4ml's name of the backend, ``Vitis`` or ``Vivado``.

    Returns:
        The graph with all types resolved, and the warnings of hls4ml and about layers of plug-ins
        that cannot be loaded, one line each.

    Raises:
        EvaluationError: ``invalid_point``: hls4ml refuses the configuration, or
            `layer_precision` names a layer or type that does not exist.
    """
    set_up_hls4ml()
    replace_passes()
    _check_layers(network)
    _check_stream(network, settings)
    _check_own_settings(network, settings)
    _check_strategy(network, settings)
    # part= here, because hls4ml ignores a key "Part" of the configuration
    config = hls4ml.backends.get_backend(tool).create_initial_config(
        part=part, clock_period=clock_period_ns, io_type=settings.io_type
    )
    config |= {
        "OutputDir": str(directory),
        "ProjectName": PROJECT,
        "Backend": tool,
        "HLSConfig": hls_config(network, settings),
    }
    requested = requested_types(network, settings)
    layers = [_changeable_copy(layer, requested.get(layer["name"], {})) for layer in network.layers]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as warned:
            # "always": by default Python shows a warning once per process, so that only the
            # first of a worker's jobs would have it
            warnings.simplefilter("always", UserWarning)
            graph = ModelGraph.from_layer_list(config, layers, network.inputs, network.outputs)
    except Exception as error:  # hls4ml has no error class of its own
        message = f"hls4ml refuses the configuration: {error or type(error).__name__}"
        raise EvaluationError(FailureKind.INVALID_POINT, message) from error
    _check_types_exist(graph, settings)
    _refuse_binary_dots(graph)
    texts = [str(w.message) for w in warned if issubclass(w.category, UserWarning)]
    said = _unexpected([*printed.getvalue().splitlines(), *texts])
    return graph, (*broken_plugins(), *said, *_without_resource(network, settings))


def _without_resource(network: Network, settings: Settings) -> Iterator[str]:
    """Yield the layers whose strategy is not the one asked for, and is not listed among theirs."""
    for layer in network.layers:
        kind = layer["class_name"]
        strategy = settings.of_layer(own_name_of(layer)).strategy
        if kind in EINSTEIN_SUMS and strategy != "latency":
            yield (
                f"layer '{own_name_of(layer)}' ({kind}) has the latency strategy: hls4ml has "
                f"no {strategy} strategy for it"
            )


_EXPECTED = re.compile(r"Overriding attribute '\w+' of layer ")
"""Warning about a type that both a layer and the configuration set.

dse sets such types on purpose, and stores both the requested and the effective type.
"""


def _unexpected(lines: Iterable[str]) -> tuple[str, ...]:
    """Return hls4ml's warnings, each once and in one line, without the expected ones."""
    texts = (" ".join(line.split()) for line in lines)
    return tuple(dict.fromkeys(t for t in texts if t and not _EXPECTED.match(t)))


def _changeable_copy(layer: Mapping[str, Any], requested: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of a layer that hls4ml may change, without the types it declares.

    The types go into the configuration; in their place are marks for `optimizer_passes`. hls4ml
    rewires the lists of a layer in place where it drops a neighbour, such as a linear
    activation: a second conversion of the same network would get other types. Arrays are
    shared, because hls4ml never writes to them.

    Args:
        layer: the layer.
        requested: types that the study asks for.
    """
    declared = layer.get(TYPES) or {}
    copy = {
        key: list(value) if isinstance(value, list) else value
        for key, value in layer.items()
        if key != TYPES
    }
    copy[TYPED] = bool({"result", "default"} & {*declared, *requested})
    copy[QUANTISED] = "weight" in declared
    return copy


def _check_stream(network: Network, settings: Settings) -> None:
    """Refuse what hls4ml has no stream for: it would ignore the setting, or stop without a name."""
    if settings.io_type != "io_stream":
        return
    if settings.parallelization_factor not in {None, 1}:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"parallelization_factor {settings.parallelization_factor} with io_type io_stream, "
            "where positions come one by one",
            hint="leave parallelization_factor out, or take io_type: io_parallel",
        )
    for layer in network.layers:
        kind = layer["class_name"]
        if kind in NEVER_STREAMED or (kind == "Softmax" and layer.get("axis", -1) != -1):
            shown = f"{kind} over axis {layer['axis']}" if kind == "Softmax" else kind
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layer '{own_name_of(layer)}' ({shown}) with io_type io_stream: hls4ml has no "
                "firmware for it in a stream",
                hint="take io_type: io_parallel",
            )


def _check_own_settings(network: Network, settings: Settings) -> None:
    """Refuse names in `layers` that no layer has."""
    names = {own_name_of(layer) for layer in network.layers}
    for name in settings.layers or {}:
        if name not in names:
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layers: no layer is called '{name}'",
                hint=nearest(name, names),
            )


def _check_strategy(network: Network, settings: Settings) -> None:
    """Refuse reuse factors above 1 where nothing is multiplied."""
    own = [settings.of_layer(own_name_of(layer)) for layer in network.layers]
    most = max((one.reuse_factor for one in own if one.strategy == STRATEGY), default=1)
    if most != 1:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"reuse_factor {most} with strategy {STRATEGY}, which has no "
            "multipliers that could be shared",
            hint="take reuse_factor 1, or strategy latency or resource; in a space: "
            f"constraints: [\"strategy != '{STRATEGY}' or reuse_factor == 1\"]",
        )


def _check_layers(network: Network) -> None:
    """Refuse concatenations of more than two tensors.

    hls4ml fails on them with an assertion that has no text and names no layer.
    """
    for layer in network.layers:
        if layer["class_name"] == "Concatenate" and len(layer["inputs"]) != 2:
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layer '{own_name_of(layer)}' joins {len(layer['inputs'])} tensors",
                hint="hls4ml joins two: write Concatenate()([Concatenate()([a, b]), c])",
            )


def hls_config(network: Network, settings: Settings) -> dict[str, Any]:
    """Return hls4ml's configuration: defaults of the model, then the keys of every layer.

    Later types replace earlier ones: those of `granularity`, of node indices, those that follow
    from the tensors' values, those that the network declares, and last those that the study asks
    for in `layer_precision`.
    """
    model = {
        "Precision": {"default": settings.default_type},
        "ReuseFactor": settings.reuse_factor,
        "Strategy": settings.strategy.capitalize(),
    }
    by_name: dict[str, dict[str, Any]] = {
        layer["name"]: _layer_config(layer, settings.of_layer(own_name_of(layer)))
        for layer in network.layers
    }
    if settings.precision != "profiled":
        for layer in network.layers:
            _set_types(by_name[layer["name"]], _own_widths(layer, settings))
    for name, bits in index_inputs(network).items():
        by_name[name]["Precision"] = {"result": f"uint<{bits}>"}
    for types_by_name in (settings.profiled, own_types(network.layers)):
        for name, types in types_by_name.items():
            _set_types(by_name[name], types)
    for name, types in requested_types(network, settings).items():
        _set_types(by_name[name], types)
    return {"Model": model, "LayerName": by_name}


def index_inputs(network: Network) -> dict[str, int]:
    """Return the bits of every input that holds node numbers.

    The numbers are 0 … n_nodes: the last means "no node" (padded edges).
    """
    return {
        layer["inputs"][1]: math.ceil(math.log2(layer["n_nodes"] + 1))
        for layer in network.layers
        if layer["class_name"] in INDEX_LAYERS
    }


def _layer_config(layer: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Return hls4ml's configuration of one layer: reuse factor, strategy, types and tables."""
    config: dict[str, Any] = {
        "ReuseFactor": settings.reuse_factor,
        "Strategy": settings.strategy.capitalize(),
        "Precision": _auto_types(layer, settings) if settings.granularity == "name" else {},
    }
    if _has_tables(layer):
        config["TableSize"] = settings.table_size
        if settings.table_precision is not None:
            _set_types(config, {"table": settings.table_precision})
    if layer["class_name"] in ("Dense", *CONVOLUTIONS):
        rows = _rows(layer)
        at_once = 1 if settings.io_type == "io_stream" else rows
        config["ParallelizationFactor"] = min(settings.parallelization_factor or at_once, rows)
        config["ReuseFactor"] = legal_reuse_factor(layer, settings)
    if layer["class_name"] in LATENCY_ONLY:
        config |= {"Strategy": "Latency", "ReuseFactor": settings.reuse_factor}
    return config


def _own_widths(layer: dict[str, Any], settings: Settings) -> dict[str, str]:
    """Return the types that `layers` gives to a layer without a profile."""
    own = (settings.layers or {}).get(own_name_of(layer), {})
    found: dict[str, str] = {}
    if "bits" in own or "integer_bits" in own:
        bits = own.get("bits", settings.total_bits)
        integer = settings.integer_bits + own.get("integer_bits", 0)
        found["default"] = settings.fixed(bits, integer)
    if "weight_bits" in own:
        kind = settings.fixed(own["weight_bits"], settings.integer_bits)
        found |= dict.fromkeys(("weight", "bias"), kind)
    return found


def _has_tables(layer: dict[str, Any]) -> bool:
    """Whether hls4ml computes an activation of a layer by look-up table.

    Recurrent layers have several, under keys such as ``forward_recurrent_activation``.
    """
    names = {value for key, value in layer.items() if key.endswith("activation")}
    return not names.isdisjoint(TABLE_ACTIVATIONS)


def _rows(layer: dict[str, Any]) -> int:
    """Return the rows of a dense layer, or the pixels of a convolution's output."""
    if layer["class_name"] == "Dense":
        return math.prod(layer["input_shape"][0][:-1])
    return int(layer.get("out_height", 1) * layer["out_width"])


def _set_types(config: dict[str, Any], types: Mapping[str, str]) -> None:
    """Set types of a layer under the keys where hls4ml looks for them.

    It silently ignores the type of a table under `Precision`: that is read from a key of its
    own, such as ``table_t``.
    """
    for name, kind in types.items():
        if name == "table":  # a softmax has two tables; unused keys do no harm
            config |= dict.fromkeys(("table_t", "exp_table_t", "inv_table_t"), kind)
        elif name in TABLE_TYPES:
            config[f"{name}_t"] = kind
        else:
            config.setdefault("Precision", {})[name] = kind


def _auto_types(layer: dict[str, Any], settings: Settings) -> dict[str, str]:
    """Return the types that hls4ml infers for a layer with granularity "name"."""
    if layer["class_name"] == "ScatterSum":  # hls4ml infers no types for custom layers
        growth = math.ceil(math.log2(layer["n_edges"]))  # carries of a sum over all edges
        return {
            "accum": settings.fixed(settings.total_bits + growth, settings.integer_bits + growth)
        }
    if layer["class_name"] in INFERRED:
        return dict.fromkeys(("result", "accum"), "auto")
    if layer["class_name"] in DEPTHWISE:
        return {"accum": "auto"}
    return {}


def requested_types(network: Network, settings: Settings) -> dict[str, dict[str, str]]:
    """Return the types of `layer_precision` by layer; the more specific pattern wins.

    Raises:
        EvaluationError: a pattern matches no layer.
    """
    names = {own_name_of(layer): layer["name"] for layer in network.layers}
    requested: dict[str, dict[str, str]] = {}
    given = settings.layer_precision or {}
    for pattern in sorted(given, key=_specificity):
        types = given[pattern]
        matches = [legal for own, legal in names.items() if _matches(own, pattern)]
        if not matches:
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layer_precision: no layer is called '{pattern}'",
                hint=nearest(pattern, names),
            )
        for name in matches:
            by_name = types if isinstance(types, dict) else {"default": types}
            if "default" in by_name:  # one for all types replaces those of wider patterns
                requested.pop(name, None)
            requested.setdefault(name, {}).update(by_name)
    return requested


def _matches(name: str, pattern: str) -> bool:
    """Whether a pattern means a layer; its own name does, also with ``[`` or ``*`` in it."""
    return name == pattern or fnmatch.fnmatchcase(name, pattern)


def _specificity(pattern: str) -> tuple[bool, int, str]:
    """Return a sort key: names after patterns, long patterns after short ones.

    So the order of the keys in the study file does not matter.
    """
    wild = any(sign in pattern for sign in "*?[")
    return not wild, len(pattern), pattern


def _check_types_exist(graph: ModelGraph, settings: Settings) -> None:
    """Refuse types that no layer of a pattern has, such as the weights of an activation."""
    for pattern, types in (settings.layer_precision or {}).items():
        nodes = [node for node in graph.get_layers() if _matches(own_name(node), pattern)]
        legal = {kind for node in nodes for kind in _kinds(node)}
        for kind in types if nodes and isinstance(types, dict) else ():
            if kind not in {"default", "table", *legal}:
                raise EvaluationError(
                    FailureKind.INVALID_POINT,
                    f"layer_precision: '{pattern}' has no type '{kind}'",
                    hint=nearest(kind, legal),
                )


def _refuse_binary_dots(graph: ModelGraph) -> None:
    """Refuse dot products whose first input is binary: hls4ml's code for them does not compile."""
    for node in graph.get_layers():
        if node.class_name == "Dot" and _is_binary(node.get_input_variable().type.precision):
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layer '{own_name(node)}' (Dot): hls4ml's code does not compile where its first "
                "input is uint<1>",
                hint="swap the inputs, or give the first one another type, such as ufixed<1,1>",
            )


def _is_binary(kind: Any) -> bool:
    """Whether a type is C++'s ap_uint<1>."""
    return not isinstance(kind, FixedPrecisionType) and kind.width == 1 and not kind.signed


def _kinds(node: Any) -> list[str]:
    attributes = type(node).expected_attributes
    return [a.name.removesuffix("_t") for a in attributes if isinstance(a, TypeAttribute)]


@contextlib.contextmanager
def _without_keras() -> Iterator[None]:
    """Keep hls4ml's writer from importing Keras (10 s), which it needs only for a YAML tag."""
    kept = sys.modules.get("keras")
    sys.modules["keras"] = None  # type: ignore[assignment]  # Python's way to forbid an import
    try:
        yield
    finally:
        del sys.modules["keras"]
        if kept is not None:
            sys.modules["keras"] = kept


def write_project(graph: ModelGraph) -> None:
    """Write the HLS project to the folder that the graph was built for.

    Raises:
        EvaluationError: ``tool_missing``: a layer needs da4ml, which is not installed.
    """
    with additions_written(graph), _without_keras(), contextlib.redirect_stdout(io.StringIO()):
        windows_written(graph)
        graph.write()
