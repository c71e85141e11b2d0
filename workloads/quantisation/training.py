"""Train a trained network on: with quantised values, with small weights set to zero, or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.workload import ProgressText
from workloads.fitting import FitSettings, fit
from workloads.quantisation.formats import Format
from workloads.quantisation.network import BitsOf, calibrate, quantised
from workloads.quantisation.pruning import pruned


@dataclass(frozen=True)
class Tuning:
    """What is done, and how long.

    Args:
        bits_of: bits by layer; None leaves the values in float.
        input_bits: of the network's inputs, with `bits_of`.
        sparsity: share of zero weights in each dense layer.
        learning_rate: Adam's.
        loss: Keras' name of a loss, or a loss.
        settings: how long.
    """

    bits_of: BitsOf | None
    input_bits: int
    sparsity: float
    learning_rate: float
    loss: Any
    settings: FitSettings


def tune(
    model: keras.Model,
    inputs: Sequence[NDArray[Any]],
    targets: NDArray[Any],
    tuning: Tuning,
    progress: ProgressText,
    *,
    weights: NDArray[Any] | None = None,
    checkpoint: Path | None = None,
) -> tuple[keras.Model, dict[str, Format]]:
    """The network trained on from its float weights, and the formats of its values.

    Formats are chosen once, on the float network, and stay. There are none where nothing is
    quantised. The other arguments are those of `workloads.fitting.fit`.

    Raises:
        EvaluationError: invalid_point, where binary weights should be zero; diverged.
    """
    formats: dict[str, Format] = {}
    if tuning.bits_of is not None:
        formats = calibrate(model, inputs, tuning.bits_of, tuning.input_bits)
        _check_zero_exists(formats, tuning.sparsity)
        model = quantised(model, formats)
    model.compile(optimizer=keras.optimizers.Adam(tuning.learning_rate), loss=tuning.loss)
    with pruned(model, tuning.sparsity):
        fit(
            model,
            inputs,
            targets,
            tuning.settings,
            progress,
            weights=weights,
            checkpoint=checkpoint,
        )
    return model, formats


def _check_zero_exists(formats: dict[str, Format], sparsity: float) -> None:
    binary = [name for name, kind in formats.items() if kind.signed and kind.bits == 1]
    if sparsity and binary:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"binary weights cannot be zero ({binary[0]}), and sparsity is {sparsity:g}",
            hint="weight_bits of 2 or more, or sparsity 0",
        )
