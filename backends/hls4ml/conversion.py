"""From a job to a ModelGraph: what all backends of this package start with."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hls4ml.model import ModelGraph

from backends.hls4ml.convert import DEFAULT_PART, build_graph
from backends.hls4ml.network import Network, extract
from backends.hls4ml.settings import Settings
from dse.backend import Context, Job, Probe

_loaded: dict[str, Network] = {}


def _network(context: Context) -> Network:
    """The prepared workload's layer list, read once per process."""
    fingerprint = context.prepared.fingerprint
    if fingerprint not in _loaded:
        _loaded.clear()  # one network at a time is what a worker needs
        _loaded[fingerprint] = extract(context.prepared, context.cache, context.directory)
    return _loaded[fingerprint]


def converted(job: Job, context: Context, directory: Path) -> tuple[ModelGraph, Settings]:
    """The job's network converted with the job's parameters.

    Args:
        job: gives the parameters.
        context: gives the prepared workload and the cache.
        directory: where a project would be written.
    """
    settings = Settings.of(job.parameters)
    network = _network(context)
    part = str(job.parameters.get("part", DEFAULT_PART))
    clock = float(str(job.parameters.get("clock_period_ns", 5.0)))
    graph, _ = build_graph(network, settings, directory, part=part, clock_period_ns=clock)
    return graph, settings


@cache
def hls4ml_probe() -> Probe:
    """Whether hls4ml is installed, without importing it."""
    try:
        return Probe(True, f"hls4ml {version('hls4ml')}")
    except PackageNotFoundError:
        return Probe(False, "hls4ml", "hls4ml is not installed", "pip install hls4ml==1.3.0")
