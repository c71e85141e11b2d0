"""Fine-tune a trained network by quantisation-aware training, pruning, or both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from numpy.typing import NDArray

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.workload import ProgressText
from workloads.fitting import Checkpoint, FitSettings, fit
from workloads.quantisation.formats import Format
from workloads.quantisation.network import BitsOf, calibrate, quantised
from workloads.quantisation.pruning import pruned


@dataclass(frozen=True)
class Tuning:
    """Methods and settings of a fine-tuning.

    Args:
        bits_of: function from a layer's name to its bits; None keeps the values in float.
        input_bits: width of the network's inputs; used with `bits_of`.
        sparsity: share of zero weights in each dense, convolution and recurrent layer.
        learning_rate: learning rate of Adam.
        loss: Keras loss or its name; None where there are no epochs.
        settings: length, batch size and seed.
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
    checkpoint: Checkpoint | None = None,
) -> tuple[keras.Model, dict[str, Format]]:
    """Return the network after fine-tuning from its float weights, and its formats.

    Formats are chosen once, on the float network, and fixed in training; without quantisation
    there are none. The other arguments are those of `workloads.fitting.fit`.

    Raises:
        EvaluationError: kind invalid_point, if binary weights are to be pruned; kind diverged,
            if the loss or a weight is not finite.
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
    """Check that weights can be pruned: a binary format (-step, step) has no zero."""
    binary = [name for name, kind in formats.items() if kind.signed and kind.bits == 1]
    if sparsity and binary:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"binary weights cannot be zero ({binary[0]}), and sparsity is {sparsity:g}",
            hint="set weight_bits to 2 or more, or sparsity to 0",
        )
