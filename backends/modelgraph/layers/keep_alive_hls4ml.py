"""Register `KeepAlive` with hls4ml through its Extension API."""

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import hls4ml
from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.model.attributes import Attribute
from hls4ml.model.layers import Layer

HEADER = Path(__file__).parents[1] / "firmware" / "nnet_keep_alive.h"

_CONFIG = """struct config{index} : nnet::keep_alive_config {{
    static const unsigned n_elem = {n_elem};
    static const unsigned n_unread = {n_unread};
}};
"""
_CALL = "nnet::keep_alive<{data_t}, {unread_t}, {output_t}, {config}>({data}, {unread}, {output});"


class HlsKeepAlive(Layer):  # type: ignore[misc]  # hls4ml is untyped
    """hls4ml layer: its first input; the second is computed and not read."""

    _expected_attributes: ClassVar[list[Attribute]] = [Attribute("n_unread")]

    def initialize(self) -> None:
        """Declare the output; its precision comes from the configuration."""
        self.add_output_variable(list(self.get_attr("kept_shape")))


class _ConfigTemplate(LayerConfigTemplate):  # type: ignore[misc]  # hls4ml is untyped
    """C++ configuration struct of the layer."""

    def __init__(self) -> None:
        super().__init__(HlsKeepAlive)
        self.template = _CONFIG

    def format(self, node: Any) -> str:
        params = self._default_config_params(node)
        return self.template.format(**params, n_elem=node.get_output_variable().size())


class _FunctionTemplate(FunctionCallTemplate):  # type: ignore[misc]  # hls4ml is untyped
    """C++ call of the layer's function in nnet_keep_alive.h."""

    def __init__(self) -> None:
        super().__init__(HlsKeepAlive, include_header=["nnet_utils/nnet_keep_alive.h"])
        self.template = _CALL

    def format(self, node: Any) -> str:
        data, unread = (node.get_input_variable(name) for name in node.inputs)
        output = node.get_output_variable()
        return self.template.format(
            data_t=data.type.name,
            unread_t=unread.type.name,
            output_t=output.type.name,
            config=f"config{node.index}",
            data=data.name,
            unread=unread.name,
            output=output.name,
        )


@cache  # hls4ml refuses to register a layer twice
def register() -> None:
    """Register the layer with hls4ml; needs no Keras. Repeated calls do nothing."""
    hls4ml.model.layers.register_layer("KeepAlive", HlsKeepAlive)
    for name in ("Vivado", "Vitis"):
        backend = hls4ml.backends.get_backend(name)
        backend.register_template(_ConfigTemplate)
        backend.register_template(_FunctionTemplate)
        backend.register_source(HEADER)
