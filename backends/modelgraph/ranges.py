"""Ranges of a network's tensors on the evaluation set, and the types that hold them.

The network is evaluated with types so wide that nothing overflows. From the smallest and the
largest value of a tensor follow the integer bits that it takes; the rest of its width are
fractional bits.
"""

import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.builder import build_graph, index_inputs
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.evaluate import layer_outputs
from backends.modelgraph.extraction import layers_key
from backends.modelgraph.fixed_point import FixedType, Tensor, quantise
from backends.modelgraph.names import own_name
from backends.modelgraph.network import Network
from backends.modelgraph.nodes import weights_of
from backends.modelgraph.settings import Settings
from dse.contracts.workload import Prepared
from dse.runtime.cache import cached_directory, digest

SAMPLES = 10_000
"""Most samples that are profiled, evenly spread over the evaluation set."""

_FORMAT = 2
"""Part of the cache key: raise it when the same network gives other ranges."""

_CHUNK = 500

_FEWEST = -32
"""Fewest integer bits: numbers below 2**-32 count as zero."""


@dataclass(frozen=True)
class TensorRange:
    """Range of the numbers that one type of a layer has to hold.

    Args:
        layer: name of the layer in the converted network.
        own_name: name that the network gives to it.
        kind: which type, such as ``result`` or ``weight``.
        low: smallest number.
        high: largest number.
        guard: bits more than the width asked for, half on either side of the point: a sum of
            2**n terms needs n of them so that neither its size nor its roundings count.
    """

    layer: str
    own_name: str
    kind: str
    low: float
    high: float
    guard: int = 0


def ranges_of(network: Network, prepared: Prepared, cache: Path) -> tuple[TensorRange, ...]:
    """Return the ranges of all tensors of a network on the evaluation set; kept in the cache.

    Raises:
        EvaluationError: a layer has no value rule.
    """
    key = digest("ranges", _FORMAT, layers_key(prepared), dict(network.wide))
    folder = cached_directory(cache / "ranges", key, partial(_profile, network, prepared))
    return tuple(TensorRange(**entry) for entry in json.loads((folder / "ranges.json").read_text()))


def _profile(network: Network, prepared: Prepared, folder: Path) -> None:
    found = measured(network, profiled_inputs(prepared))
    (folder / "ranges.json").write_text(json.dumps([asdict(entry) for entry in found]))


def profiled_inputs(prepared: Prepared) -> list[NDArray[Any]]:
    """Return the samples that are profiled, one array per model input."""
    rows = np.unique(np.linspace(0, len(prepared.inputs[0]) - 1, SAMPLES).astype(int))
    return [np.asarray(array)[rows] for array in prepared.inputs]


def measured(network: Network, inputs: Sequence[NDArray[Any]]) -> list[TensorRange]:
    """Return the ranges of all tensors of a network on given samples.

    Args:
        network: from the check of its conversion, which has found the types wide enough.
        inputs: one array per model input, first axis samples.
    """
    indices = index_inputs(network)
    found: dict[tuple[str, str], TensorRange] = {}
    with tempfile.TemporaryDirectory(prefix="dse-ranges-") as folder:
        graph, _ = build_graph(network, Settings(**network.wide), Path(folder))
        for start in range(0, len(inputs[0]), _CHUNK):
            tensors: dict[str, Tensor] = {}
            batch = [array[start : start + _CHUNK] for array in inputs]
            for node, output in layer_outputs(graph, batch, dict[str, CastCounter]()):
                tensors[node.outputs[0]] = output
                if node.name not in indices:
                    for entry in _of_node(
                        node, [tensors[n] for n in node.inputs if n in tensors], output
                    ):
                        _widen(found, entry)
    named = {layer["name"] for layer in network.layers}
    return [entry for entry in found.values() if entry.layer in named]


def _widen(found: dict[tuple[str, str], TensorRange], entry: TensorRange) -> None:
    """Make a range in `found` include another one of the same type."""
    key = entry.layer, entry.kind
    known = found.get(key, entry)
    low, high = min(known.low, entry.low), max(known.high, entry.high)
    found[key] = replace(entry, low=low, high=high)


def _of_node(node: Any, given: Sequence[Tensor], output: Tensor) -> Iterator[TensorRange]:
    """Yield the ranges of a node's types."""
    of = partial(TensorRange, node.name, own_name(node))
    low, high = _bounds(output.values)
    yield of("result", low, high)
    for name, weights in weights_of(node).items():
        yield of(name, *_bounds(weights))
    if node.class_name == "Softmax":
        yield from _of_softmax(node, given[0])
    elif node.class_name == "LayerNormalization":
        yield from _of_layer_normalisation(node, given[0])
    elif "accum_t" in node.types:
        terms = _terms(node, given)
        yield of("accum", low, high, math.ceil(math.log2(max(terms, 1))))
    elif _has_table(node):
        yield of("table", low, high)


