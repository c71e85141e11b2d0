"""Types of QONNX's quantisers: exact, or refused by name."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.onnx.graph import QUANTISERS, Graph, Node
from backends.modelgraph.qkeras import exact_type
from dse.runtime.onnx_quant import ROUNDINGS

_ROUNDING = {
    "ROUND": "RND_CONV", "HALF_EVEN": "RND_CONV", "FLOOR": "TRN", "DOWN": "TRN_ZERO",
    "HALF_UP": "RND_INF", "HALF_DOWN": "RND_ZERO",
}  # fmt: skip
"""ap_fixed's mode of every rounding mode of QONNX that it has."""

_POWER = "train with scales that are powers of two: in Brevitas, restrict_scaling_type=POWER_OF_TWO"


@dataclass(frozen=True)
class Weights:
    """A constant of the network.

    Args:
        values: as the network computes with them.
        kind: type that holds them exactly; None where the network does not quantise them.
    """

    values: NDArray[Any]
    kind: str | None = None

    def types(self, name: str) -> dict[str, str]:
        """Return the type under a name, for the entry of a layer; empty without one."""
        return {} if self.kind is None else {name: self.kind}


def weights_of(graph: Graph, tensor: str) -> Weights | None:
    """Return a constant tensor, as quantised; None for a tensor that is computed from inputs.

    Transpositions of quantised constants are done here, too.

    Raises:
        EvaluationError: no fixed-point type holds the quantised values.
    """
    if tensor in graph.constants:
        return Weights(graph.constants[tensor])
    node = graph.producers.get(tensor)
    source = weights_of(graph, node.inputs[0]) if node else None
    if node is None or source is None:
        return None
    if node.op in {"Identity", "Transpose", "Reshape"}:
        return Weights(_moved(graph, node, source.values), source.kind)
    if node.op not in QUANTISERS:
        return None
    values = _quantised(graph, node, source.values)
    try:
        return Weights(values, _declared(graph, node) or exact_type(values))
    except ValueError as error:
        raise node.refused(str(error), _POWER) from error


def _moved(graph: Graph, node: Node, values: NDArray[Any]) -> NDArray[Any]:
    if node.op == "Transpose":
        return values.transpose(node.attributes.get("perm", range(values.ndim)[::-1]))
    return values.reshape(graph.shapes[node.outputs[0]])


def _quantised(graph: Graph, node: Node, values: NDArray[Any]) -> NDArray[np.float32]:
    """Return constants as a quantiser makes them, by qonnx's own code."""
    from qonnx.custom_op.general.intquant import int_quant

    if node.op == "BipolarQuant":
        scale = parameter(graph, node, 1)
        return np.where(values >= 0, scale, -scale).astype(np.float32)
    if node.op not in {"Quant", "IntQuant"}:
        raise node.refused("dse has no exact conversion of this quantiser")
    scale, zero, bits = (parameter(graph, node, number) for number in (1, 2, 3))
    signed, narrow = (bool(node.attributes.get(name, 0)) for name in ("signed", "narrow"))
    mode = str(node.attributes.get("rounding_mode", "ROUND"))
    if mode.upper() not in ROUNDINGS:
        raise node.refused(f"the rounding mode {mode} is not known", "use the rounding mode ROUND")
    made = int_quant(values, scale, zero, bits, signed, narrow, mode)
    return np.asarray(made, dtype=np.float32)


def parameter(graph: Graph, node: Node, number: int) -> NDArray[Any]:
    """Return a parameter of a quantiser.

    Raises:
        EvaluationError: it is computed from the inputs.
    """
    found = weights_of(graph, node.inputs[number])
    if found is None:
        name = ("data", "scale", "zeropt", "bitwidth")[number]
        raise node.refused(f"its {name} is no constant", "quantise with trained, fixed scales")
    return found.values


def _fraction(scale: NDArray[Any]) -> int | None:
    """Return the fractional bits that a scale stands for; None where it is no power of two."""
    if scale.size != 1 or scale.item() <= 0:
        return None
    mantissa, exponent = math.frexp(scale.item())
    return 1 - exponent if mantissa == 0.5 else None


def _declared(graph: Graph, node: Node) -> str | None:
    """Return the type that one scale for all values and the bits give; None where values tell."""
    if node.op == "BipolarQuant":
        return None
    scale, zero, bits = (parameter(graph, node, number) for number in (1, 2, 3))
    fraction = _fraction(scale)
    if fraction is None or np.any(zero) or bits.size != 1 or bits != np.round(bits) or bits < 2:
        return None
    whole = int(bits.item())
    sign = "" if node.attributes.get("signed", 1) else "u"
    return f"{sign}fixed<{whole},{whole - fraction}>"


def activation_type(graph: Graph, node: Node) -> str:
    """Return the type that casts values as a quantiser of activations does.

    Raises:
        EvaluationError: no cast does; the message names the setting.
    """
    if node.op not in {"Quant", "IntQuant"}:
        hint = "quantise activations by Quant with 2 bits or more"
        raise node.refused("this quantiser of activations is no cast", hint)
    kind = _declared(graph, node)
    if kind is None:
        raise node.refused(_not_a_cast(graph, node), _POWER)
    mode = str(node.attributes.get("rounding_mode", "ROUND")).upper()
    if mode not in _ROUNDING:
        raise node.refused(f"no cast rounds as {mode} does", "use the rounding mode ROUND")
    return f"{kind[:-1]},{_ROUNDING[mode]},{_limit(node)}>"


def _limit(node: Node) -> str:
    narrow = bool(node.attributes.get("narrow", 0))
    if narrow and not node.attributes.get("signed", 1):
        raise node.refused("no cast leaves out the highest value (narrow, unsigned)", "narrow=0")
    return "SAT_SYM" if narrow else "SAT"


def _not_a_cast(graph: Graph, node: Node) -> str:
    """Return which setting of a quantiser makes it more than a cast."""
    scale, zero, bits = (parameter(graph, node, number) for number in (1, 2, 3))
    if _fraction(scale) is None:
        shown = f"{scale.item():.6g}" if scale.size == 1 else f"{scale.size} values"
        return f"its scale ({shown}) is no power of two"
    if np.any(zero):
        return f"its zero point ({float(np.max(zero)):g}) is not 0"
    return f"its number of bits ({np.max(bits):g}) is no whole number from 2"
