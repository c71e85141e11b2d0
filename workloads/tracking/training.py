"""Train an interaction network in Keras: fixed seed, early stopping, padded edges ignored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.parameters import Assignment
from dse.contracts.workload import ProgressText
from workloads.fitting import FitSettings
from workloads.quantisation.formats import Format, from_json, to_json
from workloads.quantisation.network import quantised
from workloads.quantisation.training import Tuning
from workloads.quantisation.training import tune as tune_network
from workloads.tracking.graphs import PaddedGraphs
from workloads.tracking.models import SIZES, Network, Sizes, build, edge_features
from workloads.tracking.tuning import layer_bits, n_passes

_VALIDATION_SHARE = 0.1
_WEIGHTS, _FORMATS = "trained.weights.h5", "formats.json"


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how fast.

    Args:
        epochs: at most this many.
        batch_size: graphs per step.
        learning_rate: Adam's.
        patience: epochs without a better validation loss before training ends.
        activation_limit: sums of dense layers beyond ± this are penalised, so that they fit
            few integer bits without wrapping; None for no limit.
        seed: of weights and shuffling.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    activation_limit: float | None
    seed: int


class _RangePenalty(keras.regularizers.Regularizer):  # type: ignore[misc]  # keras is untyped
    """Mean square of what exceeds ± limit, summed over features."""

    def __init__(self, limit: float) -> None:
        self._limit = limit

    def __call__(self, sums: Any) -> Any:
        excess = keras.ops.maximum(keras.ops.abs(sums) - self._limit, 0)
        return keras.ops.mean(keras.ops.square(excess)) * sums.shape[-1]


def _limit_activations(model: keras.Model, limit: float | None) -> None:
    """Penalise large sums in dense layers from now on; None ends it."""
    penalty = None if limit is None else _RangePenalty(limit)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            layer.activity_regularizer = penalty


class _Report(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    def __init__(self, progress: ProgressText, epochs: int) -> None:
        super().__init__()
        self._progress, self._epochs = progress, epochs

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        numbers = logs or {}
        loss, validation = numbers.get("loss", 0.0), numbers.get("val_loss", 0.0)
        self._progress(
            f"training: epoch {epoch + 1} of {self._epochs}, loss {loss:.4f}, "
            f"validation {validation:.4f}"
        )


def model_inputs(graphs: PaddedGraphs, network: Network) -> list[Any]:
    """Inputs in the model's order: nodes, edges, receivers, senders."""
    edges = graphs.edges
    if edge_features(network) == 1:  # the OpenCL network starts from zero edge features
        edges = np.zeros((*edges.shape[:2], 1), dtype=np.float32)
    return [graphs.nodes, edges, graphs.receivers, graphs.senders]


def make_model(parameters: Assignment, graphs: PaddedGraphs) -> keras.Model:
    """An untrained network for these graphs, sizes from the parameters."""
    network = cast("Network", parameters["network"])
    return build(
        network,
        graphs.nodes.shape[1],
        graphs.edges.shape[1],
        passes=n_passes(parameters),
        sizes=_sizes(parameters, network),
    )


def _sizes(parameters: Assignment, network: Network) -> Sizes:
    given = cast("dict[str, list[int]]", parameters["sizes"] or {})
    if given:
        return Sizes(**{name: tuple(widths) for name, widths in given.items()})
    latent = cast("int | None", parameters["latent_size"])
    return SIZES[network].with_hidden(latent) if latent else SIZES[network]


def train(
    parameters: Assignment,
    graphs: PaddedGraphs,
    settings: TrainingSettings,
    progress: ProgressText,
) -> keras.Model:
    """The trained network, best weights on a held-out tenth of the graphs.

    Raises:
        EvaluationError: diverged, where the loss is not finite.
    """
    keras.utils.set_random_seed(settings.seed)
    tf.config.experimental.enable_op_determinism()  # sums over edges in a fixed order
    model = make_model(parameters, graphs)
    _limit_activations(model, settings.activation_limit)
    model.compile(optimizer=keras.optimizers.Adam(settings.learning_rate), loss=_loss())
    inputs = model_inputs(graphs, cast("Network", parameters["network"]))
    labels = graphs.labels[..., None]
    mask = graphs.edge_mask.astype(np.float32)
    held = max(1, int(len(labels) * _VALIDATION_SHARE))
    model.fit(
        [array[held:] for array in inputs],
        labels[held:],
        sample_weight=mask[held:],
        validation_data=([array[:held] for array in inputs], labels[:held], mask[:held]),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        verbose=0,
        callbacks=[*_callbacks(settings), _Report(progress, settings.epochs)],
    )
    _limit_activations(model, None)
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise EvaluationError(FailureKind.DIVERGED, "training diverged", hint="lower learning_rate")
    return model


def _callbacks(settings: TrainingSettings) -> list[Any]:
    return [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.ReduceLROnPlateau(factor=0.3, patience=max(settings.patience // 2, 1)),
        keras.callbacks.EarlyStopping(patience=settings.patience, restore_best_weights=True),
    ]


def tune(
    model: keras.Model,
    parameters: Assignment,
    graphs: PaddedGraphs,
    progress: ProgressText,
    checkpoint: Path | None = None,
) -> tuple[keras.Model, dict[str, Format]]:
    """A trained network trained on with quantised values, without its small weights, or both.

    The arguments and what is raised are those of `train` and of
    `workloads.quantisation.training.tune`.
    """
    tf.config.experimental.enable_op_determinism()
    epochs, batch_size, patience, seed = (
        int(str(parameters[name])) for name in ("finetune_epochs", "batch_size", "patience", "seed")
    )
    tuning = Tuning(
        bits_of=layer_bits(parameters),
        input_bits=int(str(parameters["input_bits"])),
        sparsity=float(str(parameters["sparsity"])),
        learning_rate=float(str(parameters["finetune_learning_rate"])),
        loss=_loss(),
        settings=FitSettings(epochs, batch_size, patience, seed),
    )
    return tune_network(
        model,
        model_inputs(graphs, cast("Network", parameters["network"])),
        graphs.labels[..., None],
        tuning,
        progress,
        weights=graphs.edge_mask.astype(np.float32),
        checkpoint=checkpoint,
    )


def _loss() -> Any:
    return keras.losses.BinaryCrossentropy(reduction="mean_with_sample_weight")


def save_trained(model: keras.Model, formats: Mapping[str, Format], folder: Path) -> None:
    """Write weights and formats."""
    model.save_weights(folder / _WEIGHTS)
    (folder / _FORMATS).write_text(json.dumps(to_json(formats)))


def load_trained(parameters: Assignment, graphs: PaddedGraphs, folder: Path) -> keras.Model:
    """A trained network for graphs of this size; weights and formats belong to no size."""
    model = make_model(parameters, graphs)
    formats = from_json(json.loads((folder / _FORMATS).read_text()))
    if formats:
        model = quantised(model, formats)
    model.load_weights(folder / _WEIGHTS)
    return model
