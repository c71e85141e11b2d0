"""Cleaned ONNX graph of one sample: constants folded, all shapes known.

The cleaning is qonnx's, save for names: those of the file stay, because the study names layers by
them, and the check compares tensors by them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.onnx_file import QUANT_DOMAINS, input_values

QUANTISERS = ("Quant", "IntQuant", "BipolarQuant", "FloatQuant", "Trunc")


@dataclass(frozen=True)
class Node:
    """An operation of the graph.

    Args:
        name: its name in the file, or made of its operation and a number.
        op: the operation, such as ``MatMul``.
        inputs: names of its tensors; empty for an optional one that is left out.
        outputs: names of its tensors.
        attributes: by name.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]

    def refused(self, reason: str, hint: str = "") -> EvaluationError:
        """Return the error for an operation that cannot be converted.

        Args:
            reason: what is wrong, as a sentence without a capital letter.
            hint: what to use instead.
        """
        message = f"layer '{self.name}' ({self.op}): {reason}"
        other = "use an operation of docs/how-to/onnx.md; backend cpu takes the network as it is"
        return EvaluationError(FailureKind.INVALID_POINT, message, hint=hint or other)


@dataclass(frozen=True)
class Graph:
    """A cleaned network.

    Args:
        inputs: names of its inputs, in order.
        outputs: names of its outputs, the scored one first.
        nodes: its operations, in order of evaluation.
        constants: arrays by tensor name.
        shapes: shape of every tensor, the first axis samples, of which there is one.
        opset: version of ONNX' operations.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]
    shapes: Mapping[str, tuple[int, ...]]
    opset: int

    @cached_property
    def producers(self) -> dict[str, Node]:
        """The operation that gives each tensor."""
        return {name: node for node in self.nodes for name in node.outputs}

    def readers(self, tensor: str) -> list[Node]:
        """Return the operations that read a tensor."""
        return [node for node in self.nodes if tensor in node.inputs]

    def sole_reader(self, tensor: str) -> Node | None:
        """Return the only operation that reads a tensor; None where it is read elsewhere too."""
        readers = self.readers(tensor)
        return readers[0] if len(readers) == 1 and tensor not in self.outputs else None


def cleaned(model: Any, outputs: Sequence[str]) -> Graph:
    """Return the part of a network that some outputs need, for one sample.

    Args:
        model: the `onnx.ModelProto`; it is not changed.
        outputs: names of the outputs.

    Raises:
        EvaluationError: the shapes of some tensors cannot be told.
    """
    from onnx import numpy_helper

    made = _transformed(_of_one_sample(model))
    constants = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    nodes = _needed([*made.graph.node], outputs)
    used = {name for node in nodes for name in node.input} | {*outputs}
    inputs = tuple(value.name for value in input_values(made))
    shapes = {name: np.shape(array) for name, array in constants.items()}
    shapes |= _shapes(made, used | {name for node in nodes for name in node.output})
    opset = next(e.version for e in made.opset_import if e.domain in {"", "ai.onnx"})
    return Graph(inputs, tuple(outputs), tuple(_named(nodes)), constants, shapes, opset)


def _of_one_sample(model: Any) -> Any:
    """Return a copy whose inputs have one sample each, and no shapes that depend on it."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    for value in input_values(made):
        sizes = value.type.tensor_type.shape.dim
        if not sizes:
            message = f"the input '{value.name}' of the network has no axis of samples"
            hint = "export the network with inputs of shape (samples, …)"
            raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
        sizes[0].dim_value = 1
        unknown = [number for number, size in enumerate(sizes) if not size.HasField("dim_value")]
        if unknown:
            message = f"axis {unknown[0]} of the input '{value.name}' has no fixed length"
            hint = "hardware has fixed sizes: export with the first axis dynamic at most"
            raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
    del made.graph.value_info[:]
    for value in made.graph.output:
        value.type.tensor_type.ClearField("shape")
    for node in made.graph.node:
        if node.op_type in QUANTISERS and node.domain in QUANT_DOMAINS:
            node.domain = QUANT_DOMAINS[0]
    return made


def _transformed(model: Any) -> Any:
    """Return a model after qonnx's cleaning, without its steps that rename.

    Raises:
        EvaluationError: qonnx cannot clean it; its text says why.
    """
    from onnx import inliner
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.transformation.fold_constants import FoldConstants
    from qonnx.transformation.general import RemoveStaticGraphInputs, SortGraph
    from qonnx.transformation.infer_shapes import InferShapes
    from qonnx.transformation.qcdq_to_qonnx import QCDQToQuant

    quantisers = [*QUANTISERS, "QuantizeLinear", "DequantizeLinear"]
    try:
        wrapped = ModelWrapper(inliner.inline_local_functions(model))
        for step in (
            SortGraph(),
            InferShapes(),
            FoldConstants(exclude_op_types=quantisers),
            RemoveStaticGraphInputs(),
            QCDQToQuant(),
            InferShapes(),
        ):
            wrapped = wrapped.transform(step)
    except Exception as error:  # qonnx and onnx have no common class of errors
        message = f"qonnx cannot clean the network: {error or type(error).__name__}"
        hint = "check the file with onnx.checker.check_model(file, full_check=True)"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint) from error
    return wrapped.model


def _needed(nodes: Sequence[Any], outputs: Sequence[str]) -> list[Any]:
    """Return the nodes that outputs need, in their order."""
    wanted, found = {*outputs}, []
    for node in reversed(nodes):
        if wanted & set(node.output):
            wanted |= set(node.input)
            found.append(node)
    return found[::-1]


def _shapes(model: Any, used: set[str]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors in use that are no constants.

    Raises:
        EvaluationError: one is not known.
    """
    values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    found = {}
    for value in values:
        sizes = value.type.tensor_type.shape.dim
        if all(size.HasField("dim_value") for size in sizes):
            found[value.name] = tuple(int(size.dim_value) for size in sizes)
    constants = {tensor.name for tensor in model.graph.initializer}
    unknown = sorted(used - found.keys() - constants - {""})
    if unknown:
        message = f"the shape of the tensor '{unknown[0]}' cannot be told from the network"
        hint = "hardware has fixed sizes: export with the first axis dynamic at most"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
    return found


def _named(nodes: Sequence[Any]) -> list[Node]:
    """Return the nodes under their names; those without one, or with another's, get a number."""
    from onnx import helper

    uses: Counter[str] = Counter()
    made = []
    for node in nodes:
        name = node.name or node.op_type
        uses[name] += 1
        name = name if uses[name] == 1 else f"{name}_{uses[name]}"
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        plain = {k: v.decode() if isinstance(v, bytes) else v for k, v in attributes.items()}
        made.append(Node(name, node.op_type, tuple(node.input), tuple(node.output), plain))
    return made
