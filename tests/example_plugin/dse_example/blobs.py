"""Workload `blobs`: separate two clouds of points with a single neuron."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.plugins import (
    Assignment,
    Fidelity,
    Metric,
    MetricInfo,
    Parameter,
    Prepared,
    ProgressText,
    Workload,
    digest,
)
from dse_example.metrics import EFFICIENCY

_FEATURES = 4
_REPLICAS = 100


class BlobsWorkload(Workload):
    """Two normal distributions, and the optimal linear classifier for them."""

    name: ClassVar[str] = "blobs"
    version: ClassVar[int] = 1  # raise it when the same parameters would give other data
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("samples", int, 200, "points in the test set", minimum=10),
        Parameter("distance", float, 2.0, "distance between the centres", minimum=0.0),
        Parameter("seed", int, 1, "seed of the random points", minimum=0),
    )
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", EFFICIENCY.name)
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = (EFFICIENCY,)

    def fingerprint(self, parameters: Assignment) -> str:
        """Return a digest of all that determines data and network; input files would add theirs."""
        return digest(self.name, self.version, dict(parameters))

    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Draw the points and write the network; a real workload would train it here."""
        progress("drawing points")
        samples, seed = (int(str(parameters[name])) for name in ("samples", "seed"))
        distance = float(str(parameters["distance"]))
        rng = np.random.default_rng(seed)
        labels = np.arange(samples) % 2
        centres = (labels[:, None] - 0.5) * distance / np.sqrt(_FEATURES)
        points = rng.normal(centres, 1.0, (samples, _FEATURES))
        _write_network(distance, directory / "model.keras")
        return Prepared.write(
            directory,
            self.fingerprint(parameters),
            inputs=[points],
            scoring={"labels": labels},
            manifest={},
        )

    def score(
        self, prepared: Prepared, outputs: NDArray[np.floating], fidelity: Fidelity
    ) -> tuple[Metric, ...]:
        """Return accuracy and efficiency with bootstrap intervals.

        Replica i draws the same resample for every network, so that `dse pareto` can tell
        significant differences from ties.
        """
        labels = prepared.arrays["labels"]
        found = outputs.ravel() > 0.5
        draws = np.random.default_rng(0).integers(0, len(labels), (_REPLICAS, len(labels)))
        right = found == labels
        accuracies = right[draws].mean(axis=1)
        positives = (labels == 1)[draws]
        efficiencies = (right[draws] & positives).sum(axis=1) / positives.sum(axis=1)
        accuracy, efficiency = right.mean(), right[labels == 1].mean()
        return (
            Metric.of("accuracy", accuracy, fidelity, **_spread(accuracies)),
            EFFICIENCY.metric(efficiency, fidelity, **_spread(efficiencies)),
        )


def _spread(replicas: NDArray[np.float64]) -> dict[str, float | NDArray[np.float64]]:
    """Return the 95 % interval and the replicas as keywords of a metric."""
    low, high = np.quantile(replicas, [0.025, 0.975])
    return {"low": float(low), "high": float(high), "replicas": replicas}


def _write_network(distance: float, file: Path) -> None:
    """Save a model with one sigmoid neuron whose weights point from one centre to the other."""
    import keras  # only `prepare` needs it, which runs in a separate process

    # the optimum: for unit variance, the log-likelihood ratio is the dot product with the
    # difference of the centres
    model = keras.Sequential([keras.Input((_FEATURES,)), keras.layers.Dense(1, "sigmoid")])
    weight = np.full((_FEATURES, 1), distance / np.sqrt(_FEATURES))
    model.layers[0].set_weights([weight, np.zeros(1)])
    model.save(file)
