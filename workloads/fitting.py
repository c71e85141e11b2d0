"""Fit a compiled Keras model with checkpoints, so that a killed training resumes.

The order of samples in an epoch depends only on the seed and the number of the epoch, so that
an interrupted and resumed training ends at the same weights as an uninterrupted one. For the same
reason a training of 30 epochs may go on from one of 5: its weights are those it would have alone.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.workload import ProgressText

_VALIDATION_SHARE = 0.1
_MIN_IMPROVEMENT = 1e-4
"""Fall of the validation loss that ends a plateau; the default of Keras' ReduceLROnPlateau."""
_PLATEAU_FACTOR = 0.3
"""Factor on the learning rate at a plateau."""


@dataclass(frozen=True)
class FitSettings:
    """Length, batch size and sample order of a training.

    Args:
        epochs: largest number of epochs.
        batch_size: samples per step.
        patience: epochs without a better validation loss before training ends; after half
            as many the learning rate is multiplied by 0.3.
        seed: seed of the order of samples.
    """

    epochs: int
    batch_size: int
    patience: int
    seed: int


@dataclass(frozen=True)
class Checkpoint:
    """Where the state of a training is kept.

    Args:
        file: of the state between epochs, removed at the end.
        ends: folder of the last states of trainings that differ in their epochs alone, by number
            of epochs; None where none are kept.
    """

    file: Path
    ends: Path | None = None

    def states(self, epochs: int) -> Iterator[Path]:
        """Yield files to go on from, the best first; they need not exist.

        Args:
            epochs: most that the training has.
        """
        yield self.file
        found = self.ends.glob("*.npz") if self.ends else ()
        ends = {int(file.stem): file for file in found if file.stem.isdecimal()}
        yield from (ends[n] for n in sorted(ends, reverse=True) if n <= epochs)


@dataclass
class _State:
    """Progress of a training after its last complete epoch.

    Args:
        epoch: number of complete epochs.
        best_loss: lowest validation loss so far.
        plateau_loss: validation loss at the last improvement by `_MIN_IMPROVEMENT`.
        since_best: epochs since `best_loss`.
        since_slower: epochs since `plateau_loss`, or since the learning rate was last lowered.
        best: weights at `best_loss`.
    """

    epoch: int = 0
    best_loss: float = float("inf")
    plateau_loss: float = float("inf")
    since_best: int = 0
    since_slower: int = 0
    best: list[NDArray[Any]] = field(default_factory=list, repr=False)


def fit(
    model: keras.Model,
    inputs: Sequence[NDArray[Any]],
    targets: NDArray[Any],
    settings: FitSettings,
    progress: ProgressText,
    *,
    weights: NDArray[np.floating] | None = None,
    checkpoint: Checkpoint | None = None,
) -> None:
    """Train until the validation loss stops falling, and set the best weights.

    Args:
        model: compiled model; it is changed in place.
        inputs: one array per network input, first axis samples; the first tenth of the samples
            is the validation set.
        targets: one row per sample.
        settings: length, batch size and seed.
        progress: called with a text after every epoch.
        weights: weight of each sample, or of each output of a sample; all 1 by default.
        checkpoint: of this training and of shorter ones, from which it goes on.

    Raises:
        EvaluationError: kind diverged, if the loss or a weight is not finite.
    """
    held = max(1, int(len(targets) * _VALIDATION_SHARE))
    masks = np.ones(len(targets), dtype=np.float32) if weights is None else weights
    validation = _as_inputs([a[:held] for a in inputs]), targets[:held], masks[:held]
    training = [a[held:] for a in inputs], targets[held:], masks[held:]
    # TensorFlow would trace the step once with its variables being made, and once without
    model.optimizer.build(model.trainable_variables)
    state = _resume(model, checkpoint, settings.epochs)
    while state.epoch < settings.epochs and state.since_best < settings.patience:
        losses = _epoch(model, training, validation, settings, state.epoch)
        _update(model, losses["val_loss"], state, settings)
        progress(
            f"training: epoch {state.epoch} of {settings.epochs}, loss {losses['loss']:.4f}, "
            f"validation {losses['val_loss']:.4f}"
        )
        if checkpoint is not None:
            _save(model, state, checkpoint.file)
    if checkpoint is not None:
        if checkpoint.ends is not None:
            _save(model, state, checkpoint.ends / f"{state.epoch}.npz")
        checkpoint.file.unlink(missing_ok=True)
    model.set_weights(state.best)


