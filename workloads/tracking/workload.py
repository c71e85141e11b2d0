"""The `tracking` workload: interaction networks that classify track segments."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import bootstrap_auc, roc_curve
from dse.contracts.errors import DataError, EvaluationError, FailureKind, nearest
from dse.contracts.metrics import Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter
from dse.contracts.workload import Prepared, ProgressText, Workload
from dse.runtime.cache import cached_directory, digest
from dse.runtime.checksums import file_digest
from workloads.quantisation.settings import epochs_of, is_tuned
from workloads.tracking import tuning
from workloads.tracking.data import SIMULATED, true_edges_lost_share
from workloads.tracking.efficiency import edge_efficiency
from workloads.tracking.graph_files import graph_files
from workloads.tracking.kept_graphs import KeptGraphs
from workloads.tracking.metrics import (
    BORDER_EDGES_SHARE,
    EDGE_EFFICIENCY,
    EDGES_P95,
    METRICS,
    NODES_P95,
    TRUE_EDGES_LOST_SHARE,
)
from workloads.tracking.nodes import GraphSettings
from workloads.tracking.trackml import find_events

if TYPE_CHECKING:
    from workloads.tracking.training import TrainingSettings

_CUTS = GraphSettings()

_GRAPHS = ("pt_min_gev", "slope_max", "z0_max_mm", "n_phi", "n_eta", "max_nodes", "max_edges")
_ONLY_FOR_TESTS = ("n_test_events", "train_graphs", "purity", "keep_dead_code", "score_data")
"""Parameters that are not in the key of a training: `train_graphs` is merged before."""

_LENGTH = "finetune_epochs"

_LATER = ("keep_dead_code", "score_data")
"""Parameters of later versions: where they are not set, keys are those of before."""


def _refuse_train_graphs(given: Assignment) -> str:
    """Return what is wrong with `train_graphs`; empty if nothing is."""
    legal = {p.name: p for p in TrackingWorkload.parameters if p.name in _GRAPHS}
    for name, value in given.items():
        if name not in legal:
            return f"'{name}' is not a parameter of graphs ({nearest(name, legal)})"
        try:
            legal[name].check(value)
        except ValueError as error:
            return str(error)
    return ""


class TrackingWorkload(Workload):
    """Edge classification in pixel-detector graphs (arXiv:2012.01563)."""

    name: ClassVar[str] = "tracking"
    version: ClassVar[int] = 3
    metrics: ClassVar[tuple[str, ...]] = ("auc", *(info.name for info in METRICS))
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = METRICS
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "network",
            str,
            "interaction_network",
            "network of arXiv:2012.01563: Fig. 1, Appendix A, or the OpenCL study's",
            choices=("interaction_network", "appendix_a", "opencl"),
        ),
        Parameter(
            "passes",
            int,
            None,
            "number of edge updates; null for the paper's: 1 for interaction_network, else 2",
            minimum=1,
            maximum=16,
            optional=True,
        ),
        Parameter(
            "keep_dead_code",
            bool,
            False,
            "keep the node update after the last edge update in the circuit, though no output "
            "reads it, as Fig. 1 draws it; for interaction_network, not with training: qat or ptq",
        ),
        Parameter(
            "sizes",
            dict,
            None,
            "layer widths by block (encoder, edge, node, decoder), such as {edge: [8, 8]}; "
            "null for the paper's",
            optional=True,
        ),
        Parameter(
            "latent_size",
            int,
            None,
            "width of all hidden layers that sizes does not set; null for the paper's",
            minimum=1,
            maximum=512,
            optional=True,
        ),
        Parameter(
            "data",
            str,
            SIMULATED,
            "simulated, or a folder, zip file or prefix of TrackML "
            "events, or a folder of graphs as npz files, relative to the study file",
        ),
        Parameter(
            "score_data",
            str,
            None,
            "events to score on, as data; null for those of data after the training events",
            optional=True,
        ),
        Parameter(
            "pt_min_gev",
            float,
            _CUTS.pt_min_gev,
            "smallest transverse momentum of the particles whose hits become nodes",
            unit="GeV",
            minimum=0.15,
        ),
        Parameter(
            "slope_max",
            float,
            _CUTS.slope_max,
            "largest |Δφ/Δr| of the two hits of an edge",
            unit="rad/mm",
            minimum=0,
        ),
        Parameter(
            "z0_max_mm",
            float,
            _CUTS.z0_max_mm,
            "largest |z| where the line through an edge's hits meets the beam line",
            unit="mm",
            minimum=0,
        ),
        Parameter(
            "n_phi", int, _CUTS.n_phi, "sectors in azimuth φ; each sector is one graph", minimum=1
        ),
        Parameter(
            "n_eta",
            int,
            _CUTS.n_eta,
            "sectors in pseudorapidity η, equal parts of |η| < 5",
            minimum=1,
        ),
        Parameter(
            "max_nodes",
            int,
            112,
            "nodes of the padded graph; larger graphs are cut; null for the largest graph's",
            minimum=2,
            optional=True,
        ),
        Parameter(
            "max_edges",
            int,
            148,
            "edges of the padded graph; larger graphs are cut; null for the largest graph's",
            minimum=1,
            optional=True,
        ),
        Parameter(
            "train_graphs",
            dict,
            {},
            "graph parameters of the training set where they differ from the test set's, such as "
            "{pt_min_gev: 2, n_phi: 8}",
            validator=_refuse_train_graphs,
        ),
        Parameter("n_train_events", int, 120, "number of events to train on", minimum=1),
        Parameter("n_test_events", int, 40, "number of events to score on", minimum=1),
        Parameter("epochs", int, 60, "upper limit on the epochs of training", minimum=1),
        Parameter(
            "purity",
            float,
            0.99,  # at 0.95 good networks find every true edge, so that it tells none apart
            "share of true edges among the selected at which edge_efficiency is given",
            minimum=0,
            maximum=1,
        ),
        Parameter("batch_size", int, 16, "graphs in one step of training", minimum=1),
        Parameter("learning_rate", float, 3e-3, "learning rate of Adam", minimum=1e-8),
        Parameter(
            "patience",
            int,
            10,
            "epochs without a lower validation loss before training ends",
            minimum=1,
        ),
        Parameter(
            "activation_limit",
            float,
            28.0,  # <W, 6> wraps at ±32; the penalty does not hold the limit exactly
            "training penalises sums of dense layers above this magnitude, so that they fit the "
            "integer bits (28 fits 6); null for no penalty",
            minimum=0,
            optional=True,
        ),
        Parameter("seed", int, 1, "seed of simulation, initial weights and shuffling", minimum=0),
        *tuning.PARAMETERS,
    )

    def fingerprint(self, parameters: Assignment) -> str:
        """Return a digest of settings, code version and event files, which determine training."""
        told = {k: v for k, v in tuning.relevant(parameters).items() if k not in _LATER or v}
        files, scored = self._files(parameters["data"]), parameters.get("score_data")
        apart = [] if scored is None else [scored, self._files(scored)]
        return digest(self.name, self.version, told, files, *apart)

    def _files(self, source: object) -> list[str]:
        """Return the digests of the event files of a source; none for simulated events."""
        return [] if source == SIMULATED else _file_digests(self.base / str(source))

    def expected_prepare_s(self, parameters: Assignment) -> float:
        """Return the expected time: about 10 ms per event and epoch on one core.

        Epochs with quantised layers take twice that; 25 s are added for the rest, which is the
        import of TensorFlow, the events, and the scores of the network in floating point.
        """
        events, epochs = (int(str(parameters[name])) for name in ("n_train_events", "epochs"))
        steps = epochs + (2 * epochs_of(parameters) if is_tuned(parameters) else 0)
        return 25.0 + 0.01 * events * steps

    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Simulate or read events, build graphs, and train the network."""
        from workloads.tracking import training  # imports TensorFlow

        trained_on = cast("Assignment", parameters["train_graphs"])
        trained = self._trained({**parameters, **trained_on}, directory, progress)
        tests = self._graphs().test(parameters, progress)
        graphs = tests.graphs
        model = training.load_trained(parameters, graphs, trained)
        if parameters["keep_dead_code"]:
            model = training.with_dead_code(model, parameters, graphs)
        model.save(directory / "model.keras")
        network = parameters["network"]
        return Prepared.write(
            directory,
            self.fingerprint(parameters),
            inputs=training.model_inputs(graphs, network),  # type: ignore[arg-type]
            scoring={
                "labels": graphs.labels,
                "edge_mask": graphs.edge_mask,
                "true_edges_lost_share": np.array(true_edges_lost_share(graphs)),
                "lost_true_edges": graphs.lost_true_edges,
                "border_edges": np.array(
                    np.nan if tests.border_edges is None else tests.border_edges
                ),
                "sizes_p95": np.array([tests.nodes_p95, tests.edges_p95]),
                "purity": np.array(parameters["purity"]),
            },
            manifest={
                "custom_modules": tuning.custom_modules(parameters),
                "weights_sha256": file_digest(directory / "model.keras"),
            },
        )

    def _trained(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Path:
        """Return the folder of the trained network; train it if it is not in the cache.

        Parameters that affect only scoring are not in its key, so that one training serves all
        their values. Quantisation-aware training and pruning start from the float network.
        """
        from workloads.fitting import Checkpoint  # imports TensorFlow
        from workloads.tracking import training

        root = (self.cache or directory) / "trained"
        relevant = {k: v for k, v in parameters.items() if k not in _ONLY_FOR_TESTS}
        in_float = tuning.untuned(relevant)

        def train(folder: Path) -> None:
            graphs = self._graphs().training(parameters, progress)
            model = training.train(parameters, graphs, _settings(parameters), progress)
            training.save_trained(model, {}, folder)

        def tune(folder: Path) -> None:
            graphs = self._graphs().training(parameters, progress)
            model = training.load_trained(in_float, graphs, start)
            # a longer training of the same kind goes on where a shorter one ended
            alike = self.fingerprint({k: v for k, v in relevant.items() if k != _LENGTH})
            checkpoint = Checkpoint(root / f"{key}.training.npz", root / "ends" / alike)
            made = training.tune(model, parameters, graphs, progress, checkpoint)
            training.save_trained(*made, folder)

        key = self.fingerprint(in_float)
        start = cached_directory(root, key, train)
        if not is_tuned(parameters):
            return start
        key = self.fingerprint(relevant)
        return cached_directory(root, key, tune)

    def _graphs(self) -> KeptGraphs:
        root = self.cache and self.cache / "graphs"
        return KeptGraphs(root, self.base, self.version, self._files)

    def roc(
        self, prepared: Prepared, outputs: NDArray[np.floating]
    ) -> tuple[list[float], list[float]]:
        """Return the ROC curve over real edges."""
        return roc_curve(*_of_real_edges(prepared, outputs)[1:])

    def score(
        self, prepared: Prepared, outputs: NDArray[np.floating], fidelity: Fidelity
    ) -> tuple[Metric, ...]:
        """Return the AUC and the edge efficiency with intervals, lost edges, and sizes of graphs.

        Edges of one graph are not independent; resampling whole graphs accounts for that.

        Raises:
            EvaluationError: kind invalid_point, if all edges are true or all are false.
        """
        mask, labels, scores = _of_real_edges(prepared, outputs)
        # The number of the graph of each real edge, as the group for resampling.
        graphs = np.broadcast_to(np.arange(len(mask))[:, None], mask.shape)[mask]
        if len(np.unique(labels)) < 2:
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"the {len(labels)} edges to score are all true or all false: there is no AUC",
                hint="lower pt_min_gev, or raise n_test_events",
            )
        found = bootstrap_auc(labels, scores, graphs)
        area = Metric.of(
            "auc", found.value, fidelity, low=found.low, high=found.high, replicas=found.replicas
        )
        return (area, *_of_true_edges(prepared, (labels, scores, graphs), fidelity))


