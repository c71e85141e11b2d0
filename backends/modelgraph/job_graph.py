"""From a job to a ModelGraph: what all backends of this package start with."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.modelgraph.builder import build_graph
from backends.modelgraph.network import Network, extract
from backends.modelgraph.settings import DEFAULT_PART, Settings
from dse.contracts.backend import Context, Job, Probe
from dse.contracts.errors import EvaluationError, FailureKind


class Converted(NamedTuple):
    """A job's network as hls4ml sees it, what was asked for, and what hls4ml warned about."""

    graph: ModelGraph
    settings: Settings
    warnings: tuple[str, ...]


def network_of(context: Context) -> Network:
    """Return the prepared workload's layer list, from the cache."""
    return extract(context.prepared, context.cache, context.directory)


def converted(job: Job, context: Context, directory: Path, tool: str = "Vitis") -> Converted:
    """The job's network converted with the job's parameters.

    Args:
        job: gives the parameters.
        context: gives the prepared workload and the cache.
        directory: where a project would be written.
        tool: hls4ml's name of the HLS tool the project is for.
    """
    settings = Settings.of(job.parameters)
    network = network_of(context)
    part = str(job.parameters.get("part", DEFAULT_PART))
    clock = float(str(job.parameters.get("clock_period_ns", 5.0)))
    graph, warnings = build_graph(
        network, settings, directory, part=part, clock_period_ns=clock, tool=tool
    )
    check_inputs(graph, context.prepared.inputs)
    return Converted(graph, settings, warnings)


def check_inputs(graph: ModelGraph, inputs: Sequence[NDArray[Any]]) -> None:
    """Compiled firmware would read whatever lies behind an array that is too short."""
    wanted = [tuple(variable.shape) for variable in graph.get_input_variables()]
    given = [array.shape[1:] for array in inputs]
    if wanted != given:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"the evaluation set has inputs of shape {_shapes(given)}, "
            f"the network takes {_shapes(wanted)}",
        )


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join("x".join(map(str, shape)) or "single numbers" for shape in shapes)


@cache
def hls4ml_probe() -> Probe:
    """Whether hls4ml is installed, without importing it."""
    try:
        return Probe(True, f"hls4ml {version('hls4ml')}")
    except PackageNotFoundError:
        return Probe(False, "hls4ml", "hls4ml is not installed", "pip install 'dse-fpga[hls]'")
