"""Fit a compiled Keras model, resumable between epochs: a killed training goes on where it was.

What is drawn in an epoch depends on the seed and the epoch alone, so that a training that
was cut and resumed ends at the same weights as one that was not.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.workload import ProgressText

_VALIDATION_SHARE = 0.1
_LEAST_GAIN = 1e-4
_SLOWER = 0.3


@dataclass(frozen=True)
class FitSettings:
    """How long.

    Args:
        epochs: at most this many.
        batch_size: samples per step.
        patience: epochs without a better validation loss before training ends; after half
            as many the learning rate falls to 0.3 of what it was.
        seed: of the order of samples.
    """

    epochs: int
    batch_size: int
    patience: int
    seed: int


@dataclass
class _State:
    """Where a training is."""

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
    checkpoint: Path | None = None,
) -> None:
    """Train until the validation loss no longer falls; the model ends with its best weights.

    Args:
        model: compiled.
        inputs: one array per input, first axis samples; the first tenth validates.
        targets: first axis samples.
        settings: how long.
        progress: told once an epoch.
        weights: of samples, or of parts of samples.
        checkpoint: file to keep the state in between epochs; removed at the end.

    Raises:
        EvaluationError: diverged, where weights or loss are not finite.
    """
    held = max(1, int(len(targets) * _VALIDATION_SHARE))
    masks = np.ones(len(targets), dtype=np.float32) if weights is None else weights
    validation = _given([a[:held] for a in inputs]), targets[:held], masks[:held]
    training = [a[held:] for a in inputs], targets[held:], masks[held:]
    state = _resume(model, checkpoint)
    while state.epoch < settings.epochs and state.since_best < settings.patience:
        losses = _epoch(model, training, validation, settings, state.epoch)
        _learn_from(model, losses["val_loss"], state, settings)
        progress(
            f"training: epoch {state.epoch} of {settings.epochs}, loss {losses['loss']:.4f}, "
            f"validation {losses['val_loss']:.4f}"
        )
        if checkpoint is not None:
            _save(model, state, checkpoint)
    model.set_weights(state.best)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)


def _epoch(
    model: keras.Model, training: Any, validation: Any, settings: FitSettings, epoch: int
) -> Mapping[str, float]:
    """One pass over all samples in an order of its own; loss and validation loss."""
    inputs, targets, masks = training
    order = np.random.default_rng([settings.seed, epoch]).permutation(len(targets))
    history = model.fit(
        _given([a[order] for a in inputs]),
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


def _given(inputs: list[NDArray[Any]]) -> Any:
    """A single input as Keras wants it: not in a list."""
    return inputs if len(inputs) > 1 else inputs[0]


def _learn_from(model: keras.Model, loss: float, state: _State, settings: FitSettings) -> None:
    """Keep the best weights; slow down where nothing gets better."""
    state.epoch += 1
    state.since_best += 1
    state.since_slower += 1
    if loss < state.best_loss:
        state.best_loss, state.since_best = loss, 0
        state.best = model.get_weights()
    if loss < state.plateau_loss - _LEAST_GAIN:
        state.plateau_loss, state.since_slower = loss, 0
    if state.since_slower >= max(settings.patience // 2, 1):
        model.optimizer.learning_rate = float(model.optimizer.learning_rate) * _SLOWER
        state.since_slower = 0


def _save(model: keras.Model, state: _State, checkpoint: Path) -> None:
    """Write whole or not at all."""
    numbers = {name: value for name, value in asdict(state).items() if name != "best"}
    groups = {"now": model.get_weights(), "best": state.best, "optimizer": _optimizer(model)}
    arrays = {f"{group}_{i}": a for group, found in groups.items() for i, a in enumerate(found)}
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    scratch = checkpoint.with_suffix(f".{os.getpid()}.npz")
    np.savez(scratch, state=np.array(json.dumps(numbers)), allow_pickle=False, **arrays)
    scratch.replace(checkpoint)


def _optimizer(model: keras.Model) -> list[NDArray[Any]]:
    return [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]


def _resume(model: keras.Model, checkpoint: Path | None) -> _State:
    """The state that was saved, and the model as it was then; or the beginning."""
    if checkpoint is None or not checkpoint.exists():
        return _State(best=model.get_weights())
    with np.load(checkpoint, allow_pickle=False) as stored:
        groups = {g: _group(stored, g) for g in ("now", "best", "optimizer")}
        state = _State(**json.loads(str(stored["state"])), best=groups["best"])
    model.set_weights(groups["now"])
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, groups["optimizer"], strict=True):
        variable.assign(value)
    return state


def _group(stored: Any, name: str) -> list[NDArray[Any]]:
    count = sum(key.startswith(f"{name}_") for key in stored.files)
    return [stored[f"{name}_{i}"] for i in range(count)]