def _epoch(
    model: keras.Model, training: Any, validation: Any, settings: FitSettings, epoch: int
) -> Mapping[str, float]:
    """Train for one epoch in an order drawn from seed and epoch; return loss and val_loss."""
    inputs, targets, masks = training
    # Keras' own shuffling continues one random stream over all epochs, which a resumed training
    # cannot restore; an order per epoch needs no stored generator.
    order = np.random.default_rng([settings.seed, epoch]).permutation(len(targets))
    history = model.fit(
        _as_inputs([a[order] for a in inputs]),
        targets[order],
        sample_weight=masks[order],
        validation_data=validation,
        batch_size=settings.batch_size,
        shuffle=False,
        verbose=0,
    )
    losses = {name: float(values[-1]) for name, values in history.history.items()}
    finite = np.isfinite(list(losses.values())).all()
    if not (finite and all(np.isfinite(w).all() for w in model.get_weights())):
        raise EvaluationError(FailureKind.DIVERGED, "training diverged", hint="lower learning_rate")
    return losses


def _as_inputs(inputs: list[NDArray[Any]]) -> Any:
    """Return the inputs as `Model.fit` takes them: a single input must not be in a list."""
    return inputs if len(inputs) > 1 else inputs[0]


def _update(model: keras.Model, loss: float, state: _State, settings: FitSettings) -> None:
    """Store the best weights; lower the learning rate on a plateau.

    Args:
        model: after an epoch.
        loss: validation loss of that epoch.
        state: is updated in place.
        settings: its patience.
    """
    state.epoch += 1
    state.since_best += 1
    state.since_slower += 1
    if loss < state.best_loss:
        state.best_loss, state.since_best = loss, 0
        state.best = model.get_weights()
    if loss < state.plateau_loss - _MIN_IMPROVEMENT:
        state.plateau_loss, state.since_slower = loss, 0
    if state.since_slower >= max(settings.patience // 2, 1):
        model.optimizer.learning_rate = float(model.optimizer.learning_rate) * _PLATEAU_FACTOR
        state.since_slower = 0


_DIGEST_BYTES = sha256().digest_size
"""A checkpoint begins with the SHA-256 of the rest, an npz file."""


def _save(model: keras.Model, state: _State, file: Path) -> None:
    """Write the state atomically: to a scratch file, which then replaces the file."""
    numbers = {name: value for name, value in asdict(state).items() if name != "best"}
    groups = {"now": model.get_weights(), "best": state.best, "optimizer": _optimizer(model)}
    arrays = {f"{group}_{i}": a for group, found in groups.items() for i, a in enumerate(found)}
    file.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    np.savez(content, state=np.array(json.dumps(numbers)), allow_pickle=False, **arrays)
    scratch = file.with_suffix(f".{os.getpid()}.npz")
    scratch.write_bytes(sha256(content.getbuffer()).digest() + content.getbuffer())
    scratch.replace(file)


def _optimizer(model: keras.Model) -> list[NDArray[Any]]:
    return [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]


def _resume(model: keras.Model, checkpoint: Checkpoint | None, epochs: int) -> _State:
    """Return the latest stored state and restore the model.

    Without any, or where all are damaged, it is a new state.
    """
    content = next(_contents(checkpoint, epochs), b"") if checkpoint else b""
    if not content:
        return _State(best=model.get_weights())
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        groups = {g: _group(stored, g) for g in ("now", "best", "optimizer")}
        state = _State(**json.loads(str(stored["state"])), best=groups["best"])
    model.set_weights(groups["now"])
    for variable, value in zip(model.optimizer.variables, groups["optimizer"], strict=True):
        variable.assign(value)
    return state


def _contents(checkpoint: Checkpoint, epochs: int) -> Iterator[bytes]:
    """Yield the npz files of states that are there and not damaged."""
    for file in filter(Path.exists, checkpoint.states(epochs)):
        content = file.read_bytes()
        if sha256(content[_DIGEST_BYTES:]).digest() == content[:_DIGEST_BYTES]:
            yield content[_DIGEST_BYTES:]


def _group(stored: Any, name: str) -> list[NDArray[Any]]:
    count = sum(key.startswith(f"{name}_") for key in stored.files)
    return [stored[f"{name}_{i}"] for i in range(count)]
