"""Check of a conversion: the converted network has to compute what the trained network computes.

The network is converted with types so wide that rounding cannot be seen, except those that the
network fixes itself. Every layer is evaluated on the outputs that Keras computes for the layers
before it, so a difference belongs to the layer where it appears: to hls4ml's parser, to one of
its optimisers, which fold, move and remove layers, or to the layer's rule.

What may differ: the last bit of quantised outputs, where the sum before it is near the middle of
two values, and as much as look-up tables of activations are coarse.
"""

import contextlib
import io
import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.declared_types import TYPES
from backends.modelgraph.fixed_point import Tensor, quantise
from backends.modelgraph.layers.registry import rules_of
from backends.modelgraph.layers.rules import result_type
from backends.modelgraph.layers.softmax_tables import exp_table
from backends.modelgraph.names import own_name, own_name_of
from backends.modelgraph.network import Network
from backends.modelgraph.nodes import weights_of
from backends.modelgraph.settings import Settings
from dse.contracts.errors import EvaluationError, FailureKind

_SAMPLES = 32
"""Samples of the evaluation set that are compared."""
_INPUT_VALUES = 2**16
"""Values of inputs that are compared; a whole event or a large image has enough by itself."""

Arrays = Mapping[str, NDArray[Any]]

_INPUT_BITS = 16
_WIDEST = 96
"""Widest type of the comparison; hls4ml cannot resolve types of hundreds of bits."""
_SUM_BITS = 62
"""Width of sums of products, of which nothing is cut where the products are no wider."""
_FRACTIONAL_BITS = 24
"""Of numbers below 1; also the bits of a number in float32."""

_LEAST_BITS = 8
"""Fewest fractional bits."""

_HEADROOM_BITS = 8
"""Integer bits above the largest output, for sums on the way to it."""

_TABLE_SIZE = 2**16
_RELATIVE = 2.0**-10
"""Largest difference of a layer without tables, as a share of its largest output."""

_TABLES = 2.0**-8
"""Largest difference by a table: its steps, and what lies beyond its ends."""

_ONE_OVER_DEVIATION = "ufixed<34,10>"
"""Fine type of a layer normalisation's table; that of hls4ml has 3 fractional bits."""

_RECURRENT = ("SimpleRNN", "LSTM", "GRU", "Bidirectional")
_RECURRENT_TABLES = 2.0**-6
"""The same for layers that apply tables once in every time step, on their own outputs."""

_COMPILED = 2.0**-4
"""The same for the output of a network of which some layers have no rule."""

_MULTIPLY = ("Dense", "Conv1D", "Conv2D", "EinsumDense")
"""Layers whose accumulators are as wide as their products."""

_MOVES_VALUES = ("Reshape", "Transpose")
"""Layers over which hls4ml moves a transposition, into the weights of a dense layer."""

_FLIPPED = 0.01
"""Largest share of quantised outputs that differ in the last bit."""


