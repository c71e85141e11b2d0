"""Mend hls4ml's firmware of recurrent layers through its Extension API.

hls4ml 1.3.0 chooses the function of both products of a layer by the reuse factor of the first,
gives both directions the factor that was asked for, legal or not, and takes an LSTM in one of
two directions for a GRU when it looks for a legal one. Its LSTM compiles where all types are
equal (`firmware/nnet_lstm.h`).
"""

from functools import cache
from pathlib import Path
from typing import Any

import hls4ml
from hls4ml.backends.vivado.passes import recurrent_templates as templates
from hls4ml.model.optimizer import OptimizerPass

from backends.modelgraph.reuse_factor import closest_legal
from backends.modelgraph.rtl.recurrence import GATES

HEADER = Path(__file__).parents[1] / "firmware" / "nnet_lstm.h"
_SIDES = {"f": "forward_", "b": "backward_"}


class _Product:
    """Template of the configuration of one product, with its own reuse factor and function.

    Args:
        template: hls4ml's template.
        part: ``recurrent_`` for the product of the state, empty for that of the input.
    """

    def __init__(self, template: str, part: str) -> None:
        self.template, self.part = template, part

    def format(self, **params: Any) -> str:
        """Return the C++ struct; the index of one in two directions ends in f or b."""
        side = _SIDES.get(params["index"][-1], "")
        reuse = int(params[f"{side}{self.part}reuse_factor"])
        own = {"reuse": reuse, "dense_function": _function(params, reuse)}
        if self.part:  # hls4ml looks at the layer's input, also where the state is multiplied
            precisions = (params[name].precision for name in ("result_t", "recurrent_weight_t"))
            own["product_type"] = hls4ml.backends.get_backend("Vivado").product_type(*precisions)
        return self.template.format(**params | own)


def _function(params: dict[str, Any], reuse: int) -> str:
    """Return the firmware's function for a product."""
    if params["strategy"] != "resource":
        return str(params["dense_function"])
    return f"nnet::DenseResource_rf_{'leq_nin' if reuse <= int(params['n_in']) else 'gt_nin_rem0'}"


_OF_INPUT = _Product(templates.recr_mult_config_template_1, "")
_OF_STATE = _Product(templates.recr_mult_config_template_2, "recurrent_")


class _RecurrentConfig(templates.RecurrentConfigTemplate):  # type: ignore[misc]  # hls4ml is untyped
    """C++ configuration of an LSTM or GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "dse_recurrent_config_template"
        self.mult1_template: Any = _OF_INPUT
        self.mult2_template: Any = _OF_STATE


class _BidirectionalConfig(templates.BidirectionalConfigTemplate):  # type: ignore[misc]  # the same
    """C++ configuration of a layer in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "dse_bidirectional_config_template"
        self.mult1_template: Any = _OF_INPUT
        self.mult2_template: Any = _OF_STATE


class _LstmCall(templates.RecurrentFunctionTemplate):  # type: ignore[misc]  # the same
    """C++ call of an LSTM that starts from zero."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "dse_lstm_function_template"
        self.include_header: Any = [*templates.recr_include_list, f"nnet_utils/{HEADER.name}"]

    def match(self, node: Any) -> bool:
        return bool(node.class_name == "LSTM") and len(node.inputs) == 1

    def format(self, node: Any) -> str:
        return str(super().format(node)).replace("nnet::lstm_stack<", "nnet::lstm_sequence<", 1)


class LegalReuseOfBothDirections(OptimizerPass):  # type: ignore[misc]  # the same
    """Set the legal reuse factors of the products of both directions."""

    def match(self, node: Any) -> bool:
        """Whether a node has two directions whose reuse factors have to be legal."""
        return bool(node.class_name == "Bidirectional" and node.get_attr("strategy") == "resource")

    def transform(self, model: Any, node: Any) -> bool:
        """Set the factors closest to the requested one; the graph does not change."""
        requested = int(model.config.get_reuse_factor(node))
        for side in _SIDES.values():
            states = int(node.get_attr(f"{side}n_states"))
            n_out = GATES[node.get_attr(f"{side}class_name")] * states
            for part, n_in in (("", int(node.get_attr("n_in"))), ("recurrent_", states)):
                legal = closest_legal(n_in, n_out, requested)
                node.set_attr(f"{side}{part}reuse_factor", legal)
        return False


@cache  # hls4ml refuses to register a name twice
def register() -> None:
    """Register the mends with hls4ml; repeated calls do nothing.

    Its flow for Vitis ends with the templates for Vivado, of which the last registered holds.
    """
    vivado = hls4ml.backends.get_backend("Vivado")
    for template in (_RecurrentConfig, _BidirectionalConfig, _LstmCall):
        vivado.register_template(template)
    name = "dse_legal_reuse_of_both_directions"
    vivado.register_pass(name, LegalReuseOfBothDirections, flow="vivado:init_layers")
    for tool in ("Vivado", "Vitis"):
        hls4ml.backends.get_backend(tool).register_source(HEADER)
