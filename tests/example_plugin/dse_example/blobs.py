"""Workload `blobs`: tell two clouds of points apart with a single neuron."""

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
    """Two normal distributions, and the linear classifier that is best for them."""

    name: ClassVar[str] = "blobs"
    version: ClassVar[int] = 1  # raise it whenever the same parameters would give other data
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("samples", int, 200, "points of the test set", minimum=10),
        Parameter("distance", float, 2.0, "between the centres", minimum=0.0),
        Parameter("seed", int, 1, "of the points", minimum=0),
    )
    metrics: ClassVar[tuple[str, ...]] = ("accuracy", EFFICIENCY.name)
    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = (EFFICIENCY,)

    def fingerprint(self, parameters: Assignment) -> str:
        """Everything that determines data and network; files would add their digests."""
        return digest(self.name, self.version, dict(parameters))

    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Draw the points and write the network; a real workload would train here."""
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
        """Accuracy and efficiency with bootstrap intervals.

        Replica i redraws the same points for every network, so that `dse pareto` can tell
        real differences from ties.
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
    low, high = np.quantile(replicas, [0.025, 0.975])
    return {"low": float(low), "high": float(high), "replicas": replicas}


def _write_network(distance: float, file: Path) -> None:
    """One sigmoid neuron along the line between the centres."""
    import keras  # here, as `prepare` alone needs it: it runs in a process of its own

    model = keras.Sequential([keras.Input((_FEATURES,)), keras.layers.Dense(1, "sigmoid")])
    weight = np.full((_FEATURES, 1), distance / np.sqrt(_FEATURES))
    model.layers[0].set_weights([weight, np.zeros(1)])
    model.save(file)