def _of_true_edges(
    prepared: Prepared,
    seen: tuple[NDArray[Any], NDArray[np.floating], NDArray[np.integer]],
    fidelity: Fidelity,
) -> tuple[Metric, ...]:
    """Return what the AUC does not see: true edges that are lost, and how many are found in all.

    Args:
        prepared: the evaluation set.
        seen: labels, scores and graphs of the edges that the network sees.
        fidelity: of the scores.
    """
    arrays = prepared.arrays
    lost: NDArray[Any] = arrays["lost_true_edges"]
    known = not np.isnan(arrays["border_edges"])  # graphs of others do not say
    at_borders = float(arrays["border_edges"]) if known else 0.0
    found = edge_efficiency(*seen, lost, at_borders, float(arrays["purity"]))
    efficiency = EDGE_EFFICIENCY.metric(
        found.value, fidelity, low=found.low, high=found.high, replicas=found.replicas
    )
    in_graphs = float((seen[0] > 0.5).sum() + lost.sum())
    border_share = at_borders / max(in_graphs + at_borders, 1.0)
    nodes, edges = arrays["sizes_p95"]
    return (
        efficiency,
        TRUE_EDGES_LOST_SHARE.metric(float(arrays["true_edges_lost_share"]), fidelity),
        *([BORDER_EDGES_SHARE.metric(border_share, fidelity)] if known else []),
        NODES_P95.metric(float(nodes), fidelity),
        EDGES_P95.metric(float(edges), fidelity),
    )


