"""Write QONNX's quantisers as operations of ONNX, so that onnxruntime computes them.

Source: the definition of Quant and BipolarQuant in
https://github.com/fastmachinelearning/qonnx/tree/main/docs/qonnx-custom-ops.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.onnx_file import QUANT_DOMAINS

ROUNDINGS = {
    "ROUND": ("Round",),
    "HALF_EVEN": ("Round",),
    "FLOOR": ("Floor",),
    "CEIL": ("Ceil",),
    "DOWN": ("size", "Floor"),
    "UP": ("size", "Ceil"),
    "HALF_UP": ("size", "+half", "Floor"),
    "HALF_DOWN": ("size", "-half", "Ceil"),
}
"""Steps of every rounding mode; those from ``size`` on work on the absolute value."""


def without_quantisers(model: Any) -> Any:
    """Return a model that computes the same by operations of ONNX alone.

    Outputs of quantisers keep their names. The model is not changed; without quantisers it is
    returned itself.

    Raises:
        EvaluationError: a quantiser has a setting that is not known, or its number of bits is
            computed.
    """
    import onnx

    if not any(node.domain in QUANT_DOMAINS for node in model.graph.node):
        return model
    made = onnx.ModelProto()
    made.CopyFrom(model)
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    constants |= dict(_constant_nodes(model))
    del made.graph.node[:]
    for node in model.graph.node:
        steps = _Steps(node, constants)
        made.graph.node.extend(steps.run() if node.domain in QUANT_DOMAINS else [node])
        made.graph.initializer.extend(steps.constants)
    kept = [entry for entry in made.opset_import if entry.domain not in QUANT_DOMAINS]
    del made.opset_import[:]
    made.opset_import.extend(kept)
    return made


def _constant_nodes(model: Any) -> Iterator[tuple[str, Any]]:
    from onnx import numpy_helper

    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].HasField("t"):
            yield node.output[0], numpy_helper.to_array(node.attribute[0].t)


@dataclass
class _Steps:
    """Nodes that compute what one quantiser does.

    Args:
        node: the quantiser.
        given: constants of the model by name.
        nodes: the nodes made so far.
        constants: the constants made so far.
    """

    node: Any
    given: dict[str, Any]
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def run(self) -> list[Any]:
        """Return the nodes; the last one writes the quantiser's output."""
        kinds: dict[str, Callable[[], None]] = {
            "Quant": self._quant,
            "IntQuant": self._quant,
            "BipolarQuant": self._bipolar,
        }
        if self.node.op_type not in kinds:
            raise self._refused(f"the operation {self.node.op_type} is not known")
        kinds[self.node.op_type]()
        self.nodes[-1].output[0] = self.node.output[0]
        return self.nodes

    def _quant(self) -> None:
        data, scale, zero, bits = self.node.input
        scaled = self._add("Add", self._add("Div", data, scale), zero)
        if self._bits(bits) == 1 and self._flag("signed"):
            whole = self._sign(scaled, self._number(1.0))
        else:
            low, high = self._limits(self._bits(bits))
            upper = self._add("Min", scaled, self._number(high))
            whole = self._rounded(self._add("Max", upper, self._number(low)))
        self._add("Mul", self._add("Sub", whole, zero), scale)

    def _bipolar(self) -> None:
        data, scale = self.node.input
        self._sign(data, scale)

    def _sign(self, data: str, size: str) -> str:
        """Add nodes for a size with the sign of the data; positive for zero."""
        negative = self._add("Less", data, self._number(0.0))
        return self._add("Where", negative, self._add("Neg", size), size)

    def _rounded(self, data: str) -> str:
        """Add nodes for the rounding mode."""
        mode = str(self._attribute("rounding_mode", b"ROUND").decode()).upper()
        if mode not in ROUNDINGS:
            raise self._refused(f"the rounding mode {mode} is not known")
        steps = ROUNDINGS[mode]
        if steps[0] != "size":
            return self._add(steps[0], data)
        size = self._add("Abs", data)
        for step in steps[1:]:
            half = self._number(0.5) if step.endswith("half") else ""
            made = {"+half": "Add", "-half": "Sub"}.get(step, step)
            size = self._add(made, size, *([half] if half else []))
        return self._add("Mul", self._add("Sign", data), size)

    def _limits(self, bits: float) -> tuple[float, float]:
        """Return the lowest and highest whole number."""
        narrow = self._flag("narrow")
        if self._flag("signed"):
            return -(2.0 ** (bits - 1)) + narrow, 2.0 ** (bits - 1) - 1
        return 0.0, 2.0**bits - 1 - narrow

    def _bits(self, name: str) -> float:
        if name not in self.given or np.size(self.given[name]) != 1:
            raise self._refused("its number of bits is no single constant")
        return float(np.asarray(self.given[name]).item())

    def _flag(self, name: str) -> int:
        return int(self._attribute(name, 1 if name == "signed" else 0))

    def _attribute(self, name: str, default: Any) -> Any:
        from onnx.helper import get_attribute_value

        found = (a for a in self.node.attribute if a.name == name)
        return next((get_attribute_value(attribute) for attribute in found), default)

    def _number(self, value: float) -> str:
        from onnx import numpy_helper

        name = f"{self.node.output[0]}/constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.float32(value), name))
        return name

    def _add(self, operation: str, *inputs: str) -> str:
        from onnx import helper

        name = f"{self.node.output[0]}/step{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name]))
        return name

    def _refused(self, reason: str) -> EvaluationError:
        message = f"quantiser '{self.node.name or self.node.output[0]}': {reason}"
        return EvaluationError(FailureKind.INVALID_POINT, message)
