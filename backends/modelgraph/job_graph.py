"""Convert a job to hls4ml's ModelGraph: the first step of every backend that shares it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from hls4ml.model import ModelGraph
from numpy.typing import NDArray

from backends.modelgraph.builder import build_graph
from backends.modelgraph.extraction import extract
from backends.modelgraph.network import Network
from backends.modelgraph.ranges import fitting_types, ranges_of
from backends.modelgraph.settings import DEFAULT_PART, Settings
from dse.contracts.backend import Context, Job, Probe
from dse.contracts.entries import entry_points
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.registry import LAYERS


class Converted(NamedTuple):
    """A job's converted network.

    Args:
        network: the layers before hls4ml's optimisers changed them.
        graph: hls4ml's model, all types resolved.
        settings: the job's parameters.
        warnings: of hls4ml and of the check of the conversion, one line each.
    """

    network: Network
    graph: ModelGraph
    settings: Settings
    warnings: tuple[str, ...]


def network_of(context: Context) -> Network:
    """Return the prepared workload's layer list; read from the cache, made on the first call."""
    return extract(context.prepared, context.cache, context.directory)


def converted(job: Job, context: Context, directory: Path, tool: str = "Vitis") -> Converted:
    """Convert a job's network with the job's parameters.

    Args:
        job: supplies the parameters.
        context: supplies the prepared workload and the cache.
        directory: output folder of the HLS project; nothing is written to it here.
        tool: hls4ml's name of the backend to convert for, ``Vitis`` or ``Vivado``.

    Raises:
        EvaluationError: hls4ml refuses the configuration, or the evaluation set does not have
            the shapes of the network's inputs.
    """
    network = network_of(context)
    settings = with_profile(Settings.of(job.parameters), network, context)
    part = str(job.parameters.get("part", DEFAULT_PART))
    clock = float(str(job.parameters.get("clock_period_ns", 5.0)))
    graph, warnings = build_graph(
        network, settings, directory, part=part, clock_period_ns=clock, tool=tool
    )
    check_inputs(graph, context.prepared.inputs)
    return Converted(network, graph, settings, (*network.warnings, *warnings))


def with_profile(settings: Settings, network: Network, context: Context) -> Settings:
    """Return settings with the types of ``precision: profiled``, if they ask for it."""
    if settings.precision != "profiled":
        return settings
    ranges = ranges_of(network, context.prepared, context.cache)
    return replace(settings, profiled=fitting_types(ranges, settings))


def check_inputs(graph: ModelGraph, inputs: Sequence[NDArray[Any]]) -> None:
    """Compare the shapes of the evaluation set with those of the network's inputs.

    The compiled firmware gets bare pointers: it would read beyond the end of an array that
    is too short, without an error.

    Raises:
        EvaluationError: a shape differs; the message has both.
    """
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
    """Return hls4ml's version, or how to install it; does not import hls4ml.

    Packages that bring layers are named too, since another version may give other numbers.
    """
    plugins = {e.dist.name: e.dist.version for e in entry_points(group=LAYERS) if e.dist}
    try:
        tools = {"hls4ml": version("hls4ml"), **dict(sorted(plugins.items()))}
        return Probe(True, ", ".join(f"{name} {number}" for name, number in tools.items()))
    except PackageNotFoundError:
        return Probe(False, "hls4ml", "hls4ml is not installed", "pip install 'dse-fpga[hls]'")