def compared_rows(inputs: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Return which samples are compared, spread over all of them.

    Args:
        inputs: one array per model input, first axis samples.
    """
    count = len(inputs[0])
    values = sum(math.prod(array.shape[1:]) for array in inputs)
    samples = min(_SAMPLES, max(_INPUT_VALUES // max(values, 1), 1))
    return np.unique(np.linspace(0, count - 1, samples).astype(int))


def on_grid(values: NDArray[Any]) -> NDArray[Any]:
    """Return inputs rounded to 16 bits, so that a wide fixed-point type holds them exactly."""
    if values.dtype.kind != "f":
        return values
    largest = float(np.abs(values).max(initial=0.0))
    step = 2.0 ** (math.frexp(largest)[1] - _INPUT_BITS)
    return np.asarray(np.round(values / step) * step, dtype=np.float32)


def check_conversion(network: Network, inputs: Arrays, expected: Arrays) -> Network:
    """Compare a converted network with what the trained network computes in every layer.

    Args:
        network: the converted network.
        inputs: model inputs by name, (samples, …), from `on_grid`.
        expected: outputs of the trained network by layer name, (samples, …). Layers that are
            not there are evaluated, not compared.

    Returns:
        The network with what could not be compared, and with the types of the comparison.

    Raises:
        EvaluationError: ``conversion``: a layer differs; the message names the first.
    """
    with tempfile.TemporaryDirectory(prefix="dse-check-") as folder:
        narrow, _ = build_graph(network, Settings(), Path(folder))
        wide = wide_settings(network, narrow, {**inputs, **expected})
        graph, _ = build_graph(network, wide, Path(folder))
        comparison = _Comparison(network, graph, inputs, expected)
        told = comparison.run()
        if comparison.unknown and shutil.which("g++"):
            compare_compiled(network, graph, inputs, expected, comparison.unknown)
    return replace(network, warnings=told, wide=asdict(wide))


def compare_compiled(
    network: Network, graph: ModelGraph, inputs: Arrays, expected: Arrays, unknown: Sequence[str]
) -> None:
    """Compare the outputs of the compiled network, where layers have no rule to compare them by.

    Args:
        network: see `check_conversion`.
        graph: the network with wide types.
        inputs: see `check_conversion`.
        expected: see `check_conversion`.
        unknown: layers without a rule, each with its kind.

    Raises:
        EvaluationError: it differs by more than tables in every layer explain, or hls4ml's C++
            does not compile.
    """
    named, several = f"hls4ml's code of {', '.join(unknown)}", len(network.outputs) > 1
    given = [np.ascontiguousarray(inputs[name], dtype=np.float32) for name in network.inputs]
    with contextlib.redirect_stdout(io.StringIO()):
        write_project(graph)
        try:
            graph.compile()
        except Exception as error:  # hls4ml has no error class of its own
            message = f"{named} does not compile"
            hint = f"{_instead(named)}docs/networks.md has the layers and activations that work"
            raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint) from error
        made = graph.predict(given if len(given) > 1 else given[0])
    found = np.concatenate([np.ravel(array) for array in (made if several else [made])])
    wanted = np.concatenate([expected[name].ravel() for name in network.outputs])
    off = np.abs(found - wanted)
    if (off > _COMPILED * max(1.0, float(np.abs(wanted).max()))).any():
        at = int(np.argmax(off))
        raise EvaluationError(
            FailureKind.CONVERSION,
            f"the network is converted wrongly: it gives {found[at]:.6g} where the trained network "
            f"gives {wanted[at]:.6g}",
            hint=f"{named} is the first to suspect: use other layers",
        )


def wide_settings(network: Network, graph: ModelGraph, outputs: Arrays) -> Settings:
    """Return types that hold all outputs and weights of a network to about 24 bits.

    Args:
        network: the network.
        graph: the network converted with any types; supplies its weights.
        outputs: inputs and outputs of layers.

    Raises:
        EvaluationError: ``invalid_point``: values are too large.
    """
    weights = [w for node in graph.get_layers() for w in weights_of(node).values()]
    sizes = [float(np.abs(a).max(initial=0.0)) for a in (*outputs.values(), *weights)]
    integer = math.frexp(max(sizes))[1] + _HEADROOM_BITS
    smallest = max(min((size for size in sizes if size), default=1.0), 2.0**-24)
    fractional = _FRACTIONAL_BITS + max(0, 1 - math.frexp(smallest)[1])
    if integer + fractional > _WIDEST:
        message = f"values from {smallest:.1g} to {max(sizes):.1g} need {integer + fractional} bits"
        hint = "scale the inputs and the outputs of the network to about 1"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
    classes = max((a.shape[-1] for a in outputs.values() if a.ndim), default=1)
    whole = math.frexp(classes)[1] + 2  # a sum of that many exponentials, each at most 1
    wide = Settings(
        total_bits=integer + fractional,
        integer_bits=integer,
        table_size=_TABLE_SIZE,
        table_precision=f"fixed<{_FRACTIONAL_BITS + whole},{whole}>",
    )
    types: dict[str, dict[str, str]] = {}
    for some in (  # a later type counts
        _whole_sums(network, graph, outputs, integer, fractional),
        dict(_softmax_inputs(network, outputs, fractional)),
        _fine_tables(network),
    ):
        for name, kinds in some.items():
            types.setdefault(name, {}).update(kinds)
    return replace(wide, layer_precision=types)


def _softmax_inputs(
    network: Network, outputs: Arrays, fractional: int
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a type for the input of every softmax: the top bits of its type address a table."""
    layers = {layer["name"]: layer for layer in network.layers}
    for softmax in network.layers:
        source = softmax["inputs"][0] if softmax.get("activation") == "softmax" else ""
        if source in outputs and "result" not in (layers[source].get(TYPES) or {}):
            # a sign, and a bit for distances between two values
            integer = math.frexp(float(np.abs(outputs[source]).max(initial=0.0)))[1] + 2
            kind = f"fixed<{integer + fractional},{integer}>"
            yield own_name_of(layers[source]), {"result": kind}


def _fine_tables(network: Network) -> dict[str, dict[str, str]]:
    """Return a type for the table of every layer normalisation, which `table_precision` leaves."""
    return {
        own_name_of(layer): {"table": _ONE_OVER_DEVIATION}
        for layer in network.layers
        if layer["class_name"] == "LayerNormalization"
    }


def _whole_sums(
    network: Network, graph: ModelGraph, outputs: Arrays, integer: int, fractional: int
) -> dict[str, dict[str, str]]:
    """Return types for layers that multiply matrices: inputs and weights as float32 has them.

    Their products and sums are then whole in the accumulators, within 64-bit integers, which
    takes a fraction of the time that rounded products or longer integers take.
    """
    layers = {layer["name"]: layer for layer in network.layers}
    largest = {
        own_name(node): float(np.abs(weights_of(node)["weight"]).max(initial=0.0))
        for node in graph.get_layers()
        if "weight" in weights_of(node)
    }
    found: dict[str, dict[str, str]] = {}
    for layer in network.layers:
        name, source = own_name_of(layer), layers.get((layer.get("inputs") or [""])[0])
        fixed = layer.get(TYPES) or {}
        if layer["class_name"] not in _MULTIPLY or "accum" in fixed:
            continue
        terms = weights = fractional
        if source and source["name"] in outputs and "result" not in (source.get(TYPES) or {}):
            terms = _float_bits(float(np.abs(outputs[source["name"]]).max()), fractional)
            found.setdefault(own_name_of(source), {})["result"] = _fixed(integer, terms)
        if name in largest and "weight" not in fixed:
            room = max(_SUM_BITS - integer - terms, _LEAST_BITS)
            weights = min(_float_bits(largest[name], fractional), room)
            found.setdefault(name, {})["weight"] = _fixed(integer, weights)
        width = max(min(integer + terms + weights, _SUM_BITS), integer + fractional)
        found.setdefault(name, {})["accum"] = f"fixed<{width},{integer}>"
    return found


def _float_bits(largest: float, most: int) -> int:
    """Return the fractional bits of numbers up to a largest one in float32, at most `most`."""
    return max(min(_FRACTIONAL_BITS - math.frexp(largest)[1], most), _LEAST_BITS)


def _fixed(integer: int, fractional: int) -> str:
    return f"fixed<{integer + fractional},{integer}>"


def _instead(unknown: str) -> str:
    """Return what computes the same as some layers, if there is something."""
    if "(silu)" in unknown:
        return "write SiLU as Multiply()([x, Activation('sigmoid')(x)]); "
    return "use others; "


def _described(node: Any) -> str:
    """Return a layer's own name, and its activation or kind."""
    return f"{own_name(node)} ({node.get_attr('activation') or node.class_name})"


@dataclass
class _Comparison:
    """Walk through a converted network.

    Args:
        network: the network.
        graph: the converted network.
        inputs: model inputs by name.
        expected: outputs of the trained network by layer name.
        tensors: outputs of layers that have been passed, by name.
        slack: largest difference of outputs that were evaluated rather than expected.
        removed: by name of a tensor, layers after it that have no node and have not been found
            in another layer's output.
        told: what could not be compared.
        unknown: layers without a rule, each with its kind.
    """

    network: Network
    graph: ModelGraph
    inputs: Arrays
    expected: Arrays
    tensors: dict[str, Tensor] = field(default_factory=dict)
    slack: dict[str, float] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layers = {layer["name"]: layer for layer in self.network.layers}
        self.present = {name for node in self.graph.get_layers() for name in node.outputs}

    def run(self) -> tuple[str, ...]:
        """Compare all layers, then the outputs; return what could not be compared."""
        for node in self.graph.get_layers():
            self._layer(node)
        left = [name for output in self.graph.outputs for name in self.removed.get(output, [])]
        if left:
            raise self._lost(left)
        return tuple(self.told)

    def _layer(self, node: Any) -> None:
        """Evaluate and compare one layer, and note its output for the layers after it."""
        name = node.outputs[0]
        computed = self._computed(node)
        names = [name for name in self._with_removed(name) if name in self.expected]
        if computed is None:
            if names:
                self.tensors[name] = self._as_tensor(node, self.expected[names[-1]])
            return
        found = next((n for n in reversed(names) if not self._difference(node, computed, n)), "")
        moved = [n for source in node.inputs for n in self.removed.get(source, [])]
        # an input of its own type may be rounded; the type of a quantiser that reads it may not
        if not found and len(names) > (node.class_name == "Input"):
            if not moved or node.class_name not in _MOVES_VALUES:
                raise self._differs(node, computed, names)
            self.removed[name] = moved  # a layer after this one has to do their work
        else:
            self.removed[name] = names[names.index(found) + 1 :] if found else []
        if found and not _cut_for_its_readers(node):
            self.tensors[name] = self._as_tensor(node, self.expected[found])
        else:
            self.tensors[name] = computed
            self.slack[name] = self._tolerance(node, float(np.abs(computed.values).max()))

    def _computed(self, node: Any) -> Tensor | None:
        """Return what a layer makes of its inputs; None where no rule says it."""
        if node.class_name == "Input":
            return quantise(np.asarray(self.inputs[node.name], np.float64), result_type(node))[0]
        given = [self.tensors.get(name) for name in node.inputs]
        if any(tensor is None for tensor in given):
            return None
        try:
            value = rules_of(node, "bittrue").value
            return value(node, given, CastCounter())  # type: ignore[misc,arg-type]  # checked above
        except EvaluationError as error:
            self.unknown.append(_described(node))
            self.told.append(f"not compared with the trained network: {error.message}")
            return None

    def _with_removed(self, name: str) -> list[str]:
        """Return a layer and, in order, those after it that have no node of their own."""
        found = [name]
        for layer in self.network.layers:
            if layer["name"] not in self.present and layer.get("inputs") == [found[-1]]:
                found.append(layer["name"])
        return found

    def _as_tensor(self, node: Any, values: NDArray[Any]) -> Tensor:
        """Return the outputs of the trained network in a node's type, to the nearest number."""
        kind = replace(result_type(node), rounding="RND", overflow="SAT")
        shape = (len(values), *(int(size) for size in node.get_output_variable().shape))
        return quantise(values.reshape(shape), kind)[0]

    def _difference(self, node: Any, computed: Tensor, name: str) -> bool:
        """Whether a layer's output is not that of the trained network's layer `name`."""
        expected = self.expected[name]
        if computed.raw.size != expected.size:
            return True
        off = np.abs(computed.values.ravel() - expected.ravel())
        allowed = self._tolerance(node, float(np.abs(expected).max(initial=0.0)))
        step = self._step(node)
        if step and not self._indirect(node):
            flipped = np.count_nonzero(off > step / 2)
            if flipped > max(2, _FLIPPED * off.size):
                return True
        return bool((off > allowed + step).any())

    def _step(self, node: Any) -> float:
        """Return the last bit of a type that the network fixes; 0 for a type that it does not."""
        declared = (self.layers.get(node.name, {}).get(TYPES) or {}).get("result")
        return float(2.0 ** -result_type(node).fractional) if declared else 0.0

    def _indirect(self, node: Any) -> bool:
        """Whether a layer's output depends on a table."""
        return has_table(node) or any(self.slack.get(name) for name in node.inputs)

    def _tolerance(self, node: Any, largest: float) -> float:
        """Return the largest difference that rounding and tables can make."""
        given = sum(self.slack.get(name, 0.0) for name in node.inputs)
        if _cut_for_its_readers(node):
            given += 2.0 ** -result_type(node).fractional
        if node.class_name == "Softmax":
            table = exp_table(node)
            return given + 2 * 2.0**table.address.integer / _TABLE_SIZE + _TABLES
        if node.class_name in _RECURRENT:
            return given + _RECURRENT_TABLES * max(1.0, largest)
        if has_table(node) or node.class_name == "LayerNormalization":
            return given + _TABLES * max(1.0, largest)
        return given + _RELATIVE * largest + 2.0**-18

    def _lost(self, names: list[str]) -> EvaluationError:
        """Return the error for layers that were removed without another one doing their work."""
        first = self.layers[names[0]]
        return EvaluationError(
            FailureKind.CONVERSION,
            f"layer '{own_name_of(first)}' ({first['class_name']}) is lost in the conversion: "
            "hls4ml removes it, and no other layer does its work",
            hint="give the layer another type or place, or leave it out of the network",
        )

    def _differs(self, node: Any, computed: Tensor, names: list[str]) -> EvaluationError:
        """Return the error for the first layer that differs.

        Args:
            node: its node.
            computed: the node's output.
            names: the layer, and those after it that hls4ml merges into it.
        """
        lost = [n for source in node.inputs for n in self.removed.get(source, [])]
        if lost:
            return self._lost(lost)
        expected, found = self.expected[names[-1]].ravel(), computed.values.ravel()
        if expected.size != found.size:
            shown = f"{found.size} outputs where the trained network has {expected.size}"
        else:
            at = int(np.argmax(np.abs(found - expected)))
            shown = f"{found[at]:.6g} where the trained network gives {expected[at]:.6g}"
        quoted = [f"'{own_name_of(self.layers.get(n, {'name': n}))}'" for n in names]
        layer = f"layer {quoted[0]} ({node.class_name})"
        if quoted[1:]:
            layer += f", with {', '.join(quoted[1:])} merged into it,"
        return EvaluationError(
            FailureKind.CONVERSION,
            f"{layer} is converted wrongly: it gives {shown}",
            hint=_HINTS.get(
                node.class_name,
                "hls4ml does not compute what Keras does here: use another layer or other "
                "settings of it",
            ),
        )


_HINTS = {
    "LayerNormalization": "hls4ml's table is for variances between about 0.1 and 1: normalise the "
    "inputs of the layer, or use BatchNormalization"
}
"""What to do about a difference of some layers."""


def _cut_for_its_readers(node: Any) -> bool:
    """Whether hls4ml has cut off bits of a node that do not change what its quantisers round to.

    Rounding them to the nearest number, as for other layers, would round twice.
    """
    return bool(node.get_attr("bit_exact_transformed", False))


def has_table(node: Any) -> bool:
    """Whether a layer looks its outputs up in a table."""
    activation = str(node.get_attr("activation", "linear")).lower()
    return "table_t" in node.types and activation not in {"linear", "relu"}
