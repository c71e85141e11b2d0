"""Register the graph layers with hls4ml through its Extension API."""

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import hls4ml
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute, TypeAttribute
from hls4ml.model.layers import Layer

HEADER = Path(__file__).parents[1] / "firmware" / "nnet_graph.h"

_CONFIG = """struct config{index} : nnet::graph_config {{
    static const unsigned n_nodes = {n_nodes};
    static const unsigned n_edges = {n_edges};
    static const unsigned n_features = {n_features};
    static const unsigned reuse_factor = {reuse};
{accumulator}}};
"""
_CALL = (
    "nnet::{function}<{data_t}, {index_t}, {output_t}, {config}>({data}, {index_name}, {output});"
)


class HlsEdgeGather(Layer):  # type: ignore[misc]  # hls4ml is untyped
    """hls4ml layer: node features (n_nodes, n_features) by edge, (n_edges, n_features)."""

    function: ClassVar[str] = "edge_gather"
    _expected_attributes: ClassVar[list[Attribute]] = [
        Attribute("n_nodes"),
        Attribute("n_edges"),
        Attribute("n_features"),
    ]

    def initialize(self) -> None:
        """Declare the output; its precision comes from the configuration."""
        self.add_output_variable([self.get_attr("n_edges"), self.get_attr("n_features")])


class HlsScatterSum(Layer):  # type: ignore[misc]  # hls4ml is untyped
    """hls4ml layer: sums of edge features (n_edges, n_features) by node, (n_nodes, n_features)."""

    function: ClassVar[str] = "scatter_sum"
    _expected_attributes: ClassVar[list[Attribute]] = [
        Attribute("n_nodes"),
        Attribute("n_edges"),
        Attribute("n_features"),
        TypeAttribute("accum"),
    ]

    def initialize(self) -> None:
        """Declare the output; types come from the configuration."""
        self.add_output_variable([self.get_attr("n_nodes"), self.get_attr("n_features")])


class _GraphConfigTemplate(LayerConfigTemplate):  # type: ignore[misc]  # hls4ml is untyped
    """C++ configuration struct of a graph layer."""

    def __init__(self) -> None:
        super().__init__((HlsEdgeGather, HlsScatterSum))
        self.template = _CONFIG

    def format(self, node: Any) -> str:
        params = self._default_config_params(node)
        accum = node.get_attr("accum_t")
        params["accumulator"] = f"    typedef {accum.name} accum_t;\n" if accum else ""
        return self.template.format(**params)


class _GraphFunctionTemplate(FunctionCallTemplate):  # type: ignore[misc]  # hls4ml is untyped
    """C++ call of a graph layer's function in nnet_graph.h."""

    def __init__(self) -> None:
        super().__init__((HlsEdgeGather, HlsScatterSum), include_header=["nnet_utils/nnet_graph.h"])
        self.template = _CALL

    def format(self, node: Any) -> str:
        data, index = (node.get_input_variable(name) for name in node.inputs)
        output = node.get_output_variable()
        return self.template.format(
            function=node.function,
            data_t=data.type.name,
            index_t=index.type.name,
            output_t=output.type.name,
            config=f"config{node.index}",
            data=data.name,
            index_name=index.name,
            output=output.name,
        )


@cache  # hls4ml refuses to register a layer twice
def register() -> None:
    """Register the graph layers with hls4ml; needs no Keras. Repeated calls do nothing."""
    hls4ml.model.layers.register_layer("EdgeGather", HlsEdgeGather)
    hls4ml.model.layers.register_layer("ScatterSum", HlsScatterSum)
    for name in ("Vivado", "Vitis"):
        backend = hls4ml.backends.get_backend(name)
        backend.register_template(_GraphConfigTemplate)
        backend.register_template(_GraphFunctionTemplate)
        backend.register_source(HEADER)
