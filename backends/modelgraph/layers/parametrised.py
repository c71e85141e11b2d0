"""Rules of activations with parameters: leaky ReLU, thresholded ReLU, PReLU, ELU, hard sigmoid.

Source: hls4ml, nnet_activation.h. hls4ml's layer of Keras' `ReLU` is a thresholded ReLU.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.activation_functions import ZERO, elu
from backends.modelgraph.arithmetic import add, choose, clip, greater, integer, multiply, subtract
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.fixed_point import Tensor, quantise
from backends.modelgraph.layers.activations import table_options
from backends.modelgraph.layers.rules import LayerRules, refused, result_type, type_of
from backends.modelgraph.layers.weighted_sum import as_written


def _constant(node: Any, attribute: str, kind: str) -> Tensor:
    """Return a number of a node in a type of the node, by their names."""
    number = np.asarray(node.get_attr(attribute, 1.0), dtype=np.float64)
    return quantise(number, type_of(node, kind))[0]


def _sloped(data: Tensor, slope: Tensor) -> Tensor:
    """Return positive values as they are, and others times a slope."""
    return choose(greater(data, ZERO), data, multiply(data, slope))


def parametrised(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the activation with one number as its parameter.

    Raises:
        EvaluationError: the function has no rule.
    """
    (data,), name = inputs, str(node.get_attr("activation")).lower()
    parameter = _constant(node, "activ_param", "param_t")
    if name in {"leakyrelu", "leaky_relu"}:
        exact = _sloped(data, parameter)
    elif name in {"thresholdedrelu", "thresholded_relu"}:
        exact = choose(greater(data, parameter), data, ZERO)
    elif name == "elu":
        exact = elu(data, parameter, table_options(node))
    else:
        raise refused(node, "bittrue", f"has no rule for the activation '{name}'")
    return counter.cast(exact, result_type(node))


def prelu(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return ReLU with a slope of its own for every element.

    Raises:
        EvaluationError: elements share slopes; the firmware would read past the slopes' end.
    """
    (data,), weights = inputs, node.weights["param"]
    shape = data.raw.shape[1:]
    slopes = np.asarray(weights.data, dtype=np.float64)
    if slopes.size != np.prod(shape):
        raise refused(node, "bittrue", "has no rule for slopes that elements share (shared_axes)")
    exact = _sloped(data, as_written(weights, slopes.reshape(shape)))
    return counter.cast(exact, result_type(node))


def hard(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the hard sigmoid, slope * x + shift between 0 and 1, or the hard tanh 2 s - 1.

    Raises:
        EvaluationError: the function has no rule.
    """
    (data,), name = inputs, str(node.get_attr("activation")).lower()
    if name not in {"hard_sigmoid", "hard_tanh"}:
        raise refused(node, "bittrue", f"has no rule for the activation '{name}'")
    slope, shift = (_constant(node, part, f"{part}_t") for part in ("slope", "shift"))
    exact = clip(add(multiply(data, slope), shift), 0, 1)
    if name == "hard_tanh":
        exact = subtract(multiply(exact, integer(2)), integer(1))
    return counter.cast(exact, result_type(node))


RULES = (
    LayerRules(class_names=("ParametrizedActivation",), value=parametrised),
    LayerRules(class_names=("PReLU",), value=prelu),
    LayerRules(class_names=("HardActivation",), value=hard),
)
