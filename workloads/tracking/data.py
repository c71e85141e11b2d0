"""Training and test sets: simulated or TrackML events as padded graphs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count as count_from
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import DataError
from dse.contracts.parameters import Assignment
from dse.contracts.workload import ProgressText
from workloads.tracking.events import Event
from workloads.tracking.graph_files import events_of, graph_files, read_graph
from workloads.tracking.graphs import (
    Graph,
    GraphSettings,
    PaddedGraphs,
    build_graphs,
    count_border_edges,
    pad_graphs,
    select_hits,
)
from workloads.tracking.settings import PT_FLOOR_GEV, SimulationSettings
from workloads.tracking.simulation import simulate_event
from workloads.tracking.trackml import read_events

Arrays = Mapping[str, NDArray[Any]]

SIMULATED = "simulated"
"""Name of the events that need no files."""

_GENERATED_PT_MARGIN = 0.8
"""Particles are generated from this share of the momentum cut on.

Particles below the cut add no nodes: scattering moves hits but leaves momenta unchanged.
"""


_SETTINGS = ("pt_min_gev", "slope_max", "z0_max_mm", "n_phi", "n_eta", "max_nodes", "max_edges")

TRAINING_PARAMETERS = (*_SETTINGS, "data", "n_train_events", "seed")
"""Parameters of the workload that training graphs depend on."""

TEST_PARAMETERS = (*TRAINING_PARAMETERS, "score_data", "n_test_events")
"""The same for the test set, which comes after the training events."""


def graph_settings(parameters: Assignment) -> GraphSettings:
    """Return the settings of the graph builder from the workload's parameters."""
    return GraphSettings(**{name: parameters[name] for name in _SETTINGS})  # type: ignore[arg-type]


def training_graphs(parameters: Assignment, base: Path, progress: ProgressText) -> PaddedGraphs:
    """Return the graphs of the first `n_train_events` events.

    Raises:
        DataError: if an event file is wrong, or there are too few events.
    """
    return _padded(parameters, base, 0, _count(parameters, "n_train_events"), progress)


@dataclass(frozen=True)
class TestSet:
    """Graphs that a network is scored on.

    Args:
        graphs: padded graphs.
        border_edges: true edges of all events between hits of different sectors; None where the
            data are graphs, which do not say.
        nodes_p95: nodes that 95 % of the graphs do not exceed before padding.
        edges_p95: the same for edges.
    """

    __test__ = False  # pytest: this is no test

    graphs: PaddedGraphs
    border_edges: int | None
    nodes_p95: float
    edges_p95: float

    def arrays(self) -> Arrays:
        """Return all of it as arrays by name."""
        border = [] if self.border_edges is None else [self.border_edges]
        sizes = np.array([self.nodes_p95, self.edges_p95])
        return {**vars(self.graphs), "border": np.array(border, dtype=np.int64), "sizes": sizes}

    @classmethod
    def of(cls, arrays: Arrays) -> "TestSet":
        """Return what `arrays` has made arrays of."""
        border, sizes = arrays["border"].tolist(), arrays["sizes"].tolist()
        graphs = {name: arrays[name] for name in arrays if name not in ("border", "sizes")}
        return cls(PaddedGraphs(**graphs), border[0] if border else None, *sizes)


def test_set(parameters: Assignment, base: Path, progress: ProgressText) -> TestSet:
    """Return the graphs of `n_test_events` events: the first of `score_data`, where it is given.

    Else they are those of `data` after the training events.

    Raises:
        DataError: if an event file is wrong, or there are too few events.
    """
    first, count = _count(parameters, "n_train_events"), _count(parameters, "n_test_events")
    if (apart := parameters.get("score_data")) is not None:
        parameters, first = {**parameters, "data": apart}, 0 if apart != SIMULATED else first
    settings = graph_settings(parameters)
    border: list[int] = []
    if files := _graph_files(parameters, base):
        graphs = _read_graphs(files, settings, first, count, progress)
    else:
        events = _events(parameters, base, settings.pt_min_gev, first)
        counted = _counting(events, settings, border)
        graphs = _graphs(counted, settings, first, count, progress)
    sizes = np.array([[len(one.nodes), len(one.edges)] for one in graphs]).reshape(-1, 2)
    p95 = np.percentile(sizes, 95, axis=0) if len(sizes) else np.zeros(2)
    padded = pad_graphs(graphs, settings.max_nodes, settings.max_edges)
    return TestSet(padded, None if files else sum(border), float(p95[0]), float(p95[1]))


