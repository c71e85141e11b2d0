"""Train a network of the tracking workload and score it; runs in a process with Keras."""

from pathlib import Path

import keras
import numpy as np
from real_data import has_data, load_nodes, real_folder

from dse.contracts.parameters import Assignment, complete
from dse.contracts.workload import Prepared
from dse.runtime.modules import import_custom_modules
from workloads.tracking.data import graph_settings
from workloads.tracking.graphs import graphs_from_nodes, pad_graphs
from workloads.tracking.padding import PaddedGraphs
from workloads.tracking.training import model_inputs
from workloads.tracking.workload import TrackingWorkload


def train(folder: Path, given: Assignment) -> None:
    """Prepare the workload, and keep float outputs on its test set and on real graphs."""
    workload = TrackingWorkload(folder)
    parameters = complete(workload.parameters, given)
    prepared = workload.prepare(parameters, folder, lambda _: None)
    import_custom_modules(prepared)
    model = keras.saving.load_model(prepared.model_path, compile=False)
    np.save(folder / "simulated.npy", model.predict(prepared.inputs, verbose=0))
    if has_data("trackml_graphs"):
        graphs = real_graphs(parameters)
        inputs = model_inputs(graphs, parameters["network"])
        _write(folder / "real", prepared, graphs, inputs)
        np.save(folder / "real.npy", model.predict(inputs, verbose=0))


def real_graphs(parameters: Assignment) -> PaddedGraphs:
    """The sectors of 20 real events, their edges rebuilt with the paper's cuts."""
    settings = graph_settings(parameters)
    events = load_nodes(real_folder("trackml_graphs") / "pt2")
    graphs = [g for nodes, _ in events for g in graphs_from_nodes(nodes, settings) if len(g.edges)]
    return pad_graphs(graphs, settings.max_nodes, settings.max_edges)


def _write(folder: Path, like: Prepared, graphs: PaddedGraphs, inputs: list[np.ndarray]) -> None:
    folder.mkdir()
    scoring = {
        "labels": graphs.labels,
        "edge_mask": graphs.edge_mask,
        "true_edges_lost_share": np.array(0.0),
        "lost_true_edges": graphs.lost_true_edges,
        "border_edges": np.array(0),
        "sizes_p95": np.array([0.0, 0.0]),
        "purity": np.array(0.95),
    }
    Prepared.write(folder, "real", inputs=inputs, scoring=scoring, manifest=like.manifest)
