"""Write out ``space: per_layer`` of a study from the layers of its network."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from dse.contracts.inspection import InspectingBackend, LayerSummary
from dse.study.per_layer import with_layers
from dse.study.source import StudySource

_INSPECTOR = "bittrue"


def expander(file: Path, cache: Path) -> Callable[[StudySource], StudySource]:
    """Return a function that writes out the space of a study.

    Args:
        file: the study, whose folder relative paths start at.
        cache: folder of the cache.
    """
    return lambda source: with_layers(source, _layers_of(source, file, cache))


def _layers_of(source: StudySource, file: Path, cache: Path) -> Sequence[LayerSummary]:
    """Return the layers of a study's network.

    Raises:
        DseError: the workload is wrong, or the backend that reads networks is not installed.
        EvaluationError: the network cannot be converted.
    """
    from dse.cli.network_facts import jobs_at
    from dse.contracts.registry import Registry

    backend = Registry.installed().backend_class(_INSPECTOR)()
    assert isinstance(backend, InspectingBackend)  # noqa: S101  (it is one)
    workload = source.tree.get("workload")
    if not isinstance(workload, dict):
        raise source.mistake(("workload",), "the network whose layers vary is missing")
    varied = source.tree.get("space")
    first = {
        name: values[:1]
        for name, values in (varied.items() if isinstance(varied, dict) else ())
        if isinstance(values, list) and "." not in name
    }
    read = {name: value for name, value in first.items() if name in _workload_names(source)}
    space = {**read, "total_bits": [16], "strategy": "resource"}
    text = json.dumps({"workload": workload, "space": space, "backends": [_INSPECTOR]})
    with jobs_at(file, text, {_INSPECTOR: backend}, cache) as (jobs, context):
        return backend.layers(jobs[_INSPECTOR], context)


def _workload_names(source: StudySource) -> set[str]:
    """Return the parameters of a study's workload."""
    from dse.contracts.registry import Registry

    workload = source.tree["workload"]
    name = workload.get("name") if isinstance(workload, dict) else None
    registry = Registry.installed()
    known = str(name) in registry.workload_names()
    return {p.name for p in registry.workload_class(str(name)).parameters} if known else set()
