"""Networks in ONNX made of single operations, as PyTorch and Brevitas export them; needs `onnx`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

QONNX = "qonnx.custom_op.general"


class Maker:
    """Builds a network operation by operation.

    Args:
        shape: shape of the input, without samples.
        seed: of the weights.
        opset: version of ONNX' operations.
    """

    def __init__(self, *shapes: Sequence[int], seed: int = 1, opset: int = 17) -> None:
        self.rng = np.random.default_rng(seed)
        self.opset = opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        names = ["x"] if len(shapes) == 1 else [f"x_{i}" for i in range(len(shapes))]
        self.inputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
            for name, shape in zip(names, shapes, strict=True)
        ]

    def constant(self, values: Any) -> str:
        """Add a constant; single precision unless it is of whole numbers."""
        array = np.asarray(values)
        array = array.astype(np.float32) if array.dtype.kind == "f" else array
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def random(self, *shape: int, low: float = -1.0) -> str:
        """Add random weights."""
        return self.constant(self.rng.uniform(low, 1.0, shape))

    def op(self, kind: str, *inputs: str, name: str = "", domain: str = "", **more: Any) -> str:
        """Add an operation; return its tensor."""
        output = f"{name or kind}_{len(self.nodes)}_out"
        node = helper.make_node(kind, inputs, [output], name, domain=domain, **more)
        self.nodes.append(node)
        return output

    def quant(
        self,
        data: str,
        scale: Any = 0.125,
        bits: float = 6,
        *,
        signed: int = 1,
        narrow: int = 0,
        zero: float = 0.0,
        mode: str = "ROUND",
    ) -> str:
        """Add a quantiser of QONNX."""
        inputs = (data, *(self.constant(np.float32(v)) for v in (scale, zero, bits)))
        more = {"signed": signed, "narrow": narrow, "rounding_mode": mode}
        return self.op("Quant", *inputs, domain=QONNX, **more)

    def model(self, *outputs: str, samples: int | str = "N") -> ModelProto:
        """Return the network."""
        made = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs]
        for value in self.inputs:
            if isinstance(samples, int):
                value.type.tensor_type.shape.dim[0].dim_value = samples
        graph = helper.make_graph(self.nodes, "network", self.inputs, made, self.constants)
        sets = [helper.make_opsetid("", self.opset)]
        if any(node.domain for node in self.nodes):
            sets.append(helper.make_opsetid(QONNX, 1))
        return helper.make_model(graph, opset_imports=sets, ir_version=9)


def dense(maker: Maker, data: str, n_in: int, n_out: int, name: str = "") -> str:
    """Add a Gemm as PyTorch exports it: weights (outputs, inputs)."""
    weights = (maker.random(n_out, n_in), maker.random(n_out))
    return maker.op("Gemm", data, *weights, name=name, transB=1)


def mlp() -> ModelProto:
    """Two dense layers, ReLU between and softmax behind."""
    make = Maker([6])
    hidden = make.op("Relu", dense(make, "x", 6, 8, "/fc1/Gemm"), name="/act/Relu")
    return make.model(make.op("Softmax", dense(make, hidden, 8, 3, "/fc2/Gemm"), axis=-1))


def cnn(samples: int | str = "N") -> ModelProto:
    """Convolution, normalisation, pooling and a dense layer, channels first."""
    make = Maker([2, 8, 6])
    made = make.op("Conv", "x", make.random(4, 2, 3, 3), make.random(4), pads=[1, 1, 1, 1])
    scales = [make.random(4, low=0.2) for _ in range(4)]
    made = make.op("Relu", make.op("BatchNormalization", made, *scales))
    made = make.op("MaxPool", made, kernel_shape=[2, 2], strides=[2, 2])
    made = make.op("Conv", made, make.random(3, 4, 3, 2), make.random(3))
    made = make.op("Flatten", make.op("Relu", made))
    return make.model(dense(make, made, 12, 3), samples=samples)


def quantised_mlp() -> ModelProto:
    """Dense layers with quantised weights, biases, inputs and activations."""
    make = Maker([6])
    data = make.quant("x", 2**-4, 6)
    weights = make.quant(make.random(6, 8), 2**-3, 4, narrow=1)
    bias = make.quant(make.random(8), 2**-7, 10)
    hidden = make.op("Add", make.op("MatMul", data, weights, name="fc1"), bias)
    hidden = make.quant(make.op("Relu", hidden), 2**-2, 4, signed=0)
    weights = make.op("Transpose", make.quant(make.random(3, 8), 2**-3, 4), perm=[1, 0])
    return make.model(make.op("MatMul", hidden, weights, name="fc2"))


def array(model: ModelProto, samples: int = 40, seed: int = 3) -> list[NDArray[np.float32]]:
    """Random inputs of a network."""
    rng = np.random.default_rng(seed)
    shapes = [
        [size.dim_value for size in value.type.tensor_type.shape.dim][1:]
        for value in model.graph.input
    ]
    return [rng.normal(0, 1, (samples, *shape)).astype(np.float32) for shape in shapes]