def _of_softmax(node: Any, given: Tensor) -> Iterator[TensorRange]:
    """Yield the ranges inside a softmax, and of its input.

    Its first table is addressed by the distance to the largest input, in the integer bits of
    the input: the input's type has to hold the distances too.
    """
    of = partial(TensorRange, node.name, own_name(node))
    values = given.values
    farthest = float((values.max(axis=-1) - values.min(axis=-1)).max(initial=0.0))
    source = node.get_input_node()
    yield TensorRange(source.name, own_name(source), "result", -farthest, farthest)
    classes = values.shape[-1]
    is_latency = str(node.get_attr("implementation")) == "latency"  # exp(x), else exp(-distance)
    largest = math.exp(min(float(values.max(initial=0.0)), 40.0)) if is_latency else 1.0
    yield of("exp_table", 0.0, largest)
    yield of("inv_table", 0.0, 1.0)
    yield of("inv_inp", 0.0, largest * classes)
    yield of("accum", 0.0, largest * classes)


def _of_layer_normalisation(node: Any, given: Tensor) -> Iterator[TensorRange]:
    """Yield the ranges inside a layer normalisation.

    Its accumulator holds values, differences to the mean and squares, and the sums of these.
    """
    of, values = partial(TensorRange, node.name, own_name(node)), given.values
    far = values - values.mean(axis=-1, keepdims=True)
    terms = [_bounds(array) for array in (values, far, far**2)]
    low, high = min(low for low, _ in terms), max(high for _, high in terms)
    yield of("accum", low, high, math.ceil(math.log2(values.shape[-1])))
    epsilon = 10.0 ** -int(node.get_attr("epsilon_power_of_10"))
    # the table's index is rounded down: its entry is for a variance up to a step smaller
    step = 2.0 ** -int(node.get_attr("table_range_power2")) / int(node.get_attr("table_size"))
    least = max(float((far**2).mean(axis=-1).min(initial=1.0)) - step, 0.0)
    yield of("table", 0.0, 1 / math.sqrt(least + epsilon))


def _bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values.min(initial=0.0)), float(values.max(initial=0.0))


def _terms(node: Any, given: Sequence[Tensor]) -> int:
    """Return how many terms an accumulator of a node adds."""
    if node.class_name == "Einsum":
        return int(node.get_attr("n_contract"))
    weights = [w for name, w in weights_of(node).items() if name == "weight"]
    if weights:
        return int(math.prod(weights[0].shape[:-1]))
    return int(
        given[0].raw.size // max(int(node.get_output_variable().size()) * len(given[0].raw), 1)
    )


def _has_table(node: Any) -> bool:
    activation = str(node.get_attr("activation", "linear")).lower()
    return "table_t" in node.types and activation not in {"linear", "relu"}


def fitting_types(
    ranges: Sequence[TensorRange], settings: Settings
) -> Mapping[str, Mapping[str, str]]:
    """Return by layer and kind the types that hold ranges in the width that is asked for.

    Args:
        ranges: from `ranges_of`.
        settings: supplies total bits, rounding and overflow.
    """
    found: dict[str, dict[str, str]] = {}
    for entry in ranges:
        own = settings.of_layer(entry.own_name)
        if entry.kind in ("weight", "bias"):
            bits = settings.item(entry.own_name, "weight_bits", own.total_bits)
            own = replace(own, total_bits=bits)
        found.setdefault(entry.layer, {})[entry.kind] = fitting_type(entry, own)
    return found


def fitting_type(entry: TensorRange, settings: Settings) -> str:
    """Return the type with the fewest integer bits that holds a range; unsigned where it can."""
    signed = entry.low < 0
    more = settings.item(entry.own_name, "integer_bits", 0) if entry.kind == "result" else 0
    size = max(-entry.low, entry.high)
    # one bit less than the magnitude takes, for -2**n; more where rounding up leads out of range
    integer = max((math.frexp(size)[1] if size else 0) + signed - 1, _FEWEST)
    ends = np.array([entry.low, entry.high])
    width = settings.total_bits
    while quantise(ends, FixedType(width, integer, signed, settings.rounding))[1]:
        integer += 1
    modes = f"{settings.rounding},{settings.overflow}"
    sign = "" if signed else "u"
    integer += more + entry.guard
    return f"{sign}fixed<{width + 2 * entry.guard},{integer},{modes}>"
