"""Let hls4ml's depthwise convolutions of one and of two dimensions compile in one project."""

from functools import cache
from pathlib import Path

import hls4ml
from hls4ml.model.optimizer import get_optimizer

HEADER = Path(__file__).parents[1] / "firmware" / "nnet_depthwise.h"


@cache
def register() -> None:
    """Register the header with hls4ml and name it in the projects of depthwise convolutions."""
    for tool in ("Vivado", "Vitis"):
        hls4ml.backends.get_backend(tool).register_source(HEADER)
    for rank in (1, 2):
        call = get_optimizer(f"vivado:depthwiseconv{rank}d_function_template")
        call.include_header = [f"nnet_utils/{HEADER.name}", *call.include_header]
