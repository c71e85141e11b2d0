"""Evaluation and training sets: simulated or TrackML events as padded graphs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dse.errors import DataError
from dse.parameters import Assignment
from dse.workload import ProgressText
from dse.workloads.tracking.events import Event
from dse.workloads.tracking.graphs import (
    Graph,
    GraphSettings,
    PaddedGraphs,
    build_graphs,
    pad_graphs,
)
from dse.workloads.tracking.settings import PT_FLOOR_GEV, SimulationSettings
from dse.workloads.tracking.simulation import simulate_event
from dse.workloads.tracking.trackml import read_events

_GENERATE_BELOW = 0.8  # scattering moves hits, not momenta: a margin is enough


@dataclass(frozen=True)
class GraphSets:
    """Padded graphs to train on and to test on; no event is in both."""

    train: PaddedGraphs
    test: PaddedGraphs
    true_edges_lost_share: float


def graph_settings(parameters: Assignment) -> GraphSettings:
    """The graph builder's settings among the workload's parameters."""
    names = ("pt_min_gev", "slope_max", "z0_max_mm", "n_phi", "n_eta", "max_nodes", "max_edges")
    return GraphSettings(**{name: parameters[name] for name in names})  # type: ignore[arg-type]


def graph_sets(parameters: Assignment, base: Path, progress: ProgressText) -> GraphSets:
    """Build both sets.

    Raises:
        DataError: an event file is wrong, or there are too few events.
    """
    settings = graph_settings(parameters)
    n_train, n_test = int(str(parameters["n_train_events"])), int(str(parameters["n_test_events"]))
    events = _events(parameters, base, settings.pt_min_gev)
    graphs = _graphs(events, settings, n_train + n_test, progress)
    train, test = graphs[:n_train], graphs[n_train:]
    used = [
        [graph for event in part for graph in event if len(graph.edges)] for part in (train, test)
    ]
    padded = [pad_graphs(part, settings.max_nodes, settings.max_edges) for part in used]
    true_edges = sum(float(graph.labels.sum()) for graph in used[1])
    lost = float(np.sum(padded[1].lost_true_edges)) / max(true_edges, 1.0)
    return GraphSets(padded[0], padded[1], lost)


def _events(parameters: Assignment, base: Path, pt_min_gev: float) -> Iterator[Event]:
    source = str(parameters["data"])
    if source != "simulated":
        yield from read_events(base / source)
        return
    physics = SimulationSettings(pt_min_gev=max(PT_FLOOR_GEV, _GENERATE_BELOW * pt_min_gev))
    number = 0
    while True:
        yield simulate_event(int(str(parameters["seed"])), number, physics)
        number += 1


def _graphs(
    events: Iterable[Event], settings: GraphSettings, wanted: int, progress: ProgressText
) -> list[list[Graph]]:
    found: list[list[Graph]] = []
    for event in events:
        found.append(build_graphs(event, settings))
        if len(found) % 20 == 0:
            progress(f"events: {len(found)} of {wanted}")
        if len(found) == wanted:
            return found
    raise DataError(
        f"{len(found)} events are there, {wanted} are asked for",
        hint="lower n_train_events and n_test_events, or add events",
    )
