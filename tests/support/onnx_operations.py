"""One small network in ONNX per operation and setting that dse converts; needs `onnx`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper
from onnx_networks import Maker

Network = Callable[[], ModelProto]
Shape = tuple[int, ...]

IMAGE, SEQUENCE, VECTOR = (3, 8, 6), (3, 8), (5,)


def single(shape: Shape, kind: str, *constants: Any, opset: int = 17, **more: Any) -> Network:
    """A network of one operation on the input and constants."""

    def make() -> ModelProto:
        maker = Maker(shape, opset=opset)
        return maker.model(maker.op(kind, "x", *map(maker.constant, constants), **more))

    return make


def window(shape: Shape, kernel: Shape, *, bias: bool = True, **more: Any) -> Network:
    """A network of one convolution."""

    def make() -> ModelProto:
        maker = Maker(shape)
        weights = [maker.random(*kernel), *([maker.random(kernel[0])] if bias else [])]
        return maker.model(maker.op("Conv", "x", *weights, **more))

    return make


def merged(kind: str, count: int = 2, **more: Any) -> Network:
    """A network of one merge of computed images, of which one has its axes in another order."""

    def make() -> ModelProto:
        maker = Maker(IMAGE)
        made = [maker.op("Conv", "x", maker.random(3, 3, 1, 1)) for _ in range(count - 1)]
        return maker.model(maker.op(kind, *made, "x", **more))

    return make


def flattened(kind: str, *, dense: bool) -> Network:
    """A convolution that is flattened, with a dense layer behind it or nothing."""

    def make() -> ModelProto:
        maker = Maker(IMAGE)
        made = maker.op("Conv", "x", maker.random(2, 3, 3, 3))
        made = (
            maker.op("Reshape", made, maker.constant(np.array([0, -1])))
            if kind == "Reshape"
            else maker.op(kind, made)
        )
        made = maker.op("MatMul", made, maker.random(48, 3)) if dense else maker.op("Relu", made)
        return maker.model(made)

    return make


def dense_rows() -> ModelProto:
    maker = Maker((4, 5))
    made = maker.op("MatMul", "x", maker.random(5, 3))
    return maker.model(maker.op("Add", maker.random(3), made))


def scaled_gemm() -> ModelProto:
    maker = Maker(VECTOR)
    given = ("x", maker.random(5, 3), maker.random(3))
    return maker.model(maker.op("Gemm", *given, alpha=0.5, beta=2.0))


def normalised(shape: Shape) -> Network:
    def make() -> ModelProto:
        maker = Maker(shape)
        parts = [maker.random(shape[0], low=0.3) for _ in range(4)]
        return maker.model(maker.op("BatchNormalization", "x", *parts, epsilon=1e-3))

    return make


def transposed() -> ModelProto:
    """Rows and columns change places behind a convolution, before a dense layer over rows."""
    maker = Maker(SEQUENCE)
    made = maker.op("Conv", "x", maker.random(4, 3, 3))
    made = maker.op("Transpose", made, perm=[0, 2, 1])
    return maker.model(maker.op("MatMul", made, maker.random(4, 2)))


def pooled_whole(kind: str, end: str) -> Network:
    def make() -> ModelProto:
        maker = Maker(IMAGE)
        made = maker.op("Conv", "x", maker.random(4, 3, 3, 3))
        made = maker.op(kind, made)
        made = maker.op(end, made) if end == "Flatten" else maker.op("Sigmoid", made)
        return maker.model(made)

    return make


def dynamic_view() -> ModelProto:
    """What PyTorch exports for x.view(x.size(0), -1)."""
    maker = Maker(IMAGE)
    size = maker.op("Gather", maker.op("Shape", "x"), maker.constant(np.array(0)), axis=0)
    size = maker.op("Unsqueeze", size, maker.constant(np.array([0])))
    shape = maker.op("Concat", size, maker.constant(np.array([-1])), axis=0)
    flat = maker.op("Reshape", "x", shape)
    return maker.model(maker.op("MatMul", flat, maker.random(144, 2)))


def deep_sets(kind: str, **more: Any) -> Network:
    """Dense layers for every row, and one value of all rows, as PyTorch exports a set network."""

    def make() -> ModelProto:
        maker = Maker((7, 3))
        rows = maker.op("Relu", maker.op("MatMul", "x", maker.random(3, 4)))
        axes = {} if kind == "ReduceSum" else {"axes": [1]}
        given = [maker.constant(np.array([1]))] if kind == "ReduceSum" else []
        return maker.model(maker.op(kind, rows, *given, **axes, **more))

    return make


def reduced(axes: list[int], keepdims: int) -> Network:
    """A sum behind a convolution, over axes that have another order in hardware."""

    def make() -> ModelProto:
        maker = Maker(IMAGE)
        made = maker.op("Conv", "x", maker.random(4, 3, 3, 3))
        axis = maker.constant(np.array(axes))
        made = maker.op("ReduceSum", made, axis, keepdims=keepdims)
        return maker.model(maker.op("Tanh", made))

    return make


def embedding() -> ModelProto:
    """Rows of a table by numbers, and a dense layer of all of them."""
    maker = Maker((3,))
    maker.inputs[0].type.tensor_type.elem_type = TensorProto.INT64
    rows = maker.op("Gather", maker.random(6, 4), "x", axis=0)
    return maker.model(maker.op("MatMul", maker.op("Flatten", rows), maker.random(12, 2)))


def softsign() -> ModelProto:
    """x / (1 + |x|), as PyTorch exports it."""
    maker = Maker(VECTOR)
    size = maker.op("Add", maker.op("Abs", "x"), maker.constant(np.float32(1)))
    return maker.model(maker.op("Div", "x", size))


def softplus() -> ModelProto:
    """Softplus as PyTorch exports it: x itself where it is large."""
    maker = Maker(VECTOR)
    made = maker.op("Softplus", "x")
    large = maker.op("Greater", "x", maker.constant(np.float32(20)))
    return maker.model(maker.op("Where", large, "x", made))


def pieces() -> ModelProto:
    """Channels of an image in another order, a part of its pixels, and single values of it."""
    maker = Maker(IMAGE)
    made = maker.op("Conv", "x", maker.random(4, 3, 3, 3))
    both = [f"part_{number}" for number in range(2)]
    lengths = maker.constant(np.array([1, 3]))
    maker.nodes.append(helper.make_node("Split", [made, lengths], both, axis=1))
    made = maker.op("Concat", *both[::-1], axis=1)
    limits = ([1, -2], [4, 2**31], [2, 3])
    made = maker.op("Slice", made, *(maker.constant(np.array(limit)) for limit in limits))
    made = maker.op("MatMul", maker.op("Flatten", made), maker.random(24, 3))
    row = maker.op("Gather", "x", maker.constant(np.array(0)), axis=1)
    row = maker.op("Gather", row, maker.constant(np.array(-2)), axis=1)
    row = maker.op("Slice", row, *(maker.constant(np.array([v])) for v in (1, 4, 1)))
    return maker.model(maker.op("Add", made, row))


SLOPES = np.array([0.25, 0.5, 0.75])

OPERATIONS: dict[str, Network] = {
    "dense rows": dense_rows,
    "gemm with factors": scaled_gemm,
    **{kind: single(VECTOR, kind) for kind in ("Relu", "Sigmoid", "Tanh", "Softplus", "Selu")},
    "Softsign": single(VECTOR, "Softsign"),
    "LeakyRelu": single(VECTOR, "LeakyRelu", alpha=0.25),
    "ThresholdedRelu": single(VECTOR, "ThresholdedRelu", alpha=0.5),
    "Elu": single(VECTOR, "Elu", alpha=0.5),
    "PRelu of channels": single(IMAGE, "PRelu", SLOPES.reshape(3, 1, 1)),
    "HardSigmoid": single(VECTOR, "HardSigmoid", alpha=0.25),
    "Clip from 0": single(VECTOR, "Clip", np.float32(0)),
    "hard tanh": single(VECTOR, "Clip", np.float32(-1), np.float32(1)),
    "Softmax": single(VECTOR, "Softmax"),
    "Softmax of channels": single(IMAGE, "Softmax", axis=1),
    "Softmax of old": single(VECTOR, "Softmax", opset=11),
    "Identity": single(VECTOR, "Identity"),
    "Flatten": single(IMAGE, "Flatten"),
    "sum with a constant": single(IMAGE, "Add", SLOPES.reshape(3, 1, 1)),
    "difference": single(VECTOR, "Sub", np.arange(5) / 4),
    "product with one": single(VECTOR, "Mul", np.float32(1.5)),
    "product with each": single(SEQUENCE, "Mul", np.linspace(-1, 1, 24).reshape(3, 8)),
    "quotient": single(VECTOR, "Div", np.arange(1.0, 6.0)),
    "normalised vector": normalised(VECTOR),
    "normalised image": normalised(IMAGE),
    "normalised sequence": normalised(SEQUENCE),
    "convolution": window(IMAGE, (4, 3, 3, 3)),
    "convolution, strides": window(IMAGE, (4, 3, 3, 2), strides=[2, 1]),
    "convolution, padding": window(IMAGE, (4, 3, 3, 3), pads=[1, 0, 2, 1], bias=False),
    "convolution, same": window(IMAGE, (4, 3, 3, 2), auto_pad="SAME_UPPER", strides=[2, 2]),
    "convolution, lower": window(IMAGE, (4, 3, 2, 2), auto_pad="SAME_LOWER"),
    "convolution, 1x1": window(IMAGE, (4, 3, 1, 1)),
    "convolution, depthwise": window(IMAGE, (3, 1, 3, 3), group=3),
    "convolution of a sequence": window(SEQUENCE, (4, 3, 3), pads=[2, 0]),
    "depthwise of a sequence": window(SEQUENCE, (3, 1, 3), group=3),
    "MaxPool": single(IMAGE, "MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    "MaxPool of a sequence": single(SEQUENCE, "MaxPool", kernel_shape=[3], strides=[2]),
    "AveragePool": single(IMAGE, "AveragePool", kernel_shape=[2, 3], strides=[2, 3]),
    "AveragePool, padding": single(
        IMAGE, "AveragePool", kernel_shape=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    **{
        f"{kind}, {end}": pooled_whole(kind, end)
        for kind in ("GlobalMaxPool", "GlobalAveragePool")
        for end in ("Flatten", "Sigmoid")
    },
    "ReduceMean": single(IMAGE, "ReduceMean", axes=[2, 3], keepdims=0),
    **{f"{kind} of a set": deep_sets(kind) for kind in ("ReduceMean", "ReduceMax", "ReduceSum")},
    **{
        f"{kind} of a set, flat": deep_sets(kind, keepdims=0)
        for kind in ("ReduceMean", "ReduceMax", "ReduceSum")
    },
    "ReduceSum of channels": reduced([1], 0),
    "ReduceSum of rows": reduced([2], 1),
    "ReduceSum of everything": reduced([1, 2, 3], 1),
    "softsign of PyTorch": softsign,
    "softplus of PyTorch": softplus,
    "HardSwish": single(VECTOR, "HardSwish"),
    "ReLU6": single(VECTOR, "Clip", np.float32(0), np.float32(6)),
    "PRelu of all": single(VECTOR, "PRelu", np.full((1, 5), 0.25)),
    "pieces": pieces,
    "Pad": single(IMAGE, "Pad", np.array([0, 0, 1, 2, 0, 0, 3, 0])),
    "Pad of a sequence": single(SEQUENCE, "Pad", np.array([0, 0, 1, 0, 0, 2])),
    "Resize": single(IMAGE, "Resize", np.zeros(0, np.float32), np.array([1.0, 1, 2, 3])),
    **{kind: merged(kind) for kind in ("Add", "Sub", "Mul", "Max", "Min", "Mean")},
    "sum of three": merged("Sum", 3),
    "Concat of channels": merged("Concat", axis=1),
    "Concat of rows": merged("Concat", axis=2),
    "Concat of three": merged("Concat", 3, axis=-1),
    "Transpose": transposed,
    "view": dynamic_view,
    **{
        f"{kind}, {'dense' if dense else 'read as it is'}": flattened(kind, dense=dense)
        for kind in ("Flatten", "Reshape")
        for dense in (True, False)
    },
}
"""By name, what makes the network."""
