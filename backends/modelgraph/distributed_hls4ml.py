"""hls4ml's code for distributed arithmetic, made only where a project is written.

hls4ml 1.3.0 lets da4ml solve every layer while it converts a network, solves for weights that are
not yet rounded to their type, and then forgets them. Here conversion leaves all of it to
`additions_written`: other backends read the weights and need no da4ml.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from backends.modelgraph.adder_graph import solver
from backends.modelgraph.layers.weighted_sum import as_written, is_distributed

WRITTEN_LATER = (
    "vivado:distributed_arithmetic_codegen",
    # merges a quantiser of HGQ2 into code that is not there yet; by itself it gives the same
    "vivado:fuse_quantizer_into_d_a_layers",
    "vivado:d_a_latency_dense_template",
    "vivado:d_a_latency_conv_template",
)
"""Passes that write code, to be taken out of hls4ml's flows."""


@contextmanager
def additions_written(graph: Any) -> Iterator[None]:
    """Give the layers with distributed arithmetic their code, and afterwards their weights again.

    Raises:
        EvaluationError: ``tool_missing`` without da4ml.
    """
    nodes = [node for node in graph.get_layers() if is_distributed(node)]
    kept = [(node.attributes.attributes, dict(node.attributes.attributes)) for node in nodes]
    try:
        for node in nodes:
            _write(graph, node)
        yield
    finally:
        for attributes, before in kept:
            attributes.clear()
            attributes.update(before)


def _write(graph: Any, node: Any) -> None:
    """Give one layer its code; hls4ml's passes drop its weights."""
    solver()
    from hls4ml.backends.vivado.passes import distributed_arithmetic as passes

    for name in ("weight", "bias"):
        variable = copy(node.weights[name])
        variable.data = as_written(variable).values
        node.attributes[name] = variable
    passes.DistributedArithmeticCodegen().transform(graph, node)
    for template in (passes.DALatencyDenseTemplate(), passes.DALatencyConvTemplate()):
        if template.match(node):
            template.transform(graph, node)
