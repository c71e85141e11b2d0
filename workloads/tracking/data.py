"""Evaluation and training sets: simulated or TrackML events as padded graphs."""

from collections.abc import Iterable, Iterator
from itertools import count as count_from
from itertools import islice
from pathlib import Path

import numpy as np

from dse.contracts.errors import DataError
from dse.contracts.parameters import Assignment
from dse.contracts.workload import ProgressText
from workloads.tracking.events import Event
from workloads.tracking.graphs import (
    Graph,
    GraphSettings,
    PaddedGraphs,
    build_graphs,
    pad_graphs,
)
from workloads.tracking.settings import PT_FLOOR_GEV, SimulationSettings
from workloads.tracking.simulation import simulate_event
from workloads.tracking.trackml import read_events

_GENERATE_BELOW = 0.8  # scattering moves hits, not momenta: a margin is enough


def graph_settings(parameters: Assignment) -> GraphSettings:
    """The graph builder's settings among the workload's parameters."""
    names = ("pt_min_gev", "slope_max", "z0_max_mm", "n_phi", "n_eta", "max_nodes", "max_edges")
    return GraphSettings(**{name: parameters[name] for name in names})  # type: ignore[arg-type]


def training_graphs(parameters: Assignment, base: Path, progress: ProgressText) -> PaddedGraphs:
    """Graphs to train on: of the first events.

    Raises:
        DataError: an event file is wrong, or there are too few events.
    """
    return _padded(parameters, base, 0, _count(parameters, "n_train_events"), progress)


def test_graphs(parameters: Assignment, base: Path, progress: ProgressText) -> PaddedGraphs:
    """Graphs to score on: of the events after those to train on; raises alike."""
    first, count = _count(parameters, "n_train_events"), _count(parameters, "n_test_events")
    return _padded(parameters, base, first, count, progress)


def true_edges_lost_share(graphs: PaddedGraphs) -> float:
    """Share of true edges that padding to a fixed size cut off."""
    lost = float(np.sum(graphs.lost_true_edges))
    return lost / max(float(np.sum(graphs.labels)) + lost, 1.0)


def _count(parameters: Assignment, name: str) -> int:
    return int(str(parameters[name]))


def _padded(
    parameters: Assignment, base: Path, first: int, count: int, progress: ProgressText
) -> PaddedGraphs:
    settings = graph_settings(parameters)
    events = _events(parameters, base, settings.pt_min_gev, first)
    graphs = _graphs(events, settings, first, count, progress)
    return pad_graphs(graphs, settings.max_nodes, settings.max_edges)


def _events(parameters: Assignment, base: Path, pt_min_gev: float, first: int) -> Iterator[Event]:
    """Events from number `first` on."""
    source = str(parameters["data"])
    if source != "simulated":
        yield from islice(read_events(base / source), first, None)
        return
    physics = SimulationSettings(pt_min_gev=max(PT_FLOOR_GEV, _GENERATE_BELOW * pt_min_gev))
    for number in count_from(first):
        yield simulate_event(int(str(parameters["seed"])), number, physics)


def _graphs(
    events: Iterable[Event],
    settings: GraphSettings,
    first: int,
    count: int,
    progress: ProgressText,
) -> list[Graph]:
    """Graphs of `count` events; sectors without edges are left out."""
    found: list[Graph] = []
    done = 0
    for event in islice(events, count):
        found += [graph for graph in build_graphs(event, settings) if len(graph.edges)]
        done += 1
        if done % 20 == 0:
            progress(f"events: {done} of {count}")
    if done < count:
        raise DataError(
            f"{first + done} events are there, {first + count} are asked for",
            hint="lower n_train_events and n_test_events, or add events",
        )
    return found
