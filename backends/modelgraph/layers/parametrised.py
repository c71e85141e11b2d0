"""Rules of activations with parameters: leaky ReLU, thresholded ReLU, PReLU, ELU, hard sigmoid.

Source: hls4ml, nnet_activation.h. hls4ml's layer of Keras' `ReLU` is a thresholded ReLU.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backends.modelgraph.activation_functions import ZERO, elu
from backends.modelgraph.activation_tables import TABLES
from backends.modelgraph.arithmetic import add, choose, clip, greater, integer, multiply, subtract
from backends.modelgraph.cast_counter import CastCounter
from backends.modelgraph.cost import Cost
from backends.modelgraph.fixed_point import Tensor, quantise
from backends.modelgraph.layers.activation_circuits import (
    constants,
    cost_of,
    placed,
    placed_tables,
    sloped_cost,
    table_options,
)
from backends.modelgraph.layers.activations import function_of
from backends.modelgraph.layers.rules import (
    BY_POSITION,
    LayerRules,
    RtlContext,
    StreamRules,
    every_position,
    refused,
    result_type,
    type_of,
)
from backends.modelgraph.layers.weighted_sum import as_written
from backends.modelgraph.rtl.circuit import Signal
from backends.modelgraph.rtl.modules.functions import (
    Function,
    above,
    hard_sigmoid,
    hard_tanh,
    sloped,
    widest,
)
from backends.modelgraph.rtl.stream.front import Front

_ABOVE, _LEAKY = ("thresholdedrelu", "thresholded_relu"), ("leakyrelu", "leaky_relu")
_ONE_NUMBER = (*_LEAKY, *_ABOVE, "elu")
_HARD = ("hard_sigmoid", "hard_tanh")


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
    (data,), name = inputs, function_of(node, "bittrue", _ONE_NUMBER)
    parameter = _constant(node, "activ_param", "param_t")
    if name in _LEAKY:
        exact = _sloped(data, parameter)
    elif name in _ABOVE:
        exact = choose(greater(data, parameter), data, ZERO)
    else:
        options = table_options(node)
        exact = elu(data, parameter, options)
        counter.looked_up(name, TABLES[name].coarse(data, options.size))
    return counter.cast(exact, result_type(node))


def parametrised_rtl(node: Any, context: RtlContext) -> Signal:
    """Place the activation for every row, or a table for every element; return the output."""
    given, name = context.given(node), function_of(node, "open", _ONE_NUMBER)
    parameter = _constant(node, "activ_param", "param_t")
    if name == "elu":
        return placed_tables(node, context, name, parameter)
    return placed(node, context, name, [_of_one_number(name, parameter)] * given.features)


def _of_one_number(name: str, parameter: Tensor) -> Function:
    """Return the function of a circuit that a parameter makes."""
    (number,) = constants(parameter)
    return sloped(number) if name in _LEAKY else above(number)


def parametrised_cost(node: Any) -> Cost:
    """Return the cost: a table, a multiplier or a comparison per element."""
    name = function_of(node, "estimate", _ONE_NUMBER)
    parameter = _constant(node, "activ_param", "param_t")
    functions = [_of_one_number(name, parameter)]
    if name in _LEAKY:
        return sloped_cost(node, parameter, functions)
    return cost_of(node, name, functions)


def prelu(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return ReLU with a slope of its own for every element.

    Raises:
        EvaluationError: elements share slopes.
    """
    (data,) = inputs
    return counter.cast(_sloped(data, _slopes(node, "bittrue")), result_type(node))


def _slopes(node: Any, walker: str) -> Tensor:
    """Return the slopes of a PReLU in the shape of its output.

    Raises:
        EvaluationError: elements share slopes; the firmware would read past the slopes' end.
    """
    weights, shape = node.weights["param"], node.get_output_variable().shape
    slopes = np.asarray(weights.data, dtype=np.float64)
    if slopes.size != np.prod(shape):
        raise refused(node, walker, "has no rule for slopes that elements share (shared_axes)")
    return as_written(weights, slopes.reshape(shape))


def prelu_rtl(node: Any, context: RtlContext) -> Signal:
    """Place one module with the slopes of all elements, and return its output."""
    slopes = constants(_slopes(node, "open"))
    functions: list[Function] = [sloped(slope, widest(slopes)) for slope in slopes]
    return placed(node, context, "prelu", functions)


def _prelu_front(node: Any) -> Front:
    """Return how the layer reads a stream: of single positions.

    Raises:
        EvaluationError: there are several positions, each with slopes of its own.
    """
    front = every_position(node)
    if len(front.fires) > 1:
        raise refused(node, "open", "cannot give every position of a stream its own slopes")
    return front


def prelu_cost(node: Any) -> Cost:
    """Return the cost: a multiplier and a multiplexer per element."""
    slopes = _slopes(node, "estimate")
    numbers = constants(slopes)
    return sloped_cost(node, slopes, [sloped(numbers[0], widest(numbers))])


def hard(node: Any, inputs: Sequence[Tensor], counter: CastCounter) -> Tensor:
    """Return the hard sigmoid, slope * x + shift between 0 and 1, or the hard tanh 2 s - 1.

    Raises:
        EvaluationError: the function has no rule.
    """
    (data,), name = inputs, function_of(node, "bittrue", _HARD)
    slope, shift = (_constant(node, part, f"{part}_t") for part in ("slope", "shift"))
    exact = clip(add(multiply(data, slope), shift), 0, 1)
    if name == "hard_tanh":
        exact = subtract(multiply(exact, integer(2)), integer(1))
    return counter.cast(exact, result_type(node))


def hard_rtl(node: Any, context: RtlContext) -> Signal:
    """Place the function for every row, and return the output."""
    name = function_of(node, "open", _HARD)
    return placed(node, context, name, [_hard(node, name)] * context.given(node).features)


def _hard(node: Any, name: str) -> Function:
    """Return the function for one number of a circuit."""
    (slope,), (shift,) = (
        constants(_constant(node, part, f"{part}_t")) for part in ("slope", "shift")
    )
    return (hard_sigmoid if name == "hard_sigmoid" else hard_tanh)(slope, shift)


def hard_cost(node: Any) -> Cost:
    """Return the cost: a multiplier, an adder and two comparisons per element."""
    name = function_of(node, "estimate", _HARD)
    slope = _constant(node, "slope", "slope_t")
    return sloped_cost(node, slope, [_hard(node, name)])


RULES = (
    LayerRules(
        class_names=("ParametrizedActivation",),
        keras_handlers="backends.modelgraph.layers.activations_keras",
        value=parametrised,
        cost=parametrised_cost,
        rtl=parametrised_rtl,
        stream=BY_POSITION,
    ),
    LayerRules(
        class_names=("PReLU",),
        value=prelu,
        cost=prelu_cost,
        rtl=prelu_rtl,
        stream=StreamRules(front=_prelu_front),
    ),
    LayerRules(
        class_names=("HardActivation",),
        value=hard,
        cost=hard_cost,
        rtl=hard_rtl,
        stream=BY_POSITION,
    ),
)
