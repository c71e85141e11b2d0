"""Train interaction networks in Keras: fixed seed, early stopping, padded edges without weight."""

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
from workloads.fitting import Checkpoint, FitSettings
from workloads.quantisation.formats import Format, from_json, to_json
from workloads.quantisation.network import quantised
from workloads.quantisation.settings import epochs_of, is_quantised
from workloads.quantisation.training import Tuning
from workloads.quantisation.training import tune as tune_network
from workloads.tracking.graphs import PaddedGraphs
from workloads.tracking.models import SIZES, Network, Sizes, build, edge_features
from workloads.tracking.tuning import layer_bits, n_passes

_VALIDATION_SHARE = 0.1
_WEIGHTS, _FORMATS = "trained.weights.h5", "formats.json"


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the float training.

    Args:
        epochs: largest number of epochs.
        batch_size: graphs per step.
        learning_rate: learning rate of Adam.
        patience: epochs without a better validation loss before training ends.
        activation_limit: magnitude above which sums of dense layers are penalised, so that
            they fit few integer bits without wrapping; None for no penalty.
        seed: seed of initial weights and shuffling.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    activation_limit: float | None
    seed: int


class _RangePenalty(keras.regularizers.Regularizer):  # type: ignore[misc]  # keras is untyped
    """Regulariser: mean square of the excess over ± limit, summed over features."""

    def __init__(self, limit: float) -> None:
        self._limit = limit

    def __call__(self, sums: Any) -> Any:
        excess = keras.ops.maximum(keras.ops.abs(sums) - self._limit, 0)
        return keras.ops.mean(keras.ops.square(excess)) * sums.shape[-1]


def _limit_activations(model: keras.Model, limit: float | None) -> None:
    """Set the penalty on large sums in all dense layers; None removes it.

    It replaces weight decay, which shrank activations to a tenth of the range of <12, 6> and so
    lost bits at the lower end (AUC 0.91 instead of 0.98).
    """
    penalty = None if limit is None else _RangePenalty(limit)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            layer.activity_regularizer = penalty


class _ProgressReport(keras.callbacks.Callback):  # type: ignore[misc]  # keras is untyped
    """Keras callback that reports loss and validation loss after every epoch."""

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
    """Return the inputs in the order of the model: nodes, edges, receivers, senders."""
    edges = graphs.edges
    if edge_features(network) == 1:  # networks without an encoder start from zero edge features
        edges = np.zeros((*edges.shape[:2], 1), dtype=np.float32)
    return [graphs.nodes, edges, graphs.receivers, graphs.senders]


def make_model(
    parameters: Assignment, graphs: PaddedGraphs, *, keep_dead_code: bool = False
) -> keras.Model:
    """Return an untrained network for these graphs, with the sizes in the parameters."""
    network = cast("Network", parameters["network"])
    return build(
        network,
        graphs.nodes.shape[1],
        graphs.edges.shape[1],
        passes=n_passes(parameters),
        sizes=_sizes(parameters, network),
        keep_dead_code=keep_dead_code,
    )


def _sizes(parameters: Assignment, network: Network) -> Sizes:
    """Return the layer widths: `sizes`, else `latent_size` for all, else the paper's."""
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
    """Return the trained network with its best weights by the loss on a held-out tenth.

    Raises:
        EvaluationError: kind diverged, if a weight is not finite.
    """
    keras.utils.set_random_seed(settings.seed)
    # Sums over edges (scatter) have no fixed order otherwise; equal settings must give equal
    # weights, because the fingerprint of a workload stands for its network.
    tf.config.experimental.enable_op_determinism()
    model = make_model(parameters, graphs)
    _limit_activations(model, settings.activation_limit)
    model.compile(optimizer=keras.optimizers.Adam(settings.learning_rate), loss=_loss())
    inputs = model_inputs(graphs, cast("Network", parameters["network"]))
    labels = graphs.labels[..., None]
    mask = graphs.edge_mask.astype(np.float32)  # as sample weights: padding does not count
    # TensorFlow would trace the step once with its variables being made, and once without
    model.optimizer.build(model.trainable_variables)
    # The first graphs, of the first events: sectors of one event are not split at random.
    held = max(1, int(len(labels) * _VALIDATION_SHARE))
    model.fit(
        [array[held:] for array in inputs],
        labels[held:],
        sample_weight=mask[held:],
        validation_data=([array[:held] for array in inputs], labels[:held], mask[:held]),
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        verbose=0,
        callbacks=[*_callbacks(settings), _ProgressReport(progress, settings.epochs)],
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
    checkpoint: Checkpoint | None = None,
) -> tuple[keras.Model, dict[str, Format]]:
    """Return a trained network after quantisation-aware training, pruning or both, and formats.

    Arguments and errors are those of `train` and of `workloads.quantisation.training.tune`.
    """
    tf.config.experimental.enable_op_determinism()
    batch_size, patience, seed = (
        int(str(parameters[name])) for name in ("batch_size", "patience", "seed")
    )
    tuning = Tuning(
        bits_of=layer_bits(parameters),
        input_bits=int(str(parameters["input_bits"])),
        sparsity=float(str(parameters["sparsity"])),
        learning_rate=float(str(parameters["finetune_learning_rate"])),
        loss=_loss(),
        settings=FitSettings(epochs_of(parameters), batch_size, patience, seed),
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
    # The default reduction divides by the number of all edges; this one by the sum of the weights,
    # so that the loss does not depend on how many edges are padding.
    return keras.losses.BinaryCrossentropy(reduction="mean_with_sample_weight")


def save_trained(model: keras.Model, formats: Mapping[str, Format], folder: Path) -> None:
    """Write weights and formats to a folder."""
    model.save_weights(folder / _WEIGHTS)
    (folder / _FORMATS).write_text(json.dumps(to_json(formats)))


def load_trained(parameters: Assignment, graphs: PaddedGraphs, folder: Path) -> keras.Model:
    """Return a trained network for graphs of this size.

    Weights and formats do not depend on the number of nodes and edges, so that a network may be
    trained on graphs of one size and scored on graphs of another.
    """
    model = make_model(parameters, graphs)
    formats = from_json(json.loads((folder / _FORMATS).read_text()))
    if formats:
        model = quantised(model, formats)
    model.load_weights(folder / _WEIGHTS)
    return model


def with_dead_code(model: keras.Model, parameters: Assignment, graphs: PaddedGraphs) -> keras.Model:
    """Return a trained network with a node update after the last edge update, which nothing reads.

    No training reaches what nothing reads: with one pass the node block has its initial weights.

    Raises:
        EvaluationError: kind invalid_point, for quantised layers, whose formats come from training.
    """
    if is_quantised(parameters):
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"keep_dead_code with training: {parameters['training']}, which reaches no dead code",
            hint="set keep_dead_code: false, or passes: 2, with which the node block is used",
        )
    if parameters["network"] != "interaction_network":
        return model
    keras.utils.set_random_seed(int(str(parameters["seed"])))
    made = make_model(parameters, graphs, keep_dead_code=True)
    for layer in model.layers:
        if layer.get_weights():
            made.get_layer(layer.name).set_weights(layer.get_weights())
    return made
