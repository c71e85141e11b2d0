"""Small designs that are packaged: layer lists without Keras, so that nothing heavy is loaded."""

from pathlib import Path
from typing import Any

import golden_designs as golden
import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.builder import build_graph
from backends.modelgraph.job_graph import Converted
from backends.modelgraph.network import Network
from backends.modelgraph.rtl.pipeline import DSP48E1
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from backends.openhls.package.design import Design
from backends.openhls.package.job import design_of
from backends.openhls.pnr import timing
from backends.openhls.pnr.families import target_of
from backends.openhls.stream import lower_stream
from dse.contracts.backend import Job


def tiny() -> tuple[Network, list[NDArray[np.float32]]]:
    """Four inputs, one layer, three outputs."""
    layers = [
        golden.given("x", 4),
        golden.dense("a", "x", 4, 3),
        golden.activation("a_relu", "relu", "a"),
    ]
    return Network(layers, ["x"], ["a_relu"]), [golden.spread(1, 12, 4, low=-2, high=2)]


def design(
    network: Network,
    inputs: list[NDArray[Any]],
    folder: Path,
    part: str = "xcku115-flvb2104-2-i",
    **parameters: Any,
) -> Design:
    """A network as `OpenBackend` packages it."""
    settings = Settings(**parameters)
    target = target_of(part)
    pipeline = timing.pipeline(target, 5.0) if target else DSP48E1
    graph, warnings = build_graph(network, settings, folder / "project")
    streamed = settings.io_type == "io_stream"
    lowered = lower_stream(graph, len(inputs[0])) if streamed else lower(graph, pipeline=pipeline)
    given = {"part": part, "clock_period_ns": 5.0, **parameters}
    job = Job(key="", backend="open", parameters=given, workload="",
              workload_parameters={}, fingerprint="0" * 64, base=folder)  # fmt: skip
    made = Converted(network, graph, settings, tuple(warnings))
    return design_of(job, made, lowered, inputs, "point 3 of study digits")