def _counting(
    events: Iterable[Event], settings: GraphSettings, border: list[int]
) -> Iterator[Event]:
    """Yield events; append the true edges at the borders of the sectors of each to a list."""
    for event in events:
        border.append(count_border_edges(select_hits(event, settings), settings))
        yield event


def true_edges_lost_share(graphs: PaddedGraphs) -> float:
    """Return the share of true edges that truncation to the fixed size removed."""
    lost = float(np.sum(graphs.lost_true_edges))
    return lost / max(float(np.sum(graphs.labels)) + lost, 1.0)


def _count(parameters: Assignment, name: str) -> int:
    return int(str(parameters[name]))


def _padded(
    parameters: Assignment, base: Path, first: int, count: int, progress: ProgressText
) -> PaddedGraphs:
    settings = graph_settings(parameters)
    if files := _graph_files(parameters, base):
        graphs = _read_graphs(files, settings, first, count, progress)
    else:
        events = _events(parameters, base, settings.pt_min_gev, first)
        graphs = _graphs(events, settings, first, count, progress)
    return pad_graphs(graphs, settings.max_nodes, settings.max_edges)


def _graph_files(parameters: Assignment, base: Path) -> list[Path]:
    """Return the files of the data, where these are graphs instead of events."""
    source = str(parameters["data"])
    return [] if source == SIMULATED else graph_files(base / source)


def _read_graphs(
    files: list[Path], settings: GraphSettings, first: int, count: int, progress: ProgressText
) -> list[Graph]:
    """Read the graphs of `count` events, as `_graphs` builds them."""
    found: list[Graph] = []
    events = events_of(files)[first : first + count]
    for done, event in enumerate(events, 1):
        graphs = (read_graph(file, settings.n_phi) for file in event)
        found += [graph for graph in graphs if len(graph.edges)]
        if done % 20 == 0:
            progress(f"events: {done} of {count}")
    if len(events) < count:
        raise _too_few(first, len(events), count)
    return found


def _too_few(first: int, there: int, count: int) -> DataError:
    return DataError(
        f"the data has {first + there} events, {first + count} are needed",
        hint="lower n_train_events or n_test_events, or add events",
    )


def _events(parameters: Assignment, base: Path, pt_min_gev: float, first: int) -> Iterator[Event]:
    """Yield events, of which the first `first` are skipped; simulated ones without end."""
    source = str(parameters["data"])
    if source != SIMULATED:
        yield from islice(read_events(base / source), first, None)
        return
    physics = SimulationSettings(pt_min_gev=max(PT_FLOOR_GEV, _GENERATED_PT_MARGIN * pt_min_gev))
    for number in count_from(first):
        yield simulate_event(int(str(parameters["seed"])), number, physics)


def _graphs(
    events: Iterable[Event],
    settings: GraphSettings,
    first: int,
    count: int,
    progress: ProgressText,
) -> list[Graph]:
    """Build the graphs of `count` events, without sectors that have no edge.

    Raises:
        DataError: if there are fewer events; `first` events before them are counted too.
    """
    found: list[Graph] = []
    done = 0
    for event in islice(events, count):
        found += [graph for graph in build_graphs(event, settings) if len(graph.edges)]
        done += 1
        if done % 20 == 0:
            progress(f"events: {done} of {count}")
    if done < count:
        raise _too_few(first, done, count)
    return found