def _of_real_edges(
    prepared: Prepared, outputs: NDArray[np.floating]
) -> tuple[NDArray[np.bool_], NDArray[np.generic], NDArray[np.floating]]:
    """Return the mask of real edges, (n_graphs, n_edges), and their labels and scores."""
    mask = prepared.arrays["edge_mask"].astype(bool)
    return mask, prepared.arrays["labels"][mask], outputs.reshape(mask.shape)[mask]


def _settings(parameters: Assignment) -> "TrainingSettings":
    from workloads.tracking.training import TrainingSettings  # TensorFlow

    names = ("epochs", "batch_size", "learning_rate", "patience", "activation_limit", "seed")
    return TrainingSettings(**{name: parameters[name] for name in names})  # type: ignore[arg-type]


def _file_digests(source: Path) -> list[str]:
    """Return the digests of event files; names without folders, so that data may be moved.

    Raises:
        DataError: if there are no event files.
    """
    if not source.exists():
        hint = "set workload.data to simulated, or to event files relative to the study file"
        raise DataError("there is no such file or folder", where=str(source), hint=hint)
    if source.is_file():
        return [file_digest(source)]
    if graphs := graph_files(source):
        return [f"{file.name}:{file_digest(file)}" for file in graphs]
    find_events(source)  # raises if the folder has no events
    return [f"{p.name}:{file_digest(p)}" for p in sorted(source.rglob("*")) if p.is_file()]
